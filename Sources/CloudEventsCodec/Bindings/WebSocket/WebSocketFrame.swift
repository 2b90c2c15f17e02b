// SPDX-License-Identifier: Apache-2.0

/// One message of a WebSocket connection: its opcode and its payload, put together from its fragments.
public struct WebSocketFrame: Sendable, Hashable {
    /// The opcodes that carry data: these two and no others (RFC 6455).
    public enum Opcode: String, Sendable, Hashable, CaseIterable {
        /// Text in UTF-8.
        case text
        /// Bytes.
        case binary
    }

    /// What the payload is.
    public var opcode: Opcode

    /// The payload.
    public var payload: SharedBytes

    /// Makes a frame.
    ///
    /// - Parameters:
    ///   - opcode: what the payload is.
    ///   - payload: the payload.
    public init(_ opcode: Opcode, _ payload: SharedBytes) {
        self.opcode = opcode
        self.payload = payload
    }
}
