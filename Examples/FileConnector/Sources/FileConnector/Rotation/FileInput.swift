// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// One configured path, and the way through the generations of the file that appear there.
///
/// A generation is left only when nothing more can be in it: the next one has content, and this one was at its end at
/// two looks that are a poll interval apart. So a writer that goes on with the old file for a moment loses nothing.
struct FileInput {
    /// How a file is read.
    struct Reading: Sendable {
        let follows: Bool
        let chunkSize: Int
    }

    /// What a step came to.
    enum Step: Sendable, Equatable {
        /// Something was added to the batch.
        case lines
        /// There is more to do at once.
        case more
        /// Nothing is there at present.
        case idle
        /// There never will be anything again.
        case finished
    }

    let location: FileLocation
    let partition: RecordPartition
    let reading: Reading
    private(set) var reader: LineReader?
    /// The generations to go through after this one, the oldest first. How each begins is known from now on, so that one
    /// that is truncated before its turn is recognized.
    private var later: [LineReader]
    private var wasAtEnd = false
    private var isFinished = false

    init(
        _ location: FileLocation,
        partition: RecordPartition,
        reading: Reading,
        reader: LineReader?,
        later: [LineReader] = []
    ) {
        self.location = location
        self.partition = partition
        self.reading = reading
        self.reader = reader
        self.later = later
    }

    /// Takes the next step.
    mutating func advance(_ batch: inout LineBatch) throws -> Step {
        do {
            return try takeStep(&batch)
        } catch let error as FileError {
            throw error.connectorError("input:")
        } catch var error as ConnectorError where error.cause is FileError && error.code == .invalidConfiguration {
            // It was right at the start, so it may become right again: a new file may not have its permissions yet.
            error.code = .retryable
            throw error
        }
    }

    private mutating func takeStep(_ batch: inout LineBatch) throws -> Step {
        if isFinished { return .finished }
        guard let step = try reader?.step(into: &batch, partition: partition) else { return try waitForFile(&batch) }
        switch step {
        case .lines:
            wasAtEnd = false
            return .lines
        case .more: return .more
        case .truncated:
            try startOver(&batch)
            return .lines
        case .end: return try reading.follows ? lookAround(&batch) : goOn(&batch)
        }
    }

    /// Leaves a generation that is at its end for the next one, or ends.
    private mutating func goOn(_ batch: inout LineBatch) throws -> Step {
        let found = batch.records.count + batch.rejected.count
        guard try reader?.takeLast(into: &batch, partition: partition) ?? true else { return .lines }
        let hasFound = batch.records.count + batch.rejected.count > found
        if later.isEmpty {
            isFinished = true
            reader = nil
            return hasFound ? .lines : .finished
        }
        begin(later.removeFirst(), &batch)
        return .lines
    }

    /// Looks, at the end of a file that is followed, whether another one has taken its place.
    private mutating func lookAround(_ batch: inout LineBatch) throws -> Step {
        if !later.isEmpty {
            if wasAtEnd { return try goOn(&batch) }
            wasAtEnd = true
            return .idle
        }
        guard let reader, let present = try FileSystem.statusIfPresent(of: location.path) else { return .idle }
        // An empty file is no reason to leave the old one, to which may still be written.
        guard !present.isSameFile(as: reader.status), present.size > 0 else { return .idle }
        guard let file = try RotationSearch.openIfPresent(location.path) else { return .idle }
        let between = try RotationSearch(location).generations(behind: reader.status, until: file)
        later = try (between + [file]).map(makeReader)
        wasAtEnd = true
        return .idle
    }

    /// Looks whether a file that was not there has appeared.
    private mutating func waitForFile(_ batch: inout LineBatch) throws -> Step {
        guard let file = try RotationSearch.openIfPresent(location.path) else { return .idle }
        reader = try makeReader(file)
        return .more
    }

    /// Goes on after the file was truncated: with the rest of the copy that was made of it before, if there is one.
    private mutating func startOver(_ batch: inout LineBatch) throws {
        guard let old = reader else { return }
        let search = RotationSearch(location)
        if let copy = try search.copy(of: old) {
            let between = try search.generations(behind: copy.status, until: old.file)
            reader = try LineReader(copy.file, at: old.next, chunkSize: reading.chunkSize, isWatched: true)
            later = try (between + [old.file]).map(makeReader) + later
            wasAtEnd = false
            return
        }
        begin(try makeReader(old.file), &batch)
    }

    private mutating func begin(_ reader: LineReader, _ batch: inout LineBatch) {
        wasAtEnd = false
        self.reader = reader
        let offset = RecordOffset(0, incarnation: reader.identity.incarnation(at: 0).bits)
        batch.progress.append(RecordPosition(partition: partition, offset: offset))
    }

    private func makeReader(_ file: FileDescriptor) throws -> LineReader {
        try LineReader(file, chunkSize: reading.chunkSize, isWatched: reading.follows)
    }
}

extension FileInput {
    /// Whether nothing is left at present but, perhaps, a line without its newline.
    func isCaughtUp() -> Bool {
        guard let reader else { return true }
        guard later.isEmpty, let size = try? reader.file.status().size else { return false }
        return reader.isCaughtUp(size: size)
    }

    /// The position before the first byte; `nil` where there is nothing that could be missed.
    var beginning: RecordPosition? {
        guard let reader, reader.status.size > 0 else { return nil }
        let offset = RecordOffset(0, incarnation: reader.identity.incarnation(at: 0).bits)
        return RecordPosition(partition: partition, offset: offset)
    }

    /// How many bytes were not handed out yet.
    func lag() throws(FileError) -> Int64 {
        guard let reader else { return 0 }
        var lag = max(try reader.file.status().size - reader.offset, 0)
        for next in later { lag += try next.file.status().size }
        return lag
    }
}
