// SPDX-License-Identifier: Apache-2.0

/// What of a NATS message matters to events: its headers and its payload.
public struct NATSMessage: Sendable, Hashable {
    /// The headers in their order; none where the server is older than 2.2. Those that are no part of an event are
    /// passed over.
    public var headers: [MessageHeader]

    /// The payload; `nil` and an empty payload are the same.
    public var payload: SharedBytes?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - headers: the headers in their order.
    ///   - payload: the payload.
    public init(headers: [MessageHeader] = [], payload: SharedBytes?) {
        self.headers = headers
        self.payload = payload
    }
}

extension NATSMessage: CustomStringConvertible {
    /// Numbers only: headers and payload may be confidential.
    public var description: String { "NATS message, \(headers.count) headers, \(payload?.count ?? 0) bytes" }
}
