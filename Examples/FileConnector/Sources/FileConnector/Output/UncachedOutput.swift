// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles
import Synchronization

/// A file whose long writes go past the system's cache, straight from memory to the device.
///
/// Writes are gathered, by copying them: memory that was given to the device is far from the processor afterwards, and records
/// that were put together in it would wait for it byte by byte. Only whole blocks can go to the device: what is in front of the
/// first and behind the last is written as ever.
final class UncachedOutput: OutputDevice {
    private struct State: ~Copyable, Sendable {
        var region = OutputRegion()
        /// Where the device asks for more than blocks, it is not tried again.
        var isRefused = false
    }

    let gathers = true
    private let cached: any OutputDevice
    private let uncached: any OutputDevice
    private let state = Mutex(State())

    private static let leastWrite = 64 << 10
    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// - Parameters:
    ///   - cached: the file, for what is no whole block.
    ///   - uncached: the same file, for whole blocks.
    init(_ cached: any OutputDevice, uncached: any OutputDevice) {
        self.cached = cached
        self.uncached = uncached
    }

    /// - Returns: `nil` where the system, or the file system, cannot do it.
    convenience init?(_ file: FileDescriptor) throws(FileError) {
        guard let uncached = try file.reopenedPastCache() else { return nil }
        self.init(file, uncached: uncached)
    }

    func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer, at offset: Int64) throws(FileError) {
        try state.withLock { state throws(FileError) in
            if state.region.end != offset {
                try handOn(&state)
                state.region.begin(at: offset)
            }
            try gather(bytes, &state)
            try gather(more, &state)
        }
    }

    private func gather(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            rest = UnsafeRawBufferPointer(rebasing: rest[state.region.append(rest)...])
            if state.region.isFull { try handOn(&state) }
        }
    }

    func handOn() throws(FileError) {
        try state.withLock { state throws(FileError) in try handOn(&state) }
    }

    private func handOn(_ state: inout State) throws(FileError) {
        let (bytes, blocks, start) = (state.region.bytes, state.region.wholeBlocks, state.region.start)
        guard !bytes.isEmpty else { return }
        if blocks.count < Self.leastWrite || state.isRefused {
            try cached.write(bytes, Self.nothing, at: start)
        } else {
            try write(bytes[..<blocks.lowerBound], at: start)
            state.isRefused = try !writeBlocks(bytes[blocks], at: start + Int64(blocks.lowerBound))
            try write(bytes[blocks.upperBound...], at: start + Int64(blocks.upperBound))
        }
        state.region.begin(at: state.region.end)
    }

    private func write(_ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int64) throws(FileError) {
        guard !bytes.isEmpty else { return }
        try cached.write(UnsafeRawBufferPointer(rebasing: bytes), Self.nothing, at: offset)
    }

    /// - Returns: whether the device takes them.
    private func writeBlocks(_ bytes: Slice<UnsafeRawBufferPointer>, at offset: Int64) throws(FileError) -> Bool {
        do {
            try uncached.write(UnsafeRawBufferPointer(rebasing: bytes), Self.nothing, at: offset)
            return true
        } catch  where error.isUnsupported {
            try write(bytes, at: offset)
            return false
        }
    }

    /// What was handed on ends where gathering began.
    func truncate(to size: Int64) throws(FileError) {
        try state.withLock { state throws(FileError) in
            state.region.cut(to: size)
            try cached.truncate(to: min(size, state.region.start))
        }
    }

    func synchronize() async throws(FileError) { try await cached.synchronize() }

    func unlock() { cached.unlock() }
}
