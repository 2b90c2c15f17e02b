// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What was appended to an output and is not with the system yet.
///
/// It can have the bytes lie in memory as they will lie in the file: what begins at a block of the one begins at a block of
/// the other, as writes past the system's cache have to.
struct OutputBuffer: ~Copyable {
    /// What is a block in memory, for any device.
    static let memoryBlock = 512
    /// The memory of an exceptionally large record is not kept.
    private static let keptMemory = 2 << 20

    private var writer: JSONWriter
    private let isAligned: Bool
    private let capacity: Int
    /// The bytes in front that only shift the others to their place.
    private var shift = 0

    init(capacity: Int, aligned: Bool) {
        writer = JSONWriter(capacity: capacity)
        isAligned = aligned
        self.capacity = capacity
    }

    var count: Int { writer.count - shift }

    /// Empties the buffer, and makes it ready for what begins at a place of the file.
    mutating func place(at offset: Int64) {
        if writer.count > Self.keptMemory { writer = JSONWriter(capacity: capacity) }
        writer.removeAll(keepingCapacity: true)
        shift = misplacement(offset)
        for _ in 0..<shift { writer.writeRaw(0) }
    }

    /// How far the beginning of the memory is from where a place of the file has to lie.
    private func misplacement(_ offset: Int64) -> Int {
        guard isAligned else { return 0 }
        let address = writer.withUnsafeBytes { Int64(Int(bitPattern: $0.baseAddress)) }
        return Int(truncatingIfNeeded: offset &- address) & (Self.memoryBlock - 1)
    }

    mutating func append(_ bytes: SharedBytes) { writer.writeRaw(bytes) }

    mutating func append(_ byte: UInt8) { writer.writeRaw(byte) }

    /// Lets a closure append with the codec's means. What it appended is taken back when it throws.
    mutating func append<Result>(_ body: (inout JSONWriter) throws -> Result) throws -> Result {
        let before = writer.count
        do {
            return try body(&writer)
        } catch {
            writer.truncate(to: before)
            throw error
        }
    }

    func withUnsafeBytes<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        writer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0.dropFirst(shift).prefix(count))) }
    }

    /// Forgets the first bytes, at least ``memoryBlock`` or all; the next begins at a place of the file.
    mutating func removeFirst(_ count: Int, next offset: Int64) {
        guard count < self.count else { return place(at: offset) }
        guard count <= Self.keptMemory else { return moveRest(behind: shift + count, to: offset) }
        let next = misplacement(offset)
        writer.removeSubrange(next..<shift + count)
        shift = next
    }

    private mutating func moveRest(behind end: Int, to offset: Int64) {
        let rest = writer.withUnsafeBytes { Array($0[end...]) }
        place(at: offset)
        rest.withUnsafeBytes { writer.writeRaw($0) }
    }

    /// Takes back what was appended behind the first `count` bytes.
    mutating func truncate(to count: Int) { writer.truncate(to: shift + count) }
}
