// SPDX-License-Identifier: Apache-2.0

/// A text of an event, such as an attribute's value: where its UTF-8 bytes lie, and what is known of them.
///
/// Every value is kept in its canonical form (C14), whatever its type.
struct EventText {
    /// Where the first byte lies; without meaning where there is no such attribute.
    private let address: UInt
    /// The number of bytes, above eight bits of ``Marks``; 0 where there is no such attribute.
    private let countAndMarks: UInt

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
        /// There is such an attribute, be it without bytes.
        static let present = Marks(rawValue: 8)
        /// The three bits of a ``ValueType``.
        static let typeShift: UInt8 = 4
    }

    /// The type of an extension attribute's value.
    enum ValueType: UInt8 {
        case boolean, integer, string, binary, uri, uriReference, timestamp
        /// The value was a JSON null: the name is taken, but there is no such attribute (J3).
        case null
    }

    static var absent: EventText { EventText(address: 0, countAndMarks: 0) }

    private init(address: UInt, countAndMarks: UInt) {
        self.address = address
        self.countAndMarks = countAndMarks
    }

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, _ marks: Marks, type: ValueType = .string) {
        address = UInt(bitPattern: bytes.baseAddress)
        let all = marks.rawValue | Marks.present.rawValue | type.rawValue << Marks.typeShift
        countAndMarks = UInt(bytes.count) << 8 | UInt(all)
    }

    @inline(__always) var isPresent: Bool { countAndMarks != 0 }

    @inline(__always) var start: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: address) }

    @inline(__always) var count: Int { Int(countAndMarks >> 8) }

    @inline(__always) var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    @inline(__always) var marks: Marks { Marks(rawValue: UInt8(truncatingIfNeeded: countAndMarks) & 0x0F) }

    /// Whether the event has to copy the bytes, as they are or without their escapes.
    @inline(__always) var isCopied: Bool { countAndMarks & UInt(Marks.copied.rawValue) != 0 }

    @inline(__always) var isPlain: Bool { countAndMarks & UInt(Marks.plain.rawValue) != 0 }

    @inline(__always) var isNull: Bool {
        let type = UInt8(truncatingIfNeeded: countAndMarks) >> Marks.typeShift
        return type == ValueType.null.rawValue
    }

    @inline(__always) var type: ValueType {
        ValueType(rawValue: UInt8(truncatingIfNeeded: countAndMarks) >> Marks.typeShift) ?? .null
    }

    var string: String {
        // The usual content type costs no allocation.
        if equal(bytes, "application/json") { return "application/json" }
        // Of a raw buffer a string would be made byte by byte.
        let units = bytes.assumingMemoryBound(to: UInt8.self)
        if isPlain, #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
            // It is known to be ASCII, which need not be found out again.
            return String(copying: UTF8Span(unchecked: units.span, isKnownASCII: true))
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// The same text as one that the event has to copy.
    var asForeign: EventText {
        EventText(address: address, countAndMarks: isPresent ? countAndMarks | UInt(Marks.foreign.rawValue) : 0)
    }

    /// The text after its buffer was copied to a place `distance` bytes further.
    @inline(__always)
    func moved(by distance: Int) -> EventText {
        // Without a branch: some texts are there and some are not, and no one asks for the place of those.
        EventText(address: address &+ UInt(bitPattern: distance), countAndMarks: countAndMarks)
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
