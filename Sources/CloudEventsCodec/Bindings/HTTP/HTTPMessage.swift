// SPDX-License-Identifier: Apache-2.0

/// What of an HTTP request or response matters to events: its headers and its body (H11).
public struct HTTPMessage: Sendable, Hashable {
    /// The headers in their order, names and values as on the wire. Those that are no part of an event are passed over.
    public var headers: [MessageHeader]

    /// The body; `nil` and an empty body are the same.
    public var body: SharedBytes?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - headers: the headers in their order.
    ///   - body: the body.
    public init(headers: [MessageHeader], body: SharedBytes? = nil) {
        self.headers = headers
        self.body = body
    }
}

extension HTTPMessage: CustomStringConvertible {
    /// Numbers only: headers and body may be confidential.
    public var description: String { "HTTP message, \(headers.count) headers, \(body?.count ?? 0) bytes" }
}
