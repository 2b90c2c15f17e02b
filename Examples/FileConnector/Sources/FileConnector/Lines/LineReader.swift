// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles

/// Reads the lines of one generation of a file.
///
/// Nothing of the file is kept between two chunks but offsets: a chunk begins where the first line that was not handed
/// out begins, so the part of a line at the end of one chunk is read again with the next. A line longer than a chunk is
/// looked through first, in memory of one chunk, and then read as a whole or rejected; so it is read twice, however
/// long it is, and what is too long is never held.
struct LineReader {
    /// What a step came to.
    enum Step: Sendable, Equatable {
        /// Something was added to the batch.
        case lines
        /// There is more to look through before anything can be added.
        case more
        /// There is no whole line left at present.
        case end
        /// The file no longer is what was read: it became shorter, or begins otherwise.
        case truncated
    }

    let file: FileDescriptor
    let place: FileLocation
    let status: FileStatus
    let chunkSize: Int
    /// Whether the file is checked after each read for having been truncated and written anew.
    let isWatched: Bool
    private(set) var identity: FileIdentity
    /// Where the first line begins that is neither handed out nor in the cutter.
    private(set) var next: Int64
    /// No newline lies between ``next`` and here.
    private(set) var scanned: Int64
    /// When the file was last changed before it was read.
    let firstModified: Int64
    /// When the file was last changed, as far as it was seen intact.
    private(set) var lastModified: Int64
    /// Whether the first line that was not handed out is longer than a chunk.
    private var isLong = false
    private var cutter: LineCutter?
    /// What the last lines were long, and a little less: to make room for the next records at once.
    private var lineLength = 64

    /// - Parameter offset: where a line begins.
    init(_ generation: Generation, at offset: Int64 = 0, chunkSize: Int, isWatched: Bool) {
        file = generation.file
        place = generation.place
        status = generation.status
        identity = generation.identity
        firstModified = generation.status.modified
        lastModified = generation.status.modified
        self.chunkSize = max(chunkSize, 1)
        self.isWatched = isWatched
        next = offset
        scanned = offset
    }

    /// Whether a file is the one that is read, and still holds what was read of it.
    func isReading(_ generation: Generation) -> Bool {
        generation.status.isSameFile(as: status) && generation.status.size >= next
            && identity.isBeginning(of: generation.identity)
    }

    /// Where the next line that is handed out begins.
    var offset: Int64 { cutter?.offset ?? next }

    /// Whether everything that was there at the last look was handed out, but for a line without its newline.
    func isCaughtUp(size: Int64) -> Bool { cutter == nil && size <= scanned }

    /// Takes the next step: hands out lines, or reads a chunk.
    mutating func step(into batch: inout LineBatch, partition: RecordPartition) throws -> Step {
        if cutter == nil {
            let step = try isLong ? lookThrough(&batch, partition) : readChunk(batch.maxBytes)
            guard cutter != nil else { return step }
        }
        let before = (count: batch.records.count, offset: offset)
        cutter?.cut(into: &batch, partition: partition, identity: identity, lineLength: lineLength)
        let lines = batch.records.count - before.count
        if lines > 0 { lineLength = Int(offset - before.offset) / lines * 7 / 8 }
        if cutter?.isEmpty == true { cutter = nil }
        return .lines
    }

    private mutating func readChunk(_ maxBytes: Int) throws -> Step {
        let now = try file.status()
        if now.size < scanned { return try shortened(to: now.size) }
        if now.size > 0, now.size == scanned { return isWatched ? try checked(now) : .end }
        let size = capacity(for: now.size, maxBytes)
        let chunk = try SharedBytes(unsafeUninitializedCapacity: size) { buffer throws(FileError) in
            try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: next)
        }
        let lines = LineCutter.lengthOfLines(chunk)
        if try accept(upTo: next + Int64(chunk.count), now) == .truncated { return .truncated }
        scanned = next + Int64(chunk.count)
        guard lines > 0 else {
            isLong = chunk.count == size
            return isLong ? .more : .end
        }
        cutter = LineCutter(chunk.slice(0..<lines), at: next)
        next += Int64(lines)
        return .lines
    }

    /// As much as there is, but not more than a chunk or than is asked for, and enough to see the end of a file whose
    /// size is unknown.
    private func capacity(for size: Int64, _ maxBytes: Int) -> Int {
        let limit = min(chunkSize, max(maxBytes, 4096))
        return min(limit, max(Int(clamping: size - next), 4096))
    }

    /// Takes in what was read: learns the first bytes, or compares them with those that are known.
    private mutating func accept(upTo end: Int64, _ status: FileStatus) throws -> Step {
        if isWatched, try checked(status) == .truncated { return .truncated }
        if identity.beginning.count < min(end, Int64(FileIdentity.beginningLength)) {
            let learned = try FileIdentity(of: file, status, upTo: end)
            guard !isWatched || identity.isBeginning(of: learned) else { return .truncated }
            identity = learned
        }
        return .end
    }

    private mutating func checked(_ now: FileStatus) throws -> Step {
        let present = try FileIdentity(of: file, now, upTo: Int64(identity.beginning.count))
        guard present == identity else { return .truncated }
        lastModified = now.modified
        return .end
    }

    private func shortened(to size: Int64) throws -> Step {
        guard !isWatched else { return .truncated }
        throw ConnectorError(
            .fatal,
            "'\(file.path)' was cut to \(size) bytes while it was read at byte \(scanned); "
                + "read files that are rotated by truncation in follow mode"
        )
    }
}

extension LineReader {
    /// How much of a long line is looked through in one step.
    private static let longStep: Int64 = 16 << 20

    /// Looks for the end of a line that is longer than a chunk.
    private mutating func lookThrough(_ batch: inout LineBatch, _ partition: RecordPartition) throws -> Step {
        let limit = scanned + Self.longStep
        while scanned < limit {
            let now = try file.status()
            if now.size < scanned { return try shortened(to: now.size) }
            let (count, newline) = try findNewline()
            if try accept(upTo: scanned + Int64(count), now) == .truncated { return .truncated }
            if let newline { return try takeLong(upTo: newline, &batch, partition) }
            if count == 0 { return .end }
            scanned += Int64(count)
        }
        return .more
    }

    /// Reads a chunk into passing memory.
    ///
    /// - Returns: how many bytes there were, and where in the file the first newline is.
    private func findNewline() throws -> (count: Int, newline: Int64?) {
        try withUnsafeTemporaryAllocation(byteCount: max(chunkSize, 4096), alignment: 16) { buffer in
            let count = try file.read(into: buffer, at: scanned)
            let read = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            return (count, read.firstNewline.map { scanned + Int64($0) })
        }
    }

    private mutating func takeLong(
        upTo newline: Int64,
        _ batch: inout LineBatch,
        _ partition: RecordPartition
    ) throws -> Step {
        if newline - next > batch.maxLineBytes {
            guard batch.hasRoom else { return .lines }
            try reject(upTo: newline, behind: newline + 1, &batch, partition)
        } else {
            guard let line = try piece(Int(newline + 1 - next)) else { return isWatched ? .truncated : .end }
            cutter = LineCutter(line, at: next)
        }
        next = newline + 1
        scanned = next
        isLong = false
        return .lines
    }

    /// Hands out what stands behind the last newline, as the last line of a file to which nothing more is written.
    ///
    /// - Returns: whether there is nothing left.
    mutating func takeLast(into batch: inout LineBatch, partition: RecordPartition) throws -> Bool {
        let length = scanned - next
        guard length > 0 else { return true }
        guard batch.fits(Int(length)) else { return false }
        if length > batch.maxLineBytes {
            try reject(upTo: scanned, behind: scanned, &batch, partition)
        } else if let line = try piece(Int(length)) {
            let offset = RecordOffset(scanned, incarnation: identity.incarnation(at: scanned).bits)
            var record = ConnectorRecord(.bytes(line), partition: partition, offset: offset)
            record.subject = String(next)
            batch.records.append(record)
            batch.bytes += line.count
        }
        next = scanned
        isLong = false
        return true
    }

    private func reject(
        upTo end: Int64,
        behind: Int64,
        _ batch: inout LineBatch,
        _ partition: RecordPartition
    ) throws {
        let offset = RecordOffset(behind, incarnation: identity.incarnation(at: behind).bits)
        let sample = try piece(Int(min(end - next, Int64(LineBatch.rejectedSample)))) ?? SharedBytes()
        batch.reject(end - next, sample: sample, position: RecordPosition(partition: partition, offset: offset))
    }

    /// The bytes from ``next`` on, or `nil` where there no longer are so many.
    private func piece(_ count: Int) throws -> SharedBytes? {
        let bytes = try SharedBytes(unsafeUninitializedCapacity: count) { buffer throws(FileError) in
            try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: next)
        }
        return bytes.count == count ? bytes : nil
    }
}
