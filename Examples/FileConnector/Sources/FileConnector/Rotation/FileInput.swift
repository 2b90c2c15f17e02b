// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// One configured path, and the way through the generations of the file that appear there.
///
/// A generation is left only when nothing more can be in it: the next one has content, and this one was at its end at
/// two looks that are a poll interval apart. So a writer that goes on with the old file for a moment loses nothing.
///
/// An empty file is waited for like one that is not there: nothing tells it from its successors, which a rotation by
/// truncation writes into the same file. When there is content, the rotated files are looked through for all that came
/// in between.
struct FileInput {
    /// How a file is read.
    struct Reading: Sendable {
        let follows: Bool
        let chunkSize: Int
        /// How far apart the two looks are.
        let interval: Duration
        let clock: ConnectorClock
        /// The pipeline whose outputs are no inputs.
        let pipeline: String

        func reader(_ generation: Generation, at offset: Int64 = 0) -> LineReader {
            LineReader(generation, at: offset, chunkSize: chunkSize, isWatched: follows)
        }
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
    /// What came before the generation that is waited for while there is none to read.
    private var last: LineReader?
    /// Where the path led at the start.
    private let start: FileLocation
    /// The generations to go through after this one, the oldest first. They are held open, so that one that is removed
    /// before its turn can be read.
    private var later: [Generation] = []
    private var lastLook: Look?
    /// When the reader was first seen at its end with something behind it.
    private var atEndSince: ConnectorClock.Instant?
    private var isFinished = false

    /// What tells whether to look for rotated files anew.
    private struct Look: Equatable {
        let present: FileStatus?
        let directory: FileStatus?
        /// The directory that the path leads into, where it is a symbolic link.
        let targets: FileStatus?
    }

    /// - Parameters:
    ///   - reader: reads the generation to begin with; `nil` to wait for one.
    ///   - last: the generation before the one that is waited for; `nil` where there are none.
    ///   - start: where the path leads at present.
    init(
        _ location: FileLocation,
        partition: RecordPartition,
        reading: Reading,
        reader: LineReader? = nil,
        behind last: LineReader? = nil,
        since start: FileLocation
    ) {
        self.location = location
        self.partition = partition
        self.reading = reading
        self.reader = reader
        self.last = last
        self.start = start
    }

    /// Takes the next step.
    mutating func advance(_ batch: inout LineBatch) throws -> Step {
        do {
            return try takeStep(&batch)
        } catch let error as FileError {
            throw error.connectorError("input:").amidReading
        } catch let error as ConnectorError where error.cause is FileError {
            throw error.amidReading
        }
    }

    private mutating func takeStep(_ batch: inout LineBatch) throws -> Step {
        if isFinished { return .finished }
        try refuseOutput()
        guard let step = try reader?.step(into: &batch, partition: partition) else { return try waitForFile(&batch) }
        switch step {
        case .lines:
            atEndSince = nil
            return .lines
        case .more: return .more
        case .truncated: return try startOver(&batch)
        case .end: return try reading.follows ? lookAround(&batch) : goOn(&batch)
        }
    }

    /// The sink may have opened its output, under whatever name, after the file was found.
    private func refuseOutput() throws {
        guard let reader, OpenOutput.isWritten(reader.status, by: reading.pipeline) else { return }
        throw ConnectorError(
            .invalidConfiguration,
            "the input '\(location.path)' is also an output of the pipeline '\(reading.pipeline)', which would read what it "
                + "writes, without end; choose another output"
        )
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
    ///
    /// What is found at the first look may be rotated before the second one, so it is looked for again.
    private mutating func lookAround(_ batch: inout LineBatch) throws -> Step {
        let now = reading.clock.now
        if let atEndSince {
            guard now.since(atEndSince) >= reading.interval else { return .idle }
        } else {
            guard try !later.isEmpty || hasChanged() else { return .idle }
        }
        try lookForFollowers()
        guard !later.isEmpty else {
            atEndSince = nil
            return .idle
        }
        if atEndSince != nil { return try goOn(&batch) }
        atEndSince = now
        return .idle
    }

    /// Looks whether a file that was not there, or was empty, has content.
    private mutating func waitForFile(_ batch: inout LineBatch) throws -> Step {
        guard try hasChanged() else { return .idle }
        try lookForFollowers()
        guard !later.isEmpty else { return .idle }
        begin(later.removeFirst(), &batch)
        return .lines
    }

    /// Goes on after the file was truncated: with the rest of the copy that was made of it before, if there is one.
    private mutating func startOver(_ batch: inout LineBatch) throws -> Step {
        guard let old = reader else { return .idle }
        atEndSince = nil
        reader = try RotationSearch(old.place, of: location).copy(of: old).map { reading.reader($0, at: old.next) }
        last = reader == nil ? old : nil
        try lookForFollowers()
        if reader != nil { return .more }
        if later.isEmpty {
            // What was read is in no file any longer, so a position in it is none to go on from.
            tell(FileIdentity(device: old.status.device, inode: old.status.inode), &batch)
        } else {
            begin(later.removeFirst(), &batch)
        }
        return .lines
    }

    private mutating func begin(_ generation: Generation, _ batch: inout LineBatch) {
        atEndSince = nil
        reader = reading.reader(generation)
        last = nil
        tell(generation.identity, &batch)
    }

    /// Tells that everything before a generation was read.
    private func tell(_ identity: FileIdentity, _ batch: inout LineBatch) {
        batch.progress.append(Self.beginning(of: identity, partition))
    }
}

extension FileInput {
    /// Whether there may be a generation behind the one that was read: other content at the path, or a rotation.
    private mutating func hasChanged() throws -> Bool {
        let present = try FileSystem.statusIfPresent(of: location.path)
        if let present, let reader, present.isSameFile(as: reader.status) { return false }
        if let present, present.size > 0 { return true }
        let look = Look(
            present: present,
            directory: try FileSystem.statusIfPresent(of: location.directory),
            targets: try FileSystem.statusIfPresent(of: location.target().directory)
        )
        defer { lastLook = look }
        return look != lastLook
    }

    /// Looks for everything that is to be read after the present generation.
    mutating func lookForFollowers() throws {
        let found = try InputSearch(location).followers(behind: reader ?? last, since: start).filter { follower in
            reader.map { !follower.status.isSameFile(as: $0.status) } ?? true
        }
        // Of what was found before, a file may have been removed, and can still be read.
        let removed = try later.filter { held in
            try !found.contains { $0.isSameFile(as: held) } && held.isIntact()
        }
        later = removed + found
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
        guard let reader, !reader.identity.beginning.isEmpty else { return nil }
        return Self.beginning(of: reader.identity, partition)
    }

    private static func beginning(of identity: FileIdentity, _ partition: RecordPartition) -> RecordPosition {
        let offset = RecordOffset(0, incarnation: identity.beginningIncarnation.bits)
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

extension ConnectorError {
    /// The input was right at the start, so it may become right again: a new file may not have its permissions yet, and a
    /// directory may be moved away and made anew.
    fileprivate var amidReading: ConnectorError {
        guard code == .invalidConfiguration else { return self }
        var error = self
        error.code = .retryable
        return error
    }
}
