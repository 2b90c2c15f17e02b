// SPDX-License-Identifier: Apache-2.0

/// The name of an attribute behind `ce-` in a header's name, in lower case: up to sixteen bytes as two words, so that no
/// byte is looked at alone.
struct HeaderName {
    /// The first eight bytes; of fewer all of them, with `0` behind them.
    private let first: UInt64
    /// The last eight bytes, which overlap the first ones; of fewer the same as the first ones.
    private let last: UInt64
    /// All bytes as they were: bit 5 of each is `1` here where bit 5 or bit 6 of it was.
    private let bits: UInt64
    let count: Int

    static let prefixCount = 3
    static let maximumCount = 16

    /// - Parameter header: the name of a header: `ce-`, which is known, and one to sixteen bytes.
    @inline(__always)
    init(ofHeader header: ByteView) {
        count = header.count &- Self.prefixCount
        let (first, last): (UInt64, UInt64)
        if count >= 8 {
            first = UInt64(littleEndian: header.load(Self.prefixCount, as: UInt64.self))
            last = UInt64(littleEndian: header.load(header.count &- 8, as: UInt64.self))
        } else {
            let end: UInt64
            if count >= 5 {
                end = UInt64(littleEndian: header.load(header.count &- 8, as: UInt64.self))
            } else {
                end = UInt64(UInt32(littleEndian: header.load(header.count &- 4, as: UInt32.self))) &<< 32
            }
            first = end &>> UInt64(64 &- 8 &* count) | (Self.ones &* 0x30) &<< UInt64(8 &* count)
            last = first
        }
        bits = (first | first &>> 1) & (last | last &>> 1)
        // Nothing but capital letters becomes letters by that, and nothing but control characters digits.
        self.first = first | Self.ones &* 0x20
        self.last = last | Self.ones &* 0x20
    }

    /// The attribute of the specification that it names.
    @inline(__always)
    var attribute: CoreAttribute? {
        switch count {
        case 2 where isWords("id000000", "id000000"): .id
        case 4 where isWords("type0000", "type0000"): .type
        case 4 where isWords("time0000", "time0000"): .time
        case 6 where isWords("source00", "source00"): .source
        case 7 where isWords("subject0", "subject0"): .subject
        case 10 where isWords("datasche", "taschema"): .dataSchema
        case 11 where isWords("specvers", "cversion"): .specVersion
        case 15 where isWords("datacont", "tenttype"): .dataContentType
        default: nil
        }
    }

    /// Whether C13 allows the name; it has capital letters in a header (H6).
    @inline(__always)
    var isValid: Bool {
        bits & (Self.ones &* 0x20) == Self.ones &* 0x20
            && AttributeName.areNameBytes(first) && AttributeName.areNameBytes(last)
            && !(count == 4 && isWords("data0000", "data0000"))
    }

    /// Writes the name to memory that has room for eight bytes, and for all of them.
    @inline(__always)
    func write(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: first.littleEndian, as: UInt64.self)
        if count > 8 { target.storeBytes(of: last.littleEndian, toByteOffset: count &- 8, as: UInt64.self) }
    }

    @inline(__always) private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    @inline(__always)
    private func isWords(_ first: StaticString, _ last: StaticString) -> Bool {
        self.first == Self.word(first) && self.last == Self.word(last)
    }

    /// A literal of eight bytes as a word; it becomes a constant.
    @inline(__always)
    private static func word(_ literal: StaticString) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(literal.utf8Start).loadUnaligned(as: UInt64.self))
    }
}

extension HeaderName {
    /// Copies eight bytes of a longer name in lower case, and says whether a name can have them.
    @inline(__always)
    static func copyWord(of name: ByteView, at position: Int, to target: UnsafeMutableRawPointer) -> Bool {
        let word = UInt64(littleEndian: name.load(position, as: UInt64.self))
        let lowercased = word | ones &* 0x20
        target.storeBytes(of: lowercased.littleEndian, toByteOffset: position, as: UInt64.self)
        return (word | word &>> 1) & (ones &* 0x20) == ones &* 0x20 && AttributeName.areNameBytes(lowercased)
    }

    /// Whether a header's name begins with `ce-`, whatever the case.
    @inline(__always)
    static func hasPrefix(_ header: ByteView) -> Bool {
        header.count >= 3 && header[0] | 0x20 == UInt8(ascii: "c") && header[1] | 0x20 == UInt8(ascii: "e")
            && header[2] == UInt8(ascii: "-")
    }

    /// Whether a header's name is `content-type`, whatever its case.
    @inline(__always)
    static func isContentType(_ header: ByteView) -> Bool {
        guard header.count == 12 else { return false }
        // All bytes but the hyphen are letters: with bit 5 they are lower case, and nothing else becomes a letter.
        let start = UInt64(littleEndian: header.load(0, as: UInt64.self)) | 0x0020_2020_2020_2020
        let end = UInt64(littleEndian: header.load(4, as: UInt64.self)) | 0x2020_2020_0020_2020
        return start == word("content-") && end == word("ent-type")
    }
}
