// SPDX-License-Identifier: Apache-2.0

/// The name of an attribute: lower-case ASCII letters and digits, at least one, not `data` (C13).
///
/// The names of the specification's own attributes are names too; ``isCore`` tells them from extensions'. The
/// recommendations (begin with a letter, at most 20 characters) are not enforced: receivers meet names that break them.
public struct AttributeName: Sendable, Hashable {
    /// The name as text.
    public let string: String

    /// Which attribute of the specification it names, if it does.
    let core: CoreAttribute?

    /// Checks a name.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidName`` where C13 does not allow the name.
    public init(_ string: String) throws(CloudEventError) {
        var copy = string
        guard copy.withUTF8({ Self.isValid(UnsafeRawBufferPointer($0)) }) else {
            throw Self.invalid.naming(Self.printable(string))
        }
        // The copy is UTF-8 in one piece now, whatever the text was; names are compared by their bytes.
        self.init(unchecked: copy)
    }

    /// A name that is known to be valid.
    init(unchecked string: String) {
        let core = string.utf8.withContiguousStorageIfAvailable { CoreAttribute(utf8: UnsafeRawBufferPointer($0)) }
        self.init(string, core ?? nil)
    }

    private init(_ string: String, _ core: CoreAttribute?) {
        self.string = string
        self.core = core
    }

    /// The name of an extension, which is known to be valid.
    static func ofExtension(_ string: String) -> AttributeName { AttributeName(string, nil) }

    /// Whether it is the name of an attribute that the specification itself defines; no extension can have it.
    public var isCore: Bool { core != nil }
}

extension AttributeName {
    /// `id` (C1).
    public static var id: AttributeName { AttributeName("id", .id) }
    /// `source` (C1, C5).
    public static var source: AttributeName { AttributeName("source", .source) }
    /// `specversion` (C1, C4).
    public static var specVersion: AttributeName { AttributeName("specversion", .specVersion) }
    /// `type` (C1, C6).
    public static var type: AttributeName { AttributeName("type", .type) }
    /// `datacontenttype` (C7).
    public static var dataContentType: AttributeName { AttributeName("datacontenttype", .dataContentType) }
    /// `dataschema` (C7).
    public static var dataSchema: AttributeName { AttributeName("dataschema", .dataSchema) }
    /// `subject` (C7).
    public static var subject: AttributeName { AttributeName("subject", .subject) }
    /// `time` (C7).
    public static var time: AttributeName { AttributeName("time", .time) }
}

extension AttributeName {
    /// Whether C13 allows a name.
    @inline(__always)
    static func isValid(_ utf8: UnsafeRawBufferPointer) -> Bool {
        let bytes = ByteView(utf8)
        var position = 0
        while position &+ 8 <= bytes.count {
            guard areNameBytes(UInt64(littleEndian: bytes.load(position, as: UInt64.self))) else { return false }
            position &+= 8
        }
        while position < bytes.count, isNameByte(bytes[position]) { position &+= 1 }
        return position == bytes.count && position > 0 && !equal(utf8, "data")
    }

    /// The position of the first byte from a place on that is neither a letter a to z nor a digit, or the end.
    @inline(__always)
    static func end(in bytes: ByteView, from start: Int) -> Int {
        var position = start
        while position &+ 8 <= bytes.count {
            let marks = nameMarks(UInt64(littleEndian: bytes.load(position, as: UInt64.self))) ^ 0x8080_8080_8080_8080
            if marks != 0 { return position &+ marks.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < bytes.count, isNameByte(bytes[position]) { position &+= 1 }
        return position
    }

    @inline(__always)
    static func areNameBytes(_ word: UInt64) -> Bool { nameMarks(word) == 0x8080_8080_8080_8080 }

    /// Marks, in the high bit of each byte, the letters a to z and digits.
    ///
    /// What is added lifts a byte of at least the lower bound, or above the upper one, over 0x7F.
    @inline(__always)
    private static func nameMarks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let ascii = word & (ones &* 0x7F)
        let digits = (ascii &+ ones &* (0x80 - 0x30)) & ~(ascii &+ ones &* (0x80 - 0x3A))
        let letters = (ascii &+ ones &* (0x80 - 0x61)) & ~(ascii &+ ones &* (0x80 - 0x7B))
        return (digits | letters) & ~word & (ones &* 0x80)
    }

    @inline(__always)
    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    static var invalid: CloudEventError {
        CloudEventError(
            .invalidName,
            "the name of an attribute has only the letters a to z and digits, at least one, and is not data; rename it",
            rule: "C13"
        )
    }

    /// A name for an error message, as of its bytes.
    static func printable(_ name: String) -> String {
        var name = name
        return name.withUTF8 { printable(UnsafeRawBufferPointer($0)) }
    }

    /// A name for an error message: short and without characters that could damage a log.
    static func printable(_ name: UnsafeRawBufferPointer) -> String {
        var text = ""
        for scalar in String(decoding: name.prefix(160), as: UTF8.self).unicodeScalars.prefix(40) {
            text.unicodeScalars.append(scalar.value > 0x20 && scalar.value < 0x7F ? scalar : "?")
        }
        return text
    }
}

extension AttributeName: ExpressibleByStringLiteral {
    /// A name written in the source code.
    ///
    /// - Precondition: C13 allows the name.
    public init(stringLiteral value: StaticString) {
        let string = value.description
        guard let name = try? AttributeName(string) else {
            preconditionFailure("\"\(string)\" cannot be the name of a CloudEvents attribute (C13)")
        }
        self = name
    }
}

extension AttributeName: CustomStringConvertible {
    /// The name as text.
    public var description: String { string }
}

extension AttributeName: Comparable {
    /// Orders names by their bytes.
    public static func < (left: AttributeName, right: AttributeName) -> Bool { left.string < right.string }
}
