// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles
import Synchronization

/// A file whose long writes go past the system's cache, straight from memory to the device.
///
/// Only whole blocks can go there: what is in front of the first and behind the last is written as ever, and so is a record
/// that is too long for the buffer it is gathered in, because its blocks lie anywhere in memory.
final class UncachedOutput: OutputDevice {
    let wantsLongWrites = true
    private let file: FileDescriptor
    private let uncached: FileDescriptor
    private let isRefused = Atomic<Bool>(false)

    /// A block of a file, for any file system.
    private static let block = 4096
    private static let leastWrite = 64 << 10

    /// - Returns: `nil` where the system, or the file system, cannot do it.
    init?(_ file: FileDescriptor) throws(FileError) {
        guard let uncached = try file.reopenedPastCache() else { return nil }
        self.file = file
        self.uncached = uncached
    }

    func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer, at offset: Int64) throws(FileError) {
        let head = Int(truncatingIfNeeded: -offset) & (Self.block - 1)
        let blocks = Swift.max(0, bytes.count - head) / Self.block * Self.block
        guard blocks >= Self.leastWrite, isAligned(bytes, head), !isRefused.load(ordering: .relaxed) else {
            return try file.write(bytes, more, at: offset)
        }
        let body = UnsafeRawBufferPointer(rebasing: bytes[head..<head + blocks])
        let tail = UnsafeRawBufferPointer(rebasing: bytes[(head + blocks)...])
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<head]), at: offset)
        try writeBlocks(body, at: offset + Int64(head))
        try file.write(tail, more, at: offset + Int64(head + blocks))
    }

    private func isAligned(_ bytes: UnsafeRawBufferPointer, _ head: Int) -> Bool {
        (Int(bitPattern: bytes.baseAddress) + head).isMultiple(of: OutputBuffer.memoryBlock)
    }

    /// Where the device asks for larger blocks in memory, it is not tried again.
    private func writeBlocks(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FileError) {
        do {
            try uncached.write(bytes, at: offset)
        } catch  where error.isUnsupported {
            isRefused.store(true, ordering: .relaxed)
            try file.write(bytes, at: offset)
        }
    }

    func truncate(to size: Int64) throws(FileError) { try file.truncate(to: size) }

    func synchronize() async throws(FileError) { try await file.synchronize() }

    func unlock() { file.unlock() }
}
