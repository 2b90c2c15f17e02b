// SPDX-License-Identifier: Apache-2.0

/// Version 0.3 of the specification, which is read and turned into 1.0 (SDK7). It is never written.
///
/// - `specversion` becomes `1.0`.
/// - `schemaurl` becomes `dataschema` where it is what 1.0 allows there, an absolute URI. A relative one, or one with a
///   fragment, would make an invalid event, and dropping it would lose it: it stays, as the extension `schemaurl`. So it
///   does beside an attribute that is named `dataschema` already.
/// - `datacontentencoding` goes: data that it calls base64 becomes the bytes themselves.
/// - All other attributes mean the same.
enum SpecVersion03 {
    /// The value of `specversion`.
    static let version = "0.3"

    private static let schemaURL = AttributeName(unchecked: "schemaurl")
    private static let dataContentEncoding = AttributeName(unchecked: "datacontentencoding")

    /// Turns an event of version 0.3 into one of 1.0.
    ///
    /// - Parameters:
    ///   - attributes: all attributes, in any order, `specversion` being `0.3`.
    ///   - data: the data as the format has it: a JSON value, text, or the body of a message.
    /// - Returns: the attributes of version 1.0 in the same order, not checked further, and the data.
    /// - Throws: ``CloudEventError`` where `schemaurl` is no URI-reference, `datacontentencoding` is not `base64`, or the
    ///   data is not in it.
    static func upgrade(
        _ attributes: [CloudEvent.Attribute],
        _ data: EventData
    ) throws(CloudEventError) -> (attributes: [CloudEvent.Attribute], data: EventData) {
        var upgraded: [CloudEvent.Attribute] = []
        upgraded.reserveCapacity(attributes.count)
        var data = data
        var isEncoded = false
        let hasSchema = attributes.contains { $0.name == .dataSchema }
        for attribute in attributes {
            switch attribute.name {
            case .specVersion:
                let isVersion03 = attribute.value == .string(version)
                upgraded.append(.init(name: .specVersion, value: isVersion03 ? "1.0" : attribute.value))
            case schemaURL:
                upgraded.append(try schema(attribute, mayMove: !hasSchema))
            case dataContentEncoding:
                try checkEncoding(attribute.value)
                guard !isEncoded else { throw duplicateEncoding }
                isEncoded = true
                data = try decodeBase64(data)
            default:
                upgraded.append(attribute)
            }
        }
        return (upgraded, data)
    }

    private static func schema(
        _ attribute: CloudEvent.Attribute,
        mayMove: Bool
    ) throws(CloudEventError) -> CloudEvent.Attribute {
        switch attribute.value {
        case .string, .uri, .uriReference: break
        default: throw invalid(schemaURL, "the attribute is a URI-reference")
        }
        let text = attribute.value.canonicalString
        if mayMove, let uri = try? URI(text) { return .init(name: .dataSchema, value: .uri(uri)) }
        do throws(CloudEventError) { _ = try URIReference(text) } catch { throw error.naming(schemaURL.string) }
        // In the type that it came in: a format without types would not give back another one.
        return attribute
    }

    private static func checkEncoding(_ value: AttributeValue) throws(CloudEventError) {
        guard case .string(let text) = value, text.lowercased() == "base64" else {
            throw invalid(dataContentEncoding, "the only encoding of data is base64; leave the attribute out otherwise")
        }
    }

    private static func invalid(_ name: AttributeName, _ message: String) -> CloudEventError {
        CloudEventError(.invalidValue, message, attribute: name.string, rule: "SDK7")
    }

    private static var duplicateEncoding: CloudEventError {
        CloudEventError(
            .duplicate,
            "the attribute is there twice",
            attribute: dataContentEncoding.string,
            rule: "C3"
        )
    }
}

// MARK: - Data

extension SpecVersion03 {
    private static func decodeBase64(_ data: EventData) throws(CloudEventError) -> EventData {
        let text: SharedBytes
        switch data.kind {
        case .absent: return data
        case .text, .binary: text = data.bytes
        case .json:
            guard let string = jsonString(data.bytes) else { throw notBase64 }
            text = string
        }
        if let bytes = text.withUnsafeBytes({ Base64.decode($0) }) { return .binary(bytes) }
        // The encoding is that of mail (RFC 2045), which may have line breaks.
        let joined = SharedBytes(text.filter { ![0x20, 0x09, 0x0D, 0x0A].contains($0) })
        guard let bytes = joined.withUnsafeBytes({ Base64.decode($0) }) else { throw notBase64 }
        return .binary(bytes)
    }

    private static func jsonString(_ json: SharedBytes) -> SharedBytes? {
        json.withUnsafeBytes { buffer in
            var reader = JSONReader(buffer, maximumDepth: 1)
            guard case .string(let string)? = try? reader.next() else { return nil }
            return reader.utf8(string, in: json)
        }
    }

    private static var notBase64: CloudEventError {
        CloudEventError(
            .invalidData,
            "datacontentencoding says base64, but the data is not a text of base64",
            attribute: "data",
            rule: "SDK7"
        )
    }
}
