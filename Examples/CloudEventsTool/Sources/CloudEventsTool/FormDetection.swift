// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Finds out the form of an input by how it begins.
enum FormDetection {
    /// - Parameter bytes: the input, without a byte order mark.
    static func form(of bytes: SharedBytes) -> EventForm? {
        guard let first = bytes.first(where: { !isWhiteSpace($0) }) else { return binaryForm(of: bytes) }
        // What text begins with as white space is the mark of a field, or a count, in a binary format.
        if let mark = bytes.first, isWhiteSpace(mark), let binary = binaryForm(of: bytes) { return binary }
        let name: String? =
            switch first {
            case UInt8(ascii: "{"): message(bytes) ?? (isOneValue(bytes) ? "json" : "jsonl")
            case UInt8(ascii: "["): "json-batch"
            case UInt8(ascii: "<"): isBatch(xml: bytes) ? "xml-batch" : "xml"
            default: HTTPText.isLikely(bytes) ? "http" : nil
            }
        return name.map { EventForm.named($0) } ?? binaryForm(of: bytes)
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// Binary formats have no mark of their own: what can be read in one of them is.
    private static func binaryForm(of bytes: SharedBytes) -> EventForm? {
        let candidates = ["protobuf", "protobuf-batch", "avro"].compactMap { EventForm.named($0) }
        return candidates.first { form in
            let readings = form.read(bytes)
            return !readings.isEmpty && !readings.contains(where: \.isFailure)
        }
    }

    /// The form of a message that the first line is, by how the names of its headers or properties begin.
    private static func message(_ bytes: SharedBytes) -> String? {
        guard let line = EventForm.lines(of: bytes).first, let message = try? MessageText(bytes.slice(line)) else {
            return nil
        }
        let names = message.pairs.map { $0.name.lowercased() }
        if names.contains(where: { $0.hasPrefix("cloudevents") }) { return "message:amqp" }
        if names.contains(where: { $0.hasPrefix("ce_") }) { return "message:kafka" }
        if names.contains(where: { $0.hasPrefix("ce-") }) { return "message:nats" }
        if names.contains("specversion") { return "message:mqtt" }
        guard !names.isEmpty || message.contentType != nil else { return nil }
        // In structured mode the bindings differ in where the content type is.
        return message.contentType == nil ? "message:kafka" : "message:mqtt"
    }

    /// Whether the input is one JSON value. One that is not JSON at all is one, unless its first line is.
    private static func isOneValue(_ bytes: SharedBytes) -> Bool {
        let isWhole = bytes.withUnsafeBytes { buffer in
            var reader = JSONReader(buffer)
            return (try? reader.skipValue()) != nil && (try? reader.next()) != nil
        }
        if isWhole { return true }
        let lines = EventForm.lines(of: bytes)
        return lines.count < 2
            || !lines.contains { range in
                bytes.slice(range).withUnsafeBytes { buffer in
                    var reader = JSONReader(buffer)
                    return (try? reader.next()) == .beginObject && (try? JSONReader.isValue(buffer)) == true
                }
            }
    }

    /// Whether the root element's name, without its prefix, is `batch`.
    private static func isBatch(xml bytes: SharedBytes) -> Bool {
        let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
        for tag in text.split(separator: "<").dropFirst(text.first == "<" ? 0 : 1) {
            guard let first = tag.first, first != "?", first != "!" else { continue }
            let name = tag.prefix { $0 != ">" && $0 != "/" && !$0.isWhitespace }
            return name.split(separator: ":").last == "batch"
        }
        return false
    }
}

extension EventForm {
    /// Whether the beginning of an input says little about it: a colon, or a name that several bindings use.
    var isGuesswork: Bool { name == "http" || name.hasPrefix("message:") }
}

extension JSONReader {
    /// Whether the bytes are one JSON value.
    fileprivate static func isValue(_ bytes: UnsafeRawBufferPointer) throws(CloudEventError) -> Bool {
        var reader = JSONReader(bytes)
        _ = try reader.skipValue()
        return try reader.next() == .end
    }
}
