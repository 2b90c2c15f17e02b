// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What a content type says of data that is held as bytes.
package enum ContentClass {
    /// There is no content type.
    case unknown
    case json
    /// `text/*` in UTF-8, unless it is JSON.
    case text
    case other

    init(_ contentType: String?) {
        guard let contentType else {
            self = .unknown
            return
        }
        self = MediaType.isJSON(contentType) ? .json : Self.isText(contentType) ? .text : .other
    }

    private static func isText(_ contentType: String) -> Bool {
        guard MediaType.isText(contentType) else { return false }
        // Most have no parameters.
        return !contentType.utf8.contains(UInt8(ascii: ";")) || MediaType.isUTF8(contentType)
    }

    /// What bytes are by their content type, where that is true, and which of them; otherwise bytes. The one rule of
    /// ``EventOptions/readableData``.
    func kind(of bytes: UnsafeRawBufferPointer) -> (kind: EventData.Kind, range: Range<Int>) {
        switch self {
        case .unknown, .other:
            return (.binary, 0..<bytes.count)
        case .text:
            return (isValidUTF8(bytes) ? .text : .binary, 0..<bytes.count)
        case .json:
            var reader = JSONReader(bytes, maximumDepth: StructuredValue.maximumDepth)
            let range = try? reader.skipValue()
            guard let range, (try? reader.next()) != nil else { return (.binary, 0..<bytes.count) }
            return (.json, range)
        }
    }

    /// As ``kind(of:)``.
    func readable(_ bytes: SharedBytes) -> EventData {
        let (kind, range) = bytes.withUnsafeBytes { self.kind(of: $0) }
        return EventData(unchecked: kind, bytes.slice(range))
    }
}
