// SPDX-License-Identifier: Apache-2.0

extension EventData {
    /// The payload of a message in binary mode, which is bytes and a content type.
    ///
    /// It is JSON where the content type means JSON (J5) and the bytes are one JSON value of at most 126 levels, text where the type is
    /// `text/*` without a charset other than UTF-8 and ASCII and the bytes are UTF-8, and otherwise bytes. Not one byte
    /// is changed: white space around JSON stays.
    /// The bytes are read only when ``kind`` is asked for.
    ///
    /// - Parameters:
    ///   - bytes: the payload; it is shared, not copied.
    ///   - contentType: the message's content type, if it has one; without one nothing is known of the bytes.
    public init(received bytes: SharedBytes, contentType: String?) {
        var contentType = contentType
        let contentClass = contentType?.withUTF8 { EventFacts.ContentClass(UnsafeRawBufferPointer($0)) }
        self.init(Form(received: contentClass ?? .unknown), bytes)
    }

    /// Whether bytes are one JSON value, with white space around it at most.
    static func isJSON(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int) -> Bool {
        var scanner = JSONScanner(bytes)
        scanner.skipWhitespace()
        guard (try? scanner.skipValue(depth: 0, maximumDepth: maximumDepth)) != nil else { return false }
        scanner.skipWhitespace()
        return scanner.offset == bytes.count
    }
}
