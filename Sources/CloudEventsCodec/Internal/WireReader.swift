// SPDX-License-Identifier: Apache-2.0

/// Reads what the binary formats are made of: numbers in groups of seven bits, and pieces with a length before them.
///
/// The bytes belong to the caller, who keeps them alive and unchanged as long as the reader is used. No length is
/// believed before it was compared with what is left.
struct WireReader {
    let bytes: UnsafeRawBufferPointer
    /// The place of the next byte, counted from the beginning of the whole input.
    private(set) var offset: Int
    let end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(bytes, in: 0..<bytes.count)
    }

    private init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// A reader of a piece that this one has read.
    func within(_ range: Range<Int>) -> WireReader { WireReader(bytes, in: range) }

    var isAtEnd: Bool { offset == end }

    mutating func byte() throws(CloudEventError) -> UInt8 {
        guard offset < end else { throw endsEarly }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// Reads a number of 64 bits, least significant group first, in at most ten bytes.
    mutating func varint() throws(CloudEventError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else { throw malformed("a number has more than 64 bits", at: offset - 1) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// Reads a piece of a known length and gives its place.
    mutating func piece(_ length: UInt64) throws(CloudEventError) -> Range<Int> {
        guard length <= UInt64(end - offset) else { throw endsEarly }
        let start = offset
        offset += Int(length)
        return start..<offset
    }

    /// Reads eight bytes, the least significant first.
    mutating func fixed64() throws(CloudEventError) -> UInt64 {
        let range = try piece(8)
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
    }

    /// Refuses a piece that is not UTF-8.
    func checkUTF8(_ range: Range<Int>) throws(CloudEventError) {
        guard isValidUTF8(UnsafeRawBufferPointer(rebasing: bytes[range])) else {
            throw malformed("a string is not valid UTF-8", at: range.lowerBound)
        }
    }

    /// The text of a piece that is UTF-8.
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    @inline(never)
    func malformed(_ message: String, at offset: Int) -> CloudEventError {
        CloudEventError(.malformed, message, offset: offset)
    }

    private var endsEarly: CloudEventError { malformed("the input ends early, or a length in it is wrong", at: offset) }
}
