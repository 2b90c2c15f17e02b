// SPDX-License-Identifier: Apache-2.0

/// The outer form of an envelope that signs an event (E15).
enum DSSEEnvelope {
    private static let payloadType = "https://cloudevents.io/verifiability/dsse/v0.1"

    /// Whether the bytes are a JSON object with the payload type, a digest of 32 bytes, and signatures.
    static func isValid(_ bytes: SharedBytes) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var reader = JSONReader(buffer, maximumDepth: 16)
            return (try? isValid(&reader)) ?? false
        }
    }

    private static func isValid(_ reader: inout JSONReader) throws(CloudEventError) -> Bool {
        guard try reader.next() == .beginObject else { return false }
        var seen: Set<String> = []
        while case .name(let nameText) = try reader.next() {
            let name = reader.text(nameText)
            switch name {
            case "payloadType":
                guard try string(&reader) == payloadType else { return false }
            case "payload":
                guard let text = try string(&reader), digestLength(text) == 32 else { return false }
            case "signatures":
                guard try hasSignatures(&reader) else { return false }
            default:
                _ = try reader.skipValue()
                continue
            }
            guard seen.insert(name).inserted else { return false }
        }
        guard seen.count == 3 else { return false }
        return try reader.next() == .end
    }

    private static func hasSignatures(_ reader: inout JSONReader) throws(CloudEventError) -> Bool {
        guard try reader.next() == .beginArray else { return false }
        var count = 0
        while true {
            let token = try reader.next()
            if token == .endArray { return count > 0 }
            guard token == .beginObject else { return false }
            var hasSignature = false
            while case .name(let name) = try reader.next() {
                let isSignature = reader.text(name) == "sig"
                let value = try reader.skipValue()
                if isSignature, reader.bytes[value.lowerBound] == UInt8(ascii: "\"") { hasSignature = true }
            }
            guard hasSignature else { return false }
            count += 1
        }
    }

    private static func string(_ reader: inout JSONReader) throws(CloudEventError) -> String? {
        guard case .string(let string) = try reader.next() else { return nil }
        return reader.text(string)
    }

    private static func digestLength(_ text: String) -> Int? {
        // DSSE allows the alphabet for URLs too.
        var standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        return standard.withUTF8 { Base64.decode(UnsafeRawBufferPointer($0))?.count }
    }
}
