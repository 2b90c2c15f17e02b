// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Reads an ``InMemoryLog``: for tests of pipelines, functions and sinks, and for demonstrations.
///
/// It goes on behind the committed offsets, waits for records that are appended while it runs, and ends when the log is
/// finished and everything is read. Partitions that are held back are left out; those that are new in the log are read
/// from their beginning. Several pipelines can read one log, each with its own offsets.
public actor InMemorySource: CommittingSource {
    private let log: InMemoryLog
    private var cursor = InMemoryLogCursor()
    private var pipeline = ""

    /// A source that reads a log.
    public init(_ log: InMemoryLog) {
        self.log = log
    }

    /// Cumulative offsets kept by the offset store; replayable as far as the log keeps its records.
    public nonisolated var traits: SourceTraits { SourceTraits(canHoldBackPartitions: true) }

    /// Begins behind what is committed.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `corruptOffsets` where the log does not have what follows.
    public func start(_ context: ConnectorContext) async throws {
        pipeline = context.pipeline
        cursor = try log.cursor(of: pipeline, from: try await context.positions())
    }

    /// Takes what the request allows, from the partitions in turns; waits where there is nothing.
    ///
    /// - Throws: `CancellationError`; ``/OpenConnect/ConnectorError`` with the code `fatal` where the log has dropped what
    ///   comes next.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        try Task.checkCancellation()
        while true {
            let seen = log.changeCount
            let (batch, moved) = try log.read(cursor, request)
            cursor = moved
            if let batch { return batch }
            try await log.waitForChange(beyond: seen)
        }
    }

    /// Tells the log, for those who wait for it.
    public func commit(_ positions: [RecordPosition]) async throws {
        log.noteCommit(positions, by: pipeline)
    }
}

extension InMemorySource: HoldObserving {
    /// Has a poll that waits look again.
    public func heldBackPartitionsChanged(to partitions: [RecordPartition]) async {
        log.notify()
    }
}

extension InMemorySource: LagReporting {
    /// How many records of each partition were not polled yet.
    public func lag() async throws -> [RecordPartition: Int64] { log.lag(of: cursor) }
}

extension InMemorySource: OffsetEditing {
    /// Refuses what the log does not have.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration`.
    public func willEditOffsets(_ offsets: [RecordPartition: RecordOffset?]) async throws {
        for case (let partition, let offset?) in offsets {
            do {
                try log.check(RecordPosition(partition: partition, offset: offset))
            } catch {
                throw ConnectorError(.invalidConfiguration, error.message, cause: error)
            }
        }
    }
}
