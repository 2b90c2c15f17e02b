// SPDX-License-Identifier: Apache-2.0

/// An event's payload: absent, a JSON value, text, or bytes (C12).
///
/// The payload is always bytes; its ``kind`` says what they are. They are checked when the payload is made, so that
/// every payload is what its kind says. Two payloads are equal when kind and bytes are; JSON is not compared by its
/// meaning.
public struct EventData: Sendable {
    /// What is known of the bytes of the payload.
    let form: Form

    /// The payload: JSON text, UTF-8 text, or the bytes themselves; empty where there is no payload.
    ///
    /// Decoders cut it out of ``SharedBytes`` without a copy. What is kept for long is copied out with ``detached()``.
    public let bytes: SharedBytes

    /// The kinds of payload: these four and no others.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// There is no payload. (An empty payload and a JSON null are payloads.)
        case absent
        /// The text of one JSON value, in UTF-8, with all digits of its numbers. There is white space around it only
        /// where it came so in a message of binary mode.
        case json
        /// Text in UTF-8.
        case text
        /// Bytes without a further meaning.
        case binary
    }

    /// What is known of a payload.
    enum Form: UInt8 {
        case absent, json, text, binary
        /// Bytes that came with a content type that means JSON, and that nobody has read yet.
        case receivedAsJSON
        /// Bytes that came with a content type of text, and that nobody has read yet.
        case receivedAsText
    }

    /// What the bytes of the payload are.
    ///
    /// Of a payload that was received in binary mode this is found out each time it is asked for, by reading the bytes:
    /// a message that is only passed on is never read. See ``init(received:contentType:)``.
    public var kind: Kind { kind(maximumDepth: Self.nestingDepth) }

    /// What the bytes of the payload are where JSON that nobody has read yet is nested no deeper than a limit.
    func kind(maximumDepth: Int) -> Kind {
        switch form {
        case .absent: .absent
        case .json: .json
        case .text: .text
        case .binary: .binary
        case .receivedAsJSON: bytes.withUnsafeBytes { Self.isJSON($0, maximumDepth: maximumDepth) } ? .json : .binary
        case .receivedAsText: bytes.withUnsafeBytes { isValidUTF8($0) } ? .text : .binary
        }
    }

    init(_ form: Form, _ bytes: SharedBytes) {
        self.form = form
        self.bytes = bytes
    }

    /// Wraps bytes that are known to be of that kind.
    package init(unchecked kind: Kind, _ bytes: SharedBytes) {
        self.init(Form(kind), bytes)
    }
}

extension EventData {
    /// How deep a JSON value may be nested: as deep as decoders take it by default.
    static let nestingDepth = CodecLimits().dataDepth

    /// No payload.
    public static let absent = EventData(unchecked: .absent, SharedBytes())

    /// A payload of bytes.
    public static func binary(_ bytes: SharedBytes) -> EventData { EventData(unchecked: .binary, bytes) }

    /// A payload of bytes, copied from a collection.
    public static func binary(_ bytes: some Collection<UInt8>) -> EventData { .binary(SharedBytes(bytes)) }

    /// A payload of text.
    public static func text(_ text: String) -> EventData { EventData(unchecked: .text, SharedBytes(utf8: text)) }

    /// A payload of text whose UTF-8 bytes are there already.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidData`` where they are not valid UTF-8.
    public static func text(utf8: SharedBytes) throws(CloudEventError) -> EventData {
        guard utf8.withUnsafeBytes({ isValidUTF8($0) }) else {
            throw CloudEventError(.invalidData, "the text is not valid UTF-8; pass it as binary", attribute: "data")
        }
        return EventData(unchecked: .text, utf8)
    }

    /// A payload that is a JSON value, from its text.
    ///
    /// The text is checked and kept as it is, every digit of every number included; only white space around it is left
    /// out.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/malformed`` where it is not one JSON value (RFC 8259),
    ///   or ``CloudEventError/Code/limitExceeded`` where it is nested deeper than 126 levels, which is as deep as every
    ///   format reads it by default.
    public static func json(_ text: SharedBytes) throws(CloudEventError) -> EventData {
        EventData(unchecked: .json, try checkedJSON(text, maximumDepth: nestingDepth))
    }

    /// A payload that is a JSON value, from its text.
    ///
    /// - Throws: as ``json(_:)-(SharedBytes)``.
    public static func json(_ text: String) throws(CloudEventError) -> EventData {
        try json(SharedBytes(utf8: text))
    }

    static func checkedJSON(_ text: SharedBytes, maximumDepth: Int) throws(CloudEventError) -> SharedBytes {
        let range = try text.withUnsafeBytes { bytes throws(CloudEventError) in
            var reader = JSONReader(bytes, maximumDepth: maximumDepth)
            let range = try reader.skipValue()
            _ = try reader.next()
            return range
        }
        return text.slice(range)
    }
}

extension EventData {
    /// Whether there is no payload.
    public var isAbsent: Bool { form == .absent }

    /// The payload as text: of text and JSON their own text, of bytes their text if they are valid UTF-8.
    public var text: String? {
        switch kind {
        case .absent: nil
        case .json, .text: String(decodingUTF8: bytes)
        case .binary: String(validatingUTF8: bytes)
        }
    }

    /// The same payload in a buffer of exactly its size, so that a larger one is not kept alive by it.
    public func detached() -> EventData { EventData(form, bytes.detached()) }
}

extension EventData.Form {
    init(_ kind: EventData.Kind) {
        switch kind {
        case .absent: self = .absent
        case .json: self = .json
        case .text: self = .text
        case .binary: self = .binary
        }
    }
}

extension EventData: Hashable {
    /// Whether kind and bytes are the same.
    public static func == (left: EventData, right: EventData) -> Bool {
        left.bytes == right.bytes && (left.form == right.form || left.kind == right.kind)
    }

    /// Hashes kind and bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(bytes)
    }
}

extension EventData: CustomStringConvertible {
    /// Kind and size only: the payload may be confidential.
    public var description: String { kind == .absent ? "absent" : "\(kind.rawValue), \(bytes.count) bytes" }
}
