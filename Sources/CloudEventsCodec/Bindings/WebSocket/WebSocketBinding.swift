// SPDX-License-Identifier: Apache-2.0

/// The WebSocket binding (W1 to W4): events from and to the frames of a connection whose subprotocol is agreed on.
///
/// It is a value without state and opens no connection. All events are in structured mode, each in a frame of its own;
/// there are no batches (W1), and the format does not change while the connection lasts (W4).
public struct WebSocketBinding: Sendable, MessageBinding {
    /// What both sides agreed on.
    public let subprotocol: WebSocketSubprotocol

    /// The formats among which the subprotocol's is looked up.
    public var formats: EventFormats

    /// How much is read before a frame is refused. The formats have limits of their own besides.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand and that the format does not tell.
    public var extensionTypes: [AttributeName: AttributeType]

    /// Makes a binding.
    ///
    /// - Parameters:
    ///   - subprotocol: what both sides agreed on.
    ///   - formats: the formats among which the subprotocol's is looked up; all of this library where none are given.
    ///   - limits: how much is read before a frame is refused.
    ///   - extensionTypes: the types of extension attributes that are known beforehand.
    public init(
        _ subprotocol: WebSocketSubprotocol,
        formats: EventFormats? = nil,
        limits: CodecLimits = CodecLimits(),
        extensionTypes: [AttributeName: AttributeType] = [:]
    ) {
        self.subprotocol = subprotocol
        self.formats = formats ?? .all(limits: limits)
        self.limits = limits
        self.extensionTypes = extensionTypes
    }

    /// Reads the event of a frame, whose buffer the event shares.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidData`` for a text frame where the subprotocol
    ///   has binary ones or the other way round (W3), and with ``CloudEventError/Code/unsupportedFormat`` where the
    ///   subprotocol's format is not among ``formats``.
    public func decode(_ frame: WebSocketFrame) throws(CloudEventError) -> CloudEvent {
        guard frame.opcode == subprotocol.opcode else {
            throw CloudEventError(
                .invalidData,
                "the subprotocol \(subprotocol.name) has \(subprotocol.opcode.rawValue) frames, "
                    + "and this is a \(frame.opcode.rawValue) frame",
                rule: "W3"
            )
        }
        return try structuredEvent(frame.payload, contentType: subprotocol.contentType, rule: "W2")
    }

    /// Writes an event as a frame.
    ///
    /// - Throws: ``CloudEventError`` where the format cannot write the event, and with
    ///   ``CloudEventError/Code/unsupportedFormat`` where it is not among ``formats``.
    public func encode(_ event: CloudEvent) throws(CloudEventError) -> WebSocketFrame {
        guard let format = formats.format(forContentType: subprotocol.contentType) else {
            throw CloudEventError(
                .unsupportedFormat,
                "the format of the subprotocol \(subprotocol.name) is not among the formats; add it",
                rule: "W2"
            )
        }
        return WebSocketFrame(subprotocol.opcode, try format.encode(event))
    }
}
