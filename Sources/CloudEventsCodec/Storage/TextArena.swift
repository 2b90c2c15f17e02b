// SPDX-License-Identifier: Apache-2.0

/// Memory for the texts of an event that come one by one, so that they lie side by side and can be copied together.
struct TextArena {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    /// Whether there was too little room once.
    private(set) var isFull = false

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    /// What was appended.
    var region: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// Copies a text; the memory has room for it.
    mutating func append(_ text: String, type: EventText.ValueType = .string) -> EventText {
        var text = text
        return text.withUTF8 { append(UnsafeRawBufferPointer($0), type: type) }
    }

    /// Copies the bytes of a text; the memory has room for them.
    mutating func append(_ bytes: UnsafeRawBufferPointer, type: EventText.ValueType = .string) -> EventText {
        let target = room(for: bytes.count)
        target.copyMemory(from: bytes)
        let copy = UnsafeRawBufferPointer(target)
        return EventText(copy, copy.isPlainText ? .plain : [], type: type)
    }

    /// Copies the bytes of a text of which something is known; the memory has room for them.
    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ marks: EventText.Marks) -> EventText {
        let target = room(for: bytes.count)
        target.copyMemory(from: bytes)
        return EventText(UnsafeRawBufferPointer(target), marks)
    }

    /// Whether there is room for so many bytes; otherwise the arena is full.
    @inline(__always)
    mutating func makesRoom(for size: Int) -> Bool {
        if size > memory.count &- count { isFull = true }
        return !isFull
    }

    /// The next bytes of the memory, which has room for them.
    @inline(__always)
    mutating func room(for size: Int) -> UnsafeMutableRawBufferPointer {
        precondition(size <= memory.count &- count, "the arena is full")
        let room = UnsafeMutableRawBufferPointer(start: memory.baseAddress.map { $0 + count }, count: size)
        count &+= size
        return room
    }

    /// Where the next text goes. What is written there counts once it is taken.
    @inline(__always) var next: UnsafeMutableRawPointer {
        // The memory is never empty.
        memory.baseAddress.unsafelyUnwrapped + count
    }

    /// Takes what was written to ``next`` as a plain text; the memory has room for it.
    @inline(__always)
    mutating func take(_ size: Int) -> EventText {
        let text = EventText(UnsafeRawBufferPointer(start: next, count: size), .plain)
        count &+= size
        return text
    }

    /// Makes an arena for the duration of a closure.
    static func with<Result, Failure: Error>(
        capacity: Int,
        _ body: (inout TextArena) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result: Swift.Result<Result, Failure> =
            withUnsafeTemporaryAllocation(byteCount: max(capacity, 1), alignment: 8) { memory in
                var arena = TextArena(memory)
                do throws(Failure) { return .success(try body(&arena)) } catch { return .failure(error) }
            }
        return try result.get()
    }
}
