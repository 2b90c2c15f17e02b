// SPDX-License-Identifier: Apache-2.0

@testable import CloudEventsCodec

extension FuzzTarget {
    @Sendable static func checkJSONReader(_ bytes: SharedBytes) throws {
        try bytes.withUnsafeBytes { buffer in
            var walker = JSONReader(buffer, maximumDepth: 70)
            var skipper = walker
            let skipped = decoded { () throws(CloudEventError) in
                let range = try skipper.skipValue()
                _ = try skipper.next()
                return range
            }
            let walked: Void? = decoded { () throws(CloudEventError) in try walk(&walker, in: bytes) }
            try require((skipped == nil) == (walked == nil), "a value is skipped where it can be read")
            guard let skipped else { return }
            let again = SharedBytes(bytes.slice(skipped))
            try require(try EventData.json(again).bytes == again, "a value's text is that value")
        }
    }

    private static func walk(_ reader: inout JSONReader, in bytes: SharedBytes) throws(CloudEventError) {
        while true {
            switch try reader.next() {
            case .end: return
            case .name(let string), .string(let string):
                let text = reader.text(string)
                let utf8 = reader.utf8(string, in: bytes)
                let isSame = String(validatingUTF8: utf8) == text
                guard isSame else { fatalError("a string's text and its bytes differ") }
            case .number(let number):
                guard !reader.rawBytes(number).isEmpty else { fatalError("a number has no digits") }
            default: break
            }
        }
    }

    /// Lines `name: value` are the attributes, the rest is text.
    @Sendable static func checkAttributeList(_ bytes: SharedBytes) throws {
        let message = FuzzMessage(bytes)
        var attributes: [CloudEvent.Attribute] = []
        for header in message.headers {
            guard let name = try? AttributeName(header.name) else { return }
            attributes.append(CloudEvent.Attribute(name: name, value: .string(header.value)))
        }
        let contentType = message.headers.first { $0.name == "datacontenttype" }?.value
        let data = EventData(received: message.body, contentType: contentType)
        guard
            let event = decoded({ () throws(CloudEventError) in try CloudEvent(attributes: attributes, data: data) })
        else { return }
        try check(event)
        for attribute in event.attributes {
            try require(
                try AttributeValue(canonical: attribute.value.canonicalString, as: attribute.value.type)
                    == attribute.value,
                "an attribute's canonical text is read as the same value"
            )
        }
    }

    /// Lines `name: value` are extensions.
    @Sendable static func checkExtensions(_ bytes: SharedBytes) throws {
        var byText = try CloudEvent(id: "1", source: "/s", type: "t")
        var byValue = byText
        let types: [AttributeName: AttributeType] = .documentedExtensions
        for header in FuzzMessage(bytes).headers {
            guard let name = try? AttributeName(header.name), !name.isCore else { continue }
            guard (try? byText.setExtension(name, to: .string(header.value))) != nil else { continue }
            let native = types[name].flatMap { try? AttributeValue(canonical: header.value, as: $0) }
            try byValue.setExtension(name, to: native ?? .string(header.value))
        }
        try require(byText.extensionErrors() == byValue.extensionErrors(), "text and native values mean the same")
        for type in CloudEvent.documentedExtensions { try check(type, in: byText) }
    }

    private static func check<Value: DocumentedExtension>(_ type: Value.Type, in event: CloudEvent) throws {
        guard let value = decoded({ () throws(CloudEventError) in try event.readExtension(type) }) ?? nil else {
            return
        }
        var copy = event
        try require((try? copy.setExtension(value)) != nil, "an extension that was read can be set")
        try require(try copy.readExtension(type) == value, "an extension that was set is read as the same")
    }

    /// The first line is a content type, the rest is the data.
    @Sendable static func checkReceivedData(_ bytes: SharedBytes) throws {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let contentType = String(decodingUTF8: bytes.slice(0..<end))
        let body = bytes.slice(min(end + 1, bytes.count)..<bytes.count)
        let data = EventData(received: body, contentType: contentType)
        try require(data.bytes == body, "no byte of the data is changed")
        try require(data.kind != .text || data.text != nil, "text data is UTF-8")
        let isJSON = (try? EventData.json(body)) != nil && MediaType.isJSON(contentType)
        try require((data.kind == .json) == isJSON, "JSON data is JSON by type and bytes")
        guard let event = try? CloudEvent(id: "1", source: "/s", type: "t", dataContentType: contentType, data: data)
        else { return }
        _ = decoded { () throws(CloudEventError) in try event.decodeData([String: Int].self) }
    }

    @Sendable static func checkTimestamp(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        guard let timestamp = decoded({ () throws(CloudEventError) in try Timestamp(text) }) else { return }
        try require(timestamp.description == text, "a timestamp keeps its text")
        try require(timestamp == timestamp && !(timestamp < timestamp), "a timestamp is equal to itself")
        guard !timestamp.isLeapSecond, timestamp.tail.isEmpty else { return }
        let utc = decoded { () throws(CloudEventError) in
            try Timestamp(secondsSince1970: timestamp.secondsSince1970, nanoseconds: timestamp.nanoseconds)
        }
        // A local time in the year 0 or 9999 may be out of range in UTC.
        if let utc { try require(utc == timestamp && utc.hashValue == timestamp.hashValue, "UTC is the same instant") }
    }

    @Sendable static func checkURI(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        let uri = decoded { () throws(CloudEventError) in try URI(text) }
        let reference = decoded { () throws(CloudEventError) in try URIReference(text) }
        try require(uri == nil || reference != nil, "a URI is a reference")
        try require(uri == nil || (uri?.string == text && !text.isEmpty), "a URI keeps its text")
        try require(reference == nil || text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a reference is ASCII")
    }

    @Sendable static func checkMediaType(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        _ = ContentMode(contentType: text)
        let isJSON = MediaType.isJSON(text)
        guard let mediaType = decoded({ () throws(CloudEventError) in try MediaType(text) }) else { return }
        try require(mediaType.isJSON == isJSON, "both ways to ask for JSON agree")
        try require(try MediaType(mediaType.essence) == mediaType, "the essence is the same media type")
        try require(
            (mediaType.type == "text") == MediaType.isText(mediaType.essence),
            "both ways to ask for text agree"
        )
    }

    @Sendable static func checkBase64(_ bytes: SharedBytes) throws {
        let text = Base64.encode(bytes)
        try require(SharedBytes(utf8: text).withUnsafeBytes { Base64.decode($0) } == bytes, "base64 comes back")
        guard let decoded = bytes.withUnsafeBytes({ Base64.decode($0) }) else { return }
        try require(SharedBytes(utf8: Base64.encode(decoded)) == bytes, "there is one text for some bytes")
    }

    @Sendable static func checkAttributeName(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        guard let name = decoded({ () throws(CloudEventError) in try AttributeName(text) }) else { return }
        try require(name.string == text && !text.isEmpty && text != "data", "a name keeps its text")
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        let isSet = (try? event.setExtension(name, to: true)) != nil
        try require(isSet != name.isCore, "every name but the specification's own is an extension's")
    }

    @Sendable static func checkAttributeValue(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        for type in AttributeType.allCases {
            let value = decoded { () throws(CloudEventError) in try AttributeValue(canonical: text, as: type) }
            guard let value else { continue }
            // The Integer -0 is 0.
            try require(value.canonicalString == text || text == "-0", "a value keeps its canonical text")
            try require(
                try value.type == type && AttributeValue(canonical: value.canonicalString, as: type) == value,
                "the canonical text is the same value of the same type"
            )
        }
    }
}
