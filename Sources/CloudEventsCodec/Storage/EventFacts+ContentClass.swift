// SPDX-License-Identifier: Apache-2.0

extension EventFacts {
    /// What a content type says of the data beside it.
    enum ContentClass: UInt8 {
        /// There is no content type.
        case unknown
        case json
        /// `text/*` in UTF-8, unless it is JSON.
        case text
        case other
    }
}

extension EventFacts.ContentClass {
    /// The class of a content type, which may be no media type at all.
    init(_ contentType: UnsafeRawBufferPointer) {
        if let syntax = MediaTypeSyntax(contentType) {
            self.init(contentType, syntax, syntax.charset(contentType))
        } else {
            self = .other
        }
    }

    init(_ contentType: UnsafeRawBufferPointer, _ syntax: MediaTypeSyntax, _ charset: MediaTypeSyntax.Charset?) {
        if MediaType.isJSON(contentType, syntax) {
            self = .json
        } else {
            self = charset == .utf8 && MediaType.isText(contentType) ? .text : .other
        }
    }
}

extension EventData.Form {
    /// The form of data that came with a content type of a class, and that nobody has read yet.
    @inline(__always)
    init(received contentClass: EventFacts.ContentClass) {
        switch contentClass {
        case .unknown, .other: self = .binary
        case .json: self = .receivedAsJSON
        case .text: self = .receivedAsText
        }
    }
}
