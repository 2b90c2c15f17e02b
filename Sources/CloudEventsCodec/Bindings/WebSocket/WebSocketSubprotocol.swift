// SPDX-License-Identifier: Apache-2.0

/// A subprotocol of the WebSocket binding (W2): the format of all events of a connection, and the frames they are in.
///
/// Both sides agree on one when the connection is opened. The client sends ``offer(_:)``, the server answers with
/// ``answer(to:supported:)``, and the client checks that with ``agreed(_:offered:)``.
public struct WebSocketSubprotocol: Sendable, Hashable {
    /// The name, as in the header `Sec-WebSocket-Protocol`; its case counts.
    public let name: String

    /// The content type of the format, by which it is looked up.
    public let contentType: String

    /// The frames that events are in (W3).
    public let opcode: WebSocketFrame.Opcode

    /// `cloudevents.json`: text frames. Every server and client supports it (W4).
    public static let json = WebSocketSubprotocol("cloudevents.json", "application/cloudevents+json", .text)

    /// `cloudevents.avro`: binary frames.
    public static let avro = WebSocketSubprotocol("cloudevents.avro", "application/cloudevents+avro", .binary)

    /// `cloudevents.proto`: binary frames.
    public static let protobuf = WebSocketSubprotocol("cloudevents.proto", "application/cloudevents+protobuf", .binary)

    /// All subprotocols of the specification.
    public static let all = [json, avro, protobuf]

    private init(_ name: String, _ contentType: String, _ opcode: WebSocketFrame.Opcode) {
        self.name = name
        self.contentType = contentType
        self.opcode = opcode
    }

    /// The subprotocol of a name; `nil` where it is none of the specification.
    public init?(name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    static let header = "sec-websocket-protocol"
}

// MARK: - Opening a connection

extension WebSocketSubprotocol {
    /// The header that a client sends to open a connection (W2).
    ///
    /// - Parameter subprotocols: what the client supports, what it likes best first.
    public static func offer(_ subprotocols: [WebSocketSubprotocol] = [.json]) -> MessageHeader {
        MessageHeader(header, subprotocols.map(\.name).joined(separator: ", "))
    }

    /// What a server answers to a client: of what both support, what the client likes best (W2).
    ///
    /// - Parameters:
    ///   - headers: the headers of the client's request; what it offers may be in one header or in several.
    ///   - supported: what the server supports, in any order.
    /// - Returns: the subprotocol, whose ``answerHeader`` the response has to carry; `nil` where there is none in
    ///   common: then the response must not have the header.
    public static func answer(
        to headers: [MessageHeader],
        supported: [WebSocketSubprotocol] = [.json]
    ) -> WebSocketSubprotocol? {
        for name in headers.values(of: header).flatMap({ HeaderText.list($0) }) {
            if let found = supported.first(where: { $0.name == name }) { return found }
        }
        return nil
    }

    /// The header of a server's response that says it chose this subprotocol.
    public var answerHeader: MessageHeader { MessageHeader(Self.header, name) }

    /// What a client and a server agreed on, from the server's response (W2).
    ///
    /// - Parameters:
    ///   - headers: the headers of the response.
    ///   - offered: what the client offered.
    /// - Returns: the subprotocol; `nil` where the server chose none: then no events can be sent, and the client closes
    ///   the connection.
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where the server answered with several
    ///   subprotocols, or with one that was not offered.
    public static func agreed(
        _ headers: [MessageHeader],
        offered: [WebSocketSubprotocol] = [.json]
    ) throws(CloudEventError) -> WebSocketSubprotocol? {
        let values = headers.values(of: header)
        guard let name = values.first else { return nil }
        guard values.count == 1, !name.utf8.contains(UInt8(ascii: ",")) else {
            throw invalidAnswer("the server answered with several subprotocols; it has to choose one")
        }
        guard let found = offered.first(where: { $0.name == name }) else {
            throw invalidAnswer("the server answered with a subprotocol that was not offered; close the connection")
        }
        return found
    }

    private static func invalidAnswer(_ reason: String) -> CloudEventError {
        CloudEventError(.invalidValue, reason, attribute: header, rule: "W2")
    }
}

extension WebSocketSubprotocol: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
