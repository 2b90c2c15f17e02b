// SPDX-License-Identifier: Apache-2.0

/// Appends JSON to a buffer of its own that grows.
///
/// It writes what it is told and keeps no account of commas: who writes a record knows its members. The bytes go out by
/// ``withUnsafeBytes(_:)``, as for a system call, or by ``takeBytes()`` without a copy. It is not copyable, so that a
/// buffer has one writer.
@usableFromInline
package struct JSONWriter: ~Copyable {
    private var storage: SharedByteStorage
    @usableFromInline private(set) var base: UnsafeMutableRawPointer
    @usableFromInline private(set) var capacity: Int

    /// How many bytes were written.
    @usableFromInline package internal(set) var count = 0

    /// Makes an empty writer with room for so many bytes.
    package init(capacity: Int = 4096) {
        storage = SharedByteStorage.make(capacity: Swift.max(capacity, 64))
        base = storage.base
        self.capacity = storage.byteCapacity
    }

    /// Makes room for so many more bytes.
    @inlinable @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if capacity &- count < extra { grow(extra) }
    }

    @usableFromInline @inline(never)
    mutating func grow(_ extra: Int) {
        let larger = SharedByteStorage.make(capacity: max(capacity * 2, count + extra))
        larger.base.copyMemory(from: base, byteCount: count)
        storage = larger
        base = larger.base
        capacity = larger.byteCapacity
    }

    /// Gives the written bytes to a closure, for `write(2)` and the like.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Hands the written bytes over without a copy; the writer goes on with a new, empty buffer.
    ///
    /// - Parameter capacity: the size of the new buffer.
    package mutating func takeBytes(nextCapacity capacity: Int = 4096) -> SharedBytes {
        let bytes = SharedBytes(storage: storage, start: base, count: count)
        self = JSONWriter(capacity: capacity)
        return bytes
    }

    /// Hands the written bytes over without a copy, for the last time.
    package consuming func finish() -> SharedBytes {
        SharedBytes(storage: storage, start: base, count: count)
    }

    /// Forgets what was written.
    package mutating func removeAll(keepingCapacity: Bool) {
        if keepingCapacity { count = 0 } else { self = JSONWriter() }
    }

    /// Forgets a part of what was written; what follows moves to its place.
    package mutating func removeSubrange(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a writer cannot forget more than it holds")
        (base + range.lowerBound).copyMemory(from: base + range.upperBound, byteCount: count - range.upperBound)
        count -= range.count
    }

    /// Takes back what was written behind the first `count` bytes.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a writer cannot be cut to more than it holds")
        self.count = count
    }
}

// The buffer is reached only through the one writer that owns it, until it is handed over and never written again.
extension JSONWriter: @unchecked Sendable {}

extension JSONWriter {
    /// Appends one byte.
    @inlinable @inline(__always)
    package mutating func writeRaw(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Appends a piece of JSON from the source code.
    @inlinable @inline(__always)
    package mutating func writeRaw(_ text: StaticString) {
        writeRaw(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes as they are.
    @inlinable @inline(__always)
    package mutating func writeRaw(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count &+= bytes.count
    }

    /// Appends one byte, for which there is room.
    @inline(__always)
    mutating func appendUnchecked(_ byte: UInt8) {
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Appends a piece of JSON from the source code, for which there is room.
    @inline(__always)
    mutating func appendUnchecked(_ text: StaticString) {
        (base + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        count &+= text.utf8CodeUnitCount
    }

    /// Appends bytes as they are, for which there is room.
    @inline(__always)
    mutating func appendUnchecked(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(start: base + count, count: bytes.count).copyMemory(from: bytes)
        count &+= bytes.count
    }

    /// Appends bytes as they are.
    package mutating func writeRaw(_ bytes: SharedBytes) {
        bytes.withUnsafeBytes { writeRaw($0) }
    }

    /// Appends a JSON string.
    ///
    /// - Parameter utf8: the string, which is valid UTF-8.
    package mutating func writeString(utf8: UnsafeRawBufferPointer) {
        writeRaw(UInt8(ascii: "\""))
        writeEscaped(utf8)
        writeRaw(UInt8(ascii: "\""))
    }

    /// Appends a JSON string.
    package mutating func writeString(_ text: String) {
        var text = text
        text.withUTF8 { writeString(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Appends bytes as a JSON string of base64 (T4).
    package mutating func writeBase64(_ bytes: UnsafeRawBufferPointer) {
        let length = Base64.encodedCount(bytes.count)
        reserve(length + 2)
        writeRaw(UInt8(ascii: "\""))
        Base64.encode(bytes, to: base + count)
        count += length
        writeRaw(UInt8(ascii: "\""))
    }

    /// Appends a timestamp as a JSON string.
    package mutating func writeTimestamp(_ timestamp: Timestamp) {
        guard timestamp.tail.isEmpty else { return writeString(timestamp.description) }
        reserve(40)
        writeRaw(UInt8(ascii: "\""))
        count += timestamp.writeText(to: UnsafeMutableRawBufferPointer(start: base + count, count: 36))
        writeRaw(UInt8(ascii: "\""))
    }

    /// Appends the inside of a string: clean stretches as they are, sixteen bytes at a time, the rest escaped.
    private mutating func writeEscaped(_ utf8: UnsafeRawBufferPointer) {
        var position = 0
        while position < utf8.count {
            // Room for the clean rest and one escape; each escape makes room anew.
            reserve(utf8.count &- position &+ 6)
            var target = base + count
            let start = position
            while position &+ 16 <= utf8.count {
                let low = utf8.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let high = utf8.loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self)
                if escapeMarks(low) | escapeMarks(high) != 0 { break }
                target.storeBytes(of: low, as: UInt64.self)
                target.storeBytes(of: high, toByteOffset: 8, as: UInt64.self)
                target += 16
                position &+= 16
            }
            while position &+ 8 <= utf8.count {
                let word = utf8.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let marks = escapeMarks(UInt64(littleEndian: word))
                // What lies behind the lowest mark, which is exact, is written again.
                target.storeBytes(of: word, as: UInt64.self)
                let clean = marks == 0 ? 8 : marks.trailingZeroBitCount / 8
                target += clean
                position &+= clean
                if marks != 0 { break }
            }
            while position < utf8.count {
                let byte = utf8[position]
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
                target.storeBytes(of: byte, as: UInt8.self)
                target += 1
                position &+= 1
            }
            count &+= position &- start
            guard position < utf8.count else { return }
            writeEscape(utf8[position])
            position &+= 1
        }
    }

    /// Appends the escape of a character, by its letter where it has one. There is room for it.
    private mutating func writeEscape(_ byte: UInt8) {
        writeRaw(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): writeRaw(byte)
        case 0x08: writeRaw(UInt8(ascii: "b"))
        case 0x09: writeRaw(UInt8(ascii: "t"))
        case 0x0A: writeRaw(UInt8(ascii: "n"))
        case 0x0C: writeRaw(UInt8(ascii: "f"))
        case 0x0D: writeRaw(UInt8(ascii: "r"))
        default:
            writeRaw(byte < 0x10 ? "u000" : "u001")
            let digit = byte & 0x0F
            writeRaw(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
