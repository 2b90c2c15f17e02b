// SPDX-License-Identifier: Apache-2.0

/// An immutable range of bytes in a buffer that several values can share.
///
/// Copying a `SharedBytes` costs one reference count; cutting a piece out of it with ``slice(_:)`` costs the same and
/// copies no byte. The whole buffer stays in memory as long as one piece of it does: what is kept for long is copied
/// out with ``detached()``.
public struct SharedBytes {
    /// Keeps the memory of the bytes alive; `nil` for no bytes.
    @usableFromInline let storage: SharedByteStorage?
    @usableFromInline let start: UnsafeRawPointer?

    /// How many bytes there are.
    public let count: Int

    @inlinable
    init(storage: SharedByteStorage?, start: UnsafeRawPointer?, count: Int) {
        self.storage = storage
        self.start = start
        self.count = count
    }

    /// No bytes.
    @inlinable
    public init() {
        self.init(storage: nil, start: nil, count: 0)
    }

    /// Copies a collection of bytes into a buffer of its own.
    @inlinable
    public init(_ bytes: some Collection<UInt8>) {
        self.init(unsafeUninitializedCapacity: bytes.count) { buffer in
            buffer.initialize(fromContentsOf: bytes)
        }
    }

    /// Copies raw memory into a buffer of its own.
    @inlinable
    public init(copying bytes: UnsafeRawBufferPointer) {
        self.init(unsafeUninitializedCapacity: bytes.count) { buffer in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            return bytes.count
        }
    }

    /// Copies the UTF-8 code units of a text into a buffer of its own.
    @inlinable
    public init(utf8 text: String) {
        var text = text
        self = text.withUTF8 { SharedBytes(copying: UnsafeRawBufferPointer($0)) }
    }

    /// Makes a buffer and lets a closure fill it, as a system call does.
    ///
    /// - Parameters:
    ///   - capacity: the size of the buffer in bytes.
    ///   - initialize: writes into the buffer from its beginning and returns how many bytes it wrote.
    @inlinable
    public init<Failure: Error>(
        unsafeUninitializedCapacity capacity: Int,
        initializingWith initialize: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Int
    ) throws(Failure) {
        guard capacity > 0 else {
            _ = try initialize(UnsafeMutableBufferPointer(start: nil, count: 0))
            self.init()
            return
        }
        let storage = SharedByteStorage.make(capacity: capacity)
        let bytes = storage.base.assumingMemoryBound(to: UInt8.self)
        let count = try initialize(UnsafeMutableBufferPointer(start: bytes, count: capacity))
        precondition(count >= 0 && count <= capacity, "the closure says it wrote more bytes than the buffer holds")
        self.init(storage: storage, start: UnsafeRawPointer(bytes), count: count)
    }

    /// Whether there are no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// A piece of these bytes that shares their buffer.
    @inlinable
    public func slice(_ range: Range<Int>) -> SharedBytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "the piece is not within the bytes")
        return SharedBytes(storage: storage, start: start.map { $0 + range.lowerBound }, count: range.count)
    }

    /// The same bytes in a buffer of exactly their size, so that a larger one is not kept alive by them.
    public func detached() -> SharedBytes {
        guard let storage, storage.byteCapacity > count else { return self }
        return withUnsafeBytes { SharedBytes(copying: $0) }
    }

    /// The size in bytes of the whole buffer that these bytes keep in memory.
    public var retainedCapacity: Int { storage?.byteCapacity ?? 0 }

    /// Gives raw access to the bytes for the duration of the closure.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(unsafeBytes)
    }

    /// The bytes without a guarantee that they live on, for a library in C that keeps the pointer: only valid while this
    /// value, or one that shares its buffer, is kept alive.
    @inlinable
    public var unsafeBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Identifies the buffer: two pieces of one buffer have the same identity.
    @inlinable
    package var bufferIdentity: ObjectIdentifier? { storage.map { ObjectIdentifier($0) } }

    /// Whether `next` lies in the same buffer, with exactly `gap` bytes between the end of this piece and its start.
    @inlinable
    package func isFollowed(by next: SharedBytes, gap: Int) -> Bool {
        guard storage === next.storage, let start else { return false }
        return start + count + gap == next.start
    }

    /// This piece made longer at its end within the buffer.
    ///
    /// The caller knows that the buffer is initialized that far.
    @inlinable
    package func extended(by extra: Int) -> SharedBytes {
        SharedBytes(storage: storage, start: start, count: count + extra)
    }
}

// The memory that `start` points into belongs to `storage` and is not written any more once there is a value that points
// into it.
extension SharedBytes: @unchecked Sendable {}

extension SharedBytes: RandomAccessCollection {
    /// The first position.
    @inlinable public var startIndex: Int { 0 }
    /// How many bytes there are.
    @inlinable public var endIndex: Int { count }

    /// The byte at a position.
    @inlinable
    public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < count, "index out of range")
        return start.unsafelyUnwrapped.load(fromByteOffset: position, as: UInt8.self)
    }

    /// Gives access to the bytes for the duration of the closure; they are always contiguous.
    @inlinable
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        defer { withExtendedLifetime(storage) {} }
        return try body(unsafeBytes.assumingMemoryBound(to: UInt8.self))
    }
}

extension SharedBytes: Hashable {
    /// Whether both have the same bytes.
    public static func == (left: SharedBytes, right: SharedBytes) -> Bool {
        left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { rightBytes in
                leftBytes.hasSameBytes(as: rightBytes)
            }
        }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension SharedBytes: CustomStringConvertible {
    /// The size only: the bytes may be confidential.
    public var description: String { "\(count) bytes" }
}

extension String {
    /// Decodes bytes as UTF-8, replacing what is not valid.
    @inlinable
    public init(decodingUTF8 bytes: SharedBytes) {
        self = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Decodes bytes as UTF-8, or gives `nil` where they are not valid UTF-8.
    public init?(validatingUTF8 bytes: SharedBytes) {
        guard let text = bytes.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else { return nil }
        self = text
    }
}
