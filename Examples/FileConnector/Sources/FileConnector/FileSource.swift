// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import OpenConnectFiles

/// Reads the lines of files: each line is a record, each file a partition.
///
/// **Records.** The data is the line without its newline, as bytes (a carriage return stays); the event source is the
/// file's URI, the type `org.openconnect.file.line`, the content type `text/plain`, and the subject the byte at which
/// the line begins. A last line without a newline is a record when the end of the file is final; in a file that is
/// followed it waits for its newline, or for the rotation. What is appended to a last line that was a record is a line
/// of its own. A line longer than ``Options/maxLineBytes`` is rejected input.
///
/// **Positions.** A partition is named by the path, its directory without symbolic links. An offset is the byte behind
/// the line's newline; its incarnation tells the generations of a rotated file apart, by device, inode and the first
/// 256 bytes. So a restart goes on in the right file whatever was rotated meanwhile: in the file itself, in its renamed
/// or copied predecessor (a sibling whose name begins with the file's name) and all generations since, or nowhere, with
/// an error: never silently from the start. An empty file has no position; as long as there is nothing in it, that of the
/// generation before it stays.
///
/// **Rotation** of a followed file is recognized by rename, by removal and re-creation, and by truncation in place. A
/// renamed file is read to its end before the new one is begun, and so is the copy that was made before a truncation.
/// However many rotations there were since the last look, all generations are read that are still there, in the order
/// that the numbers or dates in their names tell.
///
/// A path may be a symbolic link, which gives the partition its name. Generations are looked for where it leads; one that
/// was moved on makes the files it led to before earlier generations: the one that is known, and those in between whose
/// names differ from it and from the present one in numbers only.
///
/// Truncation in place (`copytruncate`) is inherently unsafe: what was written between the copy and the truncation is in
/// neither. A file that was truncated and has then grown again, with the same first bytes, beyond the place that was read
/// cannot be told from one that was only appended to.
///
/// Reading a file blocks its thread for as long as the disk takes for one chunk; there is no other way with regular
/// files.
public actor FileSource: Source {
    /// Cumulative and replayable, kept by the offset store; a file can be held back while others are read.
    public nonisolated let traits: SourceTraits
    private let paths: [String]
    private let options: Options
    private var inputs: [FileInput] = []
    private var turn = 0
    /// Where those inputs begin of which nothing is stored. It is committed before their first line is put: a file that is
    /// rotated away after a crash before the first commit would otherwise be unknown, and its lines lost.
    private var beginnings: [RecordPosition] = []
    private var clock = ConnectorClock.continuous
    /// What went wrong behind the lines that the last poll returned.
    private var failure: (any Error)?

    /// A source of the lines of some files.
    ///
    /// - Parameters:
    ///   - paths: the files; each only once, in whatever spelling.
    ///   - options: how they are read.
    public init(paths: [String], options: Options = Options()) {
        self.paths = paths
        self.options = options
        traits = SourceTraits(canHoldBackPartitions: paths.count > 1)
    }

    /// Opens every file where it was left.
    ///
    /// A file that does not exist is an error, unless it is followed: then it is waited for.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` for an input that is missing, unreadable, not
    ///   a regular file or given twice, and for stored positions of files that are not among the inputs;
    ///   `corruptOffsets` where the file that a position speaks of is nowhere to be found.
    public func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        let stored = try await context.positions()
        inputs = try openInputs(from: stored, of: context.pipeline)
        let known = Set(stored.map(\.partition.name))
        beginnings = inputs.filter { !known.contains($0.location.path) }.compactMap(\.beginning)
    }

    /// Closes the files.
    public func stop() async {
        inputs = []
    }

    /// Reads the next lines, at most those of one chunk of each file; the files take turns.
    ///
    /// - Throws: `CancellationError` when cancelled; ``/OpenConnect/ConnectorError`` when a file cannot be read, with the
    ///   code `invalidConfiguration` for one that a ``FileSink`` of the same pipeline writes.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        if !beginnings.isEmpty {
            defer { beginnings = [] }
            return SourceBatch(progress: beginnings, quiet: .zero)
        }
        var batch = LineBatch(
            maxRecords: request.maxRecords,
            maxBytes: request.maxBytes,
            maxLineBytes: options.maxLineBytes
        )
        while true {
            if let failure {
                self.failure = nil
                throw failure
            }
            let round = advance(&batch, without: request.heldBack)
            if batch.isEmpty, failure != nil { continue }
            if !batch.isEmpty || round.isFinished { return finish(batch, round) }
            try Task.checkCancellation()
            if round.isBusy {
                await Task.yield()
            } else {
                try await clock.sleep(for: options.pollInterval)
                // Only the runner can say that partitions are no longer held back.
                if round.hasHeldBack { return SourceBatch(quiet: options.pollInterval) }
            }
        }
    }
}

extension FileSource {
    private struct Round {
        var isBusy = false
        var isFinished = true
        var hasHeldBack = false

        mutating func add(_ step: FileInput.Step) {
            isBusy = isBusy || step == .lines || step == .more
            isFinished = isFinished && step == .finished
        }
    }

    /// Gives each input its turn, or as many as there is room for.
    ///
    /// A failure waits for the next poll where there are lines already: they are taken from the inputs and must not be
    /// lost.
    private func advance(_ batch: inout LineBatch, without heldBack: [RecordPartition]) -> Round {
        var round = Round()
        for _ in inputs.indices {
            guard batch.hasRoom else {
                round.isFinished = false
                break
            }
            let index = turn
            turn = index + 1 == inputs.count ? 0 : index + 1
            if !heldBack.isEmpty, heldBack.contains(inputs[index].partition) {
                round.hasHeldBack = true
                round.isFinished = false
                continue
            }
            do {
                round.add(try inputs[index].advance(&batch))
            } catch {
                failure = error
                round.isFinished = false
                break
            }
        }
        return round
    }

    private func finish(_ batch: LineBatch, _ round: Round) -> SourceBatch {
        let isQuiet = options.follow && inputs.allSatisfy { $0.isCaughtUp() }
        return SourceBatch(
            batch.records,
            progress: batch.progress,
            rejected: batch.rejected,
            isEnd: round.isFinished,
            quiet: isQuiet ? options.pollInterval : nil
        )
    }

    /// Opens the inputs, each where its stored position says.
    private func openInputs(from positions: [RecordPosition], of pipeline: String) throws -> [FileInput] {
        guard !paths.isEmpty else {
            throw ConnectorError(.invalidConfiguration, "there is no input; give the path of at least one file")
        }
        let locations = try paths.map { try FileLocation($0, purpose: "input") }
        try Self.checkDistinct(locations)
        try Self.checkKnown(positions, locations)
        let reading = FileInput.Reading(
            follows: options.follow,
            chunkSize: options.chunkSize,
            interval: options.pollInterval,
            clock: clock,
            pipeline: pipeline
        )
        return try locations.map { location in
            try FileInput.open(
                location,
                partition: try LinePartition.make(location),
                from: positions.first { $0.partition.name == location.path }?.offset,
                reading: reading
            )
        }
    }

    private static func checkDistinct(_ locations: [FileLocation]) throws {
        var seen: [FileLocation] = []
        for location in locations {
            let status = try? FileSystem.statusIfPresent(of: location.path)
            let twin = seen.first { other in
                guard other != location else { return true }
                guard let status, let others = try? FileSystem.statusIfPresent(of: other.path) else { return false }
                return others.isSameFile(as: status)
            }
            if let twin {
                throw ConnectorError(
                    .invalidConfiguration,
                    "'\(twin.path)' and '\(location.path)' are the same input; give each file only once"
                )
            }
            seen.append(location)
        }
    }

    private static func checkKnown(_ positions: [RecordPosition], _ locations: [FileLocation]) throws {
        let known = Set(locations.map(\.path))
        let missing = positions.map(\.partition.name).filter { !known.contains($0) }.sorted()
        guard let first = missing.first else { return }
        let names = missing.map { "'\($0)'" }.joined(separator: ", ")
        throw ConnectorError(
            .invalidConfiguration,
            "the state holds positions of inputs that are not given: \(names); "
                + "add `--from \(first)`, or use another state directory"
        )
    }
}

extension FileSource: LagReporting {
    /// How many bytes of each file were not polled yet.
    public func lag() async throws -> [RecordPartition: Int64] {
        var lag: [RecordPartition: Int64] = [:]
        for input in inputs {
            do {
                lag[input.partition] = try input.lag()
            } catch {
                throw error.connectorError("input:")
            }
        }
        return lag
    }
}

extension FileSource: ConnectionChecking {
    /// Opens every file where it was left, and closes it.
    ///
    /// - Throws: what ``start(_:)`` throws.
    public func checkConnection(_ context: ConnectorContext) async throws {
        _ = try openInputs(from: try await context.positions(), of: context.pipeline)
    }
}
