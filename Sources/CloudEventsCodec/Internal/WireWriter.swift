// SPDX-License-Identifier: Apache-2.0

/// Writes what the binary formats are made of, into a buffer that grows.
struct WireWriter: ~Copyable {
    private var output: JSONWriter

    /// Makes a writer with room for so many bytes.
    init(capacity: Int) {
        output = JSONWriter(capacity: capacity)
    }

    var count: Int { output.count }

    mutating func byte(_ value: UInt8) { output.writeRaw(value) }

    mutating func bytes(_ value: SharedBytes) { output.writeRaw(value) }

    mutating func bytes(_ value: UnsafeRawBufferPointer) { output.writeRaw(value) }

    mutating func utf8(_ text: String) {
        var text = text
        text.withUTF8 { output.writeRaw(UnsafeRawBufferPointer($0)) }
    }

    /// Writes a number in as few groups of seven bits as it needs, least significant first.
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            output.writeRaw(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.writeRaw(UInt8(truncatingIfNeeded: rest))
    }

    /// Writes eight bytes, the least significant first.
    mutating func fixed64(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { output.writeRaw($0) }
    }

    consuming func finish() -> SharedBytes { output.finish() }

    /// How many bytes ``varint(_:)`` writes.
    static func size(ofVarint value: UInt64) -> Int {
        value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7
    }
}
