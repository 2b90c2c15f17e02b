// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What a content type says of data that is held as bytes.
enum ContentClass {
    /// There is no content type.
    case unknown
    case json
    /// `text/*`, unless it is JSON.
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
        contentType.utf8.count > 5 && zip(contentType.utf8, "text/".utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    /// Bytes as what their content type says, where that is true; otherwise bytes. The one rule of
    /// ``EventOptions/readableData``.
    func readable(_ bytes: SharedBytes) -> EventData {
        switch self {
        case .unknown, .other: return .binary(bytes)
        case .json: return (try? EventData.json(bytes)) ?? .binary(bytes)
        case .text: return bytes.withUnsafeBytes(isValidUTF8) ? EventData(unchecked: .text, bytes) : .binary(bytes)
        }
    }
}
