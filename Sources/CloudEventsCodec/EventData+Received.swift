// SPDX-License-Identifier: Apache-2.0

extension EventData {
    /// The payload of a message in binary mode, which is bytes and a content type.
    ///
    /// It is JSON where the content type means JSON (J5) and the bytes are one JSON value, text where the type is
    /// `text/*` and the bytes are UTF-8, and otherwise bytes. Not one byte is changed: white space around JSON stays.
    ///
    /// - Parameters:
    ///   - bytes: the payload; it is shared, not copied.
    ///   - contentType: the message's content type, if it has one; without one nothing is known of the bytes.
    public init(received bytes: SharedBytes, contentType: String?) {
        guard var contentType else {
            self = .binary(bytes)
            return
        }
        self = contentType.withUTF8 { EventData(received: bytes, contentType: UnsafeRawBufferPointer($0)) }
    }

    /// As with a content type that is a string.
    init(received bytes: SharedBytes, contentType: UnsafeRawBufferPointer?) {
        let kind = contentType.map { contentType in bytes.withUnsafeBytes { Self.kind(of: $0, contentType) } }
        self.init(unchecked: kind ?? .binary, bytes)
    }

    private static func kind(of bytes: UnsafeRawBufferPointer, _ contentType: UnsafeRawBufferPointer) -> Kind {
        if MediaType.isJSON(contentType) {
            var scanner = JSONScanner(bytes)
            scanner.skipWhitespace()
            guard (try? scanner.skipValue(depth: 0, maximumDepth: nestingDepth)) != nil else { return .binary }
            scanner.skipWhitespace()
            return scanner.offset == bytes.count ? .json : .binary
        }
        return MediaType.isText(contentType) && isValidUTF8(bytes) ? .text : .binary
    }
}
