// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A message as a JSON object.
struct MessageText {
    var contentType: String?
    /// What the list of pairs is called: `headers` or `properties`. Both are read.
    var list = "headers"
    var pairs: [(name: String, value: MessageValue)] = []
    var body: SharedBytes?

    /// The pairs for bindings whose headers are text.
    func texts() throws(CloudEventError) -> [MessageHeader] {
        if let pair = pairs.first(where: { $0.value.text == nil }) {
            throw CloudEventError(.malformed, "the value of \(pair.name) is null; it has to be a text, or left out")
        }
        return pairs.map { MessageHeader($0.name, $0.value.text ?? "") }
    }

    init(contentType: String? = nil, list: String, pairs: [(String, MessageValue)], body: SharedBytes?) {
        self.contentType = contentType
        self.list = list
        self.pairs = pairs.map { (name: $0.0, value: $0.1) }
        self.body = body
    }

    /// Reads the JSON text; members of other names are passed over.
    init(_ bytes: SharedBytes) throws(CloudEventError) {
        let buffer = bytes
        self = try buffer.withUnsafeBytes { raw throws(CloudEventError) in
            var reader = JSONReader(raw)
            return try MessageText(&reader)
        }
    }

    private init(_ reader: inout JSONReader) throws(CloudEventError) {
        guard try reader.next() == .beginObject else { throw Self.malformed("a message is a JSON object", reader) }
        while case .name(let name) = try reader.next() {
            switch reader.text(name) {
            case "contentType": contentType = try Self.text(&reader)
            case "headers", "properties": try readPairs(&reader)
            case "body": body = try Self.body(&reader)
            default: _ = try reader.skipValue()
            }
        }
        _ = try reader.next()
    }

    private mutating func readPairs(_ reader: inout JSONReader) throws(CloudEventError) {
        let message = "headers and properties are a JSON array of arrays [name, value]"
        guard try reader.next() == .beginArray else { throw Self.malformed(message, reader) }
        while case let token = try reader.next(), token != .endArray {
            guard token == .beginArray, case .string(let name) = try reader.next() else {
                throw Self.malformed(message, reader)
            }
            pairs.append((reader.text(name), try MessageValue(&reader)))
            guard try reader.next() == .endArray else { throw Self.malformed(message, reader) }
        }
    }

    private static func text(_ reader: inout JSONReader) throws(CloudEventError) -> String? {
        switch try reader.next() {
        case .null: return nil
        case .string(let string): return reader.text(string)
        default: throw malformed("the member is a JSON string or null", reader)
        }
    }

    private static func body(_ reader: inout JSONReader) throws(CloudEventError) -> SharedBytes? {
        guard var text = try text(&reader) else { return nil }
        guard let bytes = text.withUTF8({ Base64.decode(UnsafeRawBufferPointer($0)) }) else {
            throw malformed("the body is base64 or null", reader)
        }
        return bytes
    }

    static func malformed(_ message: String, _ reader: JSONReader) -> CloudEventError {
        CloudEventError(.malformed, message, offset: reader.offset)
    }
}

extension MessageText {
    /// Writes the object and a newline.
    func write(to writer: inout JSONWriter) {
        var object = JSONObject(&writer)
        if let contentType { object.member("contentType", contentType, &writer) }
        object.member(list, pairs, &writer) { pair, writer in
            writer.writeRaw("[")
            writer.writeString(pair.name)
            writer.writeRaw(",")
            pair.value.write(to: &writer)
            writer.writeRaw("]")
        }
        object.name("body", &writer)
        if let body { writer.writeString(Base64.encode(body)) } else { writer.writeRaw("null") }
        object.end(&writer)
        writer.writeRaw("\n")
    }
}
