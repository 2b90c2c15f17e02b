// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What was appended to an output and was not given to its device yet.
struct OutputBuffer: ~Copyable {
    /// The memory of an exceptionally large record is not kept.
    private static let keptMemory = 2 << 20

    private var writer: JSONWriter
    private let capacity: Int

    init(capacity: Int) {
        writer = JSONWriter(capacity: capacity)
        self.capacity = capacity
    }

    var count: Int { writer.count }

    mutating func removeAll() {
        if writer.count > Self.keptMemory { writer = JSONWriter(capacity: capacity) }
        writer.removeAll(keepingCapacity: true)
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
        writer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
    }

    /// Forgets the first bytes.
    mutating func removeFirst(_ count: Int) {
        if count < writer.count { writer.removeSubrange(0..<count) } else { removeAll() }
    }

    /// Takes back what was appended behind the first `count` bytes.
    mutating func truncate(to count: Int) { writer.truncate(to: count) }
}
