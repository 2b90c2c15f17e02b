// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A system in memory that pipelines read and write: records in partitions, as a log keeps them.
///
/// What is appended, by a test or by an ``InMemorySink``, can be read by any number of ``InMemorySource``s, again and
/// again, and looked at and waited for by a test. The log outlives the connectors, which are made anew for each run:
///
/// ```swift
/// let (orders, accepted) = (InMemoryLog(["a", "b", "c"]), InMemoryLog())
/// try await Pipeline("orders", from: InMemorySource(orders), to: InMemorySink(accepted), offsets: store).run()
/// #expect(accepted.texts == ["a", "b", "c"])
/// ```
///
/// Safe to use from any task. In each partition the records have the offsets 0, 1, 2 and so on.
public final class InMemoryLog: Sendable {
    private let state: Lock<InMemoryLogState>
    private let changed = ChangeSignal()

    /// An empty log.
    ///
    /// - Parameter capacity: the most records to keep: then the oldest one is dropped for each new one, so that a
    ///   demonstration can run for long. `nil` to keep all.
    public init(capacity: Int? = nil) {
        state = Lock(InMemoryLogState(capacity: capacity.map { max(1, $0) }))
    }

    /// A finished log of records in one partition: whoever reads it comes to an end.
    public convenience init(_ data: [RecordData]) {
        self.init()
        append(contentsOf: data.map { ConnectorRecord($0) })
        finish()
    }

    // MARK: Writing

    /// Appends a record of a partition.
    public func append(_ data: RecordData, to partition: RecordPartition = .single) {
        append(contentsOf: [ConnectorRecord(data, partition: partition)])
    }

    /// Appends records, each to its partition and each a unit of its own.
    ///
    /// They are kept as they are; a source that reads them gives them their offsets in the log.
    public func append(contentsOf records: some Sequence<ConnectorRecord>) {
        state.withLock { state in
            for record in records { state.append(record) }
        }
        changed.notify()
    }

    /// Appends records to one partition as one unit, which is committed as a whole or not at all.
    public func append(unit records: [ConnectorRecord], to partition: RecordPartition = .single) {
        state.withLock { state in
            for (index, var record) in records.enumerated() {
                record.partition = partition
                state.append(record, endsUnit: index == records.count - 1)
            }
        }
        changed.notify()
    }

    /// Lets a source end as soon as it has read everything. What is appended afterwards is read all the same, by a source
    /// that has not come to the end or by the next one.
    public func finish() {
        state.withLock { $0.isFinished = true }
        changed.notify()
    }

    // MARK: Looking

    /// The records that are kept, in the order in which they were appended.
    public var records: [ConnectorRecord] { state.withLock { $0.records } }

    /// The records of one partition that are kept.
    public func records(of partition: RecordPartition) -> [ConnectorRecord] {
        state.withLock { $0.records(of: partition) }
    }

    /// The data of the records that are kept, as texts; empty for data that is none.
    public var texts: [String] { records.map { $0.data.text ?? "" } }

    /// How many records were appended, whether they are kept or not.
    public var count: Int { state.withLock { $0.count } }

    /// How many records were dropped to make room.
    public var droppedCount: Int { state.withLock { $0.droppedCount } }

    /// What a pipeline has committed of this log.
    ///
    /// - Parameter pipeline: the name of the pipeline; `nil` for what each pipeline that reads the log has committed.
    public func committed(by pipeline: String? = nil) -> [RecordPosition] {
        state.withLock { $0.committed(by: pipeline) }
    }

    // MARK: Waiting

    /// Waits until a number of records were appended since the log was made.
    ///
    /// - Returns: the records that are kept.
    /// - Throws: `CancellationError` when cancelled.
    @discardableResult
    public func waitForCount(_ count: Int) async throws -> [ConnectorRecord] {
        try await wait { $0.count >= count ? $0.records : nil }
    }

    /// Waits until a position, or what follows it in its partition, is committed.
    ///
    /// - Parameters:
    ///   - position: the position.
    ///   - pipeline: the name of the pipeline; `nil` for each pipeline that reads the log.
    /// - Throws: `CancellationError` when cancelled.
    public func waitForCommit(of position: RecordPosition, by pipeline: String? = nil) async throws {
        try await wait { $0.hasCommitted([position], by: pipeline) ? () : nil }
    }

    /// Waits until everything that has been appended so far is committed.
    ///
    /// - Parameter pipeline: the name of the pipeline; `nil` for each pipeline that reads the log.
    /// - Throws: `CancellationError` when cancelled.
    public func waitForCommit(by pipeline: String? = nil) async throws {
        let ends = state.withLock { $0.ends }
        try await wait { $0.hasCommitted(ends, by: pipeline) ? () : nil }
    }

    private func wait<Result: Sendable>(
        until look: @Sendable (borrowing InMemoryLogState) -> Result?
    ) async throws -> Result {
        while true {
            let seen = changed.count
            if let result = state.withLock({ look($0) }) { return result }
            try await changed.wait(beyond: seen)
        }
    }
}

// MARK: The connectors' side

extension InMemoryLog {
    /// How many changes there were; what is read after this was looked at cannot be missed by ``waitForChange(beyond:)``.
    var changeCount: UInt64 { changed.count }

    func waitForChange(beyond count: UInt64) async throws { try await changed.wait(beyond: count) }

    /// Has whoever waits look again.
    func notify() { changed.notify() }

    /// Begins to read behind what a pipeline has committed.
    func cursor(of pipeline: String, from positions: [RecordPosition]) throws(ConnectorError) -> InMemoryLogCursor {
        try state.withLock { state throws(ConnectorError) in try state.cursor(of: pipeline, from: positions) }
    }

    /// The next records, or `nil` where there is nothing to say at present.
    func read(
        _ cursor: InMemoryLogCursor,
        _ request: PollRequest
    ) throws(ConnectorError) -> (SourceBatch?, InMemoryLogCursor) {
        try state.withLock { state throws(ConnectorError) in
            var moved = cursor
            let batch = try state.read(&moved, request)
            return (batch, moved)
        }
    }

    func lag(of cursor: InMemoryLogCursor) -> [RecordPartition: Int64] { state.withLock { $0.lag(of: cursor) } }

    /// Makes sure that a source could go on from an offset.
    func check(_ position: RecordPosition) throws(ConnectorError) {
        try state.withLock { state throws(ConnectorError) in _ = try state.next(after: position) }
    }

    func noteCommit(_ positions: [RecordPosition], by pipeline: String) {
        state.withLock { $0.noteCommit(positions, by: pipeline) }
        changed.notify()
    }

    func positions(in scope: ClaimScope) -> [StoredPosition] { state.withLock { $0.positions(in: scope) } }

    /// Appends records together with the positions behind them, or nothing where those are not the expected ones.
    func append(_ records: RecordBatch, advancing advance: PositionAdvance) throws(ConnectorError) {
        try state.withLock { state throws(ConnectorError) in
            try state.advance(advance)
            for record in records { state.append(record) }
        }
        changed.notify()
    }
}
