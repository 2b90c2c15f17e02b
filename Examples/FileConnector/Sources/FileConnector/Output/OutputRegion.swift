// SPDX-License-Identifier: Apache-2.0

/// What was gathered of the part of a file that is being written, in memory that lies as the file does: what begins at a block
/// of the one begins at a block of the other, as writes past the system's cache have to.
struct OutputRegion: ~Copyable {
    /// How long a part of a file is; each begins at a multiple.
    static let length = 1 << 20
    /// A block of a file and of memory, for any file system.
    static let block = 4096

    /// Where in the file the first byte lies that was gathered.
    private(set) var start: Int64 = 0
    private(set) var count = 0
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Self.length,
        alignment: Self.block
    )

    deinit { memory.deallocate() }

    var end: Int64 { start + Int64(count) }
    /// Nothing more can be gathered before this is written.
    var isFull: Bool { count > 0 && Self.place(of: end) == 0 }
    /// What was gathered.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[Self.place(of: start)...].prefix(count))
    }
    /// Which of ``bytes`` are whole blocks.
    var wholeBlocks: Range<Int> {
        let head = min(count, Int(truncatingIfNeeded: -start) & (Self.block - 1))
        return head..<head + (count - head) / Self.block * Self.block
    }

    private static func place(of offset: Int64) -> Int { Int(truncatingIfNeeded: offset) & (length - 1) }

    /// Gathers what there is room for, which is nothing where it is full.
    ///
    /// - Returns: how many of the bytes that is.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !isFull else { return 0 }
        let place = Self.place(of: end)
        let taken = min(bytes.count, Self.length - place)
        UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + taken])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(taken)))
        count += taken
        return taken
    }

    /// Forgets what was gathered, and begins at a place of the file.
    mutating func begin(at offset: Int64) {
        start = offset
        count = 0
    }

    /// Forgets what lies behind a place of the file.
    mutating func cut(to offset: Int64) {
        guard count > 0, offset > start else { return begin(at: offset) }
        count = min(count, Int(offset - start))
    }
}

/// The memory is its own: it is never copied, and nobody else has a pointer to it.
extension OutputRegion: @unchecked Sendable {}
