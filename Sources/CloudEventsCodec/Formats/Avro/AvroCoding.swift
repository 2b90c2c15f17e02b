// SPDX-License-Identifier: Apache-2.0

/// The primitive values of Avro's binary encoding.
extension WireReader {
    /// Reads a long: a number of 64 bits whose sign is its lowest bit.
    mutating func long() throws(CloudEventError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Reads an int: a long that fits in 32 bits.
    mutating func int() throws(CloudEventError) -> Int32 {
        let start = offset
        guard let value = Int32(exactly: try long()) else { throw malformed("an int has more than 32 bits", at: start) }
        return value
    }

    mutating func boolean() throws(CloudEventError) -> Bool {
        let value = try byte()
        guard value <= 1 else { throw malformed("a boolean is a byte 0 or 1", at: offset - 1) }
        return value == 1
    }

    /// Reads a double that JSON can write: not a NaN and not infinite.
    mutating func finiteDouble() throws(CloudEventError) -> Double {
        let start = offset
        let value = Double(bitPattern: try fixed64())
        guard value.isFinite else {
            throw CloudEventError(
                .invalidData,
                "the data has a double that is no number or is infinite, which JSON does not have",
                attribute: "data",
                offset: start,
                rule: "V3"
            )
        }
        return value
    }

    /// Reads bytes with their count before them, and gives their place.
    mutating func countedBytes() throws(CloudEventError) -> Range<Int> {
        let start = offset
        guard let count = UInt64(exactly: try long()) else { throw malformed("a length is negative", at: start) }
        return try piece(count)
    }

    /// Reads a string, which has to be UTF-8, and gives its place.
    mutating func string() throws(CloudEventError) -> Range<Int> {
        let range = try countedBytes()
        try checkUTF8(range)
        return range
    }
}

/// The items of a map or an array, which come in blocks with a count each.
struct AvroBlocks {
    private var left: UInt64 = 0
    /// Where the block has to end, if it says so.
    private var end: Int?

    /// Whether there is one more item. The counts are not believed: each item is read before the next is asked for.
    mutating func next(_ reader: inout WireReader) throws(CloudEventError) -> Bool {
        if left == 0 {
            if let end, end != reader.offset { throw reader.malformed("a block is not as long as it says", at: end) }
            let count = try reader.long()
            left = count.magnitude
            end = nil
            if count < 0 {
                let block = try reader.countedBytes()
                end = block.upperBound
                reader = reader.within(block.lowerBound..<reader.end)
            }
            if count == 0 { return false }
        }
        left -= 1
        return true
    }
}

extension WireWriter {
    mutating func long(_ value: Int64) {
        varint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    mutating func string(_ text: String) {
        long(Int64(text.utf8.count))
        utf8(text)
    }

    mutating func countedBytes(_ value: SharedBytes) {
        long(Int64(value.count))
        bytes(value)
    }
}
