// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

/// A request as a server of a test got it.
struct Request: Sendable {
    let method: String
    let path: String
    let headers: [MessageHeader]
    let body: SharedBytes
    /// How many requests were on their way when it came, this one included.
    let running: Int
    let status: Int
    /// Whether it was not answered.
    let isCut: Bool
    /// The port of the client, which tells connections apart.
    let peer: Int

    init(_ line: String) throws {
        guard case .object(let object) = try StructuredValue(json: SharedBytes(utf8: line)),
            case .string(let method) = object["method"], case .string(let path) = object["path"],
            case .array(let headers) = object["headers"], case .string(let body) = object["body"],
            case .integer(let running) = object["running"], case .integer(let status) = object["status"],
            case .integer(let peer) = object["peer"]
        else { throw CloudEventError(.malformed, line) }
        self.method = method
        self.path = path
        self.headers = headers.compactMap { pair in
            guard case .array(let pair) = pair, case .string(let name) = pair[0], case .string(let value) = pair[1]
            else { return nil }
            return MessageHeader(name, value)
        }
        let json = #"{"specversion":"1.0","id":"1","source":"x","type":"x","data_base64":"\#(body)"}"#
        self.body = try JSONEventFormat().decode(SharedBytes(utf8: json)).data.bytes
        self.running = Int(running)
        self.status = Int(status)
        isCut = object["action"] != .string("answer")
        self.peer = Int(peer)
    }

    subscript(name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    var message: HTTPMessage { HTTPMessage(headers: headers, body: body) }

    /// The events in it.
    var events: [CloudEvent] {
        get throws {
            if HTTPBinding().contentMode(of: message) == .batched { return try HTTPBinding().decodeBatch(message) }
            return [try HTTPBinding().decode(message)]
        }
    }

    /// The texts of its events.
    var texts: [String] {
        get throws { try events.map { $0.data.text ?? String(decodingUTF8: $0.data.bytes) } }
    }
}

extension [Request] {
    /// The texts of the events that were accepted, in their order.
    var accepted: [String] {
        get throws {
            try filter { (200..<300).contains($0.status) && $0.method != "OPTIONS" && !$0.isCut }.flatMap {
                try $0.texts
            }
        }
    }
}
