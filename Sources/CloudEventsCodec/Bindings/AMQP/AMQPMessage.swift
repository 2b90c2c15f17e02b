// SPDX-License-Identifier: Apache-2.0

/// What of an AMQP 1.0 message matters to events: content type, application properties and body.
public struct AMQPMessage: Sendable, Hashable {
    /// The property `content-type`.
    public var contentType: String?

    /// The application properties. Those that are no part of an event are passed over.
    public var applicationProperties: [AMQPProperty]

    /// The body's data sections, joined; `nil` and an empty body are the same.
    public var body: SharedBytes?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - contentType: the property `content-type`.
    ///   - applicationProperties: the application properties.
    ///   - body: the body's data sections, joined.
    public init(contentType: String?, applicationProperties: [AMQPProperty], body: SharedBytes?) {
        self.contentType = contentType
        self.applicationProperties = applicationProperties
        self.body = body
    }
}

extension AMQPMessage: CustomStringConvertible {
    /// Numbers only: properties and body may be confidential.
    public var description: String {
        "AMQP message, \(applicationProperties.count) properties, \(body?.count ?? 0) bytes"
    }
}
