// SPDX-License-Identifier: Apache-2.0

/// A text of an event, such as an attribute's value: where its UTF-8 bytes lie, and what is known of them.
///
/// Every value is kept in its canonical form (C14), whatever its type.
struct EventText {
    /// The first byte; `nil` where there is no such attribute.
    private(set) var start: UnsafeRawPointer?
    /// The number of bytes, above eight bits of ``Marks``.
    private var countAndMarks: UInt

    struct Marks: OptionSet {
        let rawValue: UInt8
        /// All characters are printable ASCII, none of them is `"` or `\`: in JSON it stands as it is.
        static let plain = Marks(rawValue: 1)
        /// The bytes lie where they will not stay, so that the event has to copy them.
        static let foreign = Marks(rawValue: 2)
        /// The bytes are the inside of a JSON string with escapes, which the event has to resolve.
        static let escaped = Marks(rawValue: 4)
        /// Any of those that make the event copy the bytes.
        static let copied = Marks(rawValue: 6)
        /// The three bits of a ``ValueType``.
        static let typeShift: UInt8 = 4
    }

    /// The type of an extension attribute's value.
    enum ValueType: UInt8 {
        case boolean, integer, string, binary, uri, uriReference, timestamp
        /// The value was a JSON null: the name is taken, but there is no such attribute (J3).
        case null
    }

    static var absent: EventText { EventText(start: nil, countAndMarks: 0) }

    private init(start: UnsafeRawPointer?, countAndMarks: UInt) {
        self.start = start
        self.countAndMarks = countAndMarks
    }

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, _ marks: Marks, type: ValueType = .string) {
        // A text without bytes is a text all the same: its place must not be `nil`.
        start = bytes.baseAddress ?? UnsafeRawPointer(StaticString("").utf8Start)
        countAndMarks = UInt(bytes.count) << 8 | UInt(marks.rawValue | type.rawValue << Marks.typeShift)
    }

    @inline(__always) var isPresent: Bool { start != nil }

    @inline(__always) var count: Int { Int(countAndMarks >> 8) }

    @inline(__always) var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    @inline(__always) var marks: Marks { Marks(rawValue: UInt8(truncatingIfNeeded: countAndMarks) & 0x0F) }

    /// Whether the event has to copy the bytes, as they are or without their escapes.
    @inline(__always) var isCopied: Bool { countAndMarks & UInt(Marks.copied.rawValue) != 0 }

    @inline(__always) var isPlain: Bool { countAndMarks & UInt(Marks.plain.rawValue) != 0 }

    @inline(__always) var type: ValueType {
        ValueType(rawValue: UInt8(truncatingIfNeeded: countAndMarks) >> Marks.typeShift) ?? .null
    }

    var string: String {
        // The usual content type costs no allocation.
        if equal(bytes, "application/json") { return "application/json" }
        // Of a raw buffer a string would be made byte by byte.
        return String(decoding: bytes.assumingMemoryBound(to: UInt8.self), as: UTF8.self)
    }

    /// The same text as one that the event has to copy.
    var asForeign: EventText {
        EventText(start: start, countAndMarks: isPresent ? countAndMarks | UInt(Marks.foreign.rawValue) : 0)
    }

    /// The text after its buffer was copied to a place `distance` bytes further.
    @inline(__always)
    func moved(by distance: Int) -> EventText {
        // No address is no text, wherever it is moved to. Without a branch, as some texts are there and some are not.
        let address = UInt(bitPattern: start)
        let moved = address &+ (address == 0 ? 0 : UInt(bitPattern: distance))
        return EventText(start: unsafeBitCast(moved, to: UnsafeRawPointer?.self), countAndMarks: countAndMarks)
    }
}

extension EventText.ValueType {
    init(_ type: AttributeType) {
        switch type {
        case .boolean: self = .boolean
        case .integer: self = .integer
        case .string: self = .string
        case .binary: self = .binary
        case .uri: self = .uri
        case .uriReference: self = .uriReference
        case .timestamp: self = .timestamp
        }
    }
}

extension AttributeValue {
    /// The value that a checked text stands for.
    init(_ text: EventText) {
        switch text.type {
        case .boolean: self = .boolean(equal(text.bytes, "true"))
        case .integer: self = .integer(Self.integer(text.bytes) ?? 0)
        case .string, .null: self = .string(text.string)
        case .binary: self = .binary(Base64.decode(text.bytes) ?? SharedBytes())
        case .uri: self = .uri(URI(unchecked: text.string))
        case .uriReference: self = .uriReference(URIReference(unchecked: text.string))
        case .timestamp: self = Timestamp(utf8: text.bytes).map { .timestamp($0) } ?? .string(text.string)
        }
    }
}
