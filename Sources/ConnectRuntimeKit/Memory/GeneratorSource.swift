// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Makes up records, as many and as fast as it is told: for tests of load, for demonstrations, for the first minutes with
/// a new sink.
///
/// ```swift
/// GeneratorSource(.text(bytes: 200), rate: .wave(from: 10, to: 1000, period: .seconds(60)), partitions: 4)
/// ```
///
/// What a record is follows from the seed, the partition and its number there, which is its offset. So a replay brings the
/// same records, and a pipeline that is started again goes on where it was committed. Only the shape of the rate begins
/// anew with each start.
///
/// The source lives by the clock of its context. Records that are due within 5 ms come together, so a high rate comes in
/// batches. When the pipeline has not polled for a while, what was due meanwhile comes later: the source makes up for one
/// second of its shape at once, and goes on with the shape from there. No record is left out.
public actor GeneratorSource: Source {
    private let rate: GeneratorRate
    private let maker: GeneratedRecordMaker
    private let count: Int64?
    private let partitions: [RecordPartition]
    private let indices: [RecordPartition: Int]
    private let holds = ChangeSignal()
    private var clock = ConnectorClock.continuous
    private var cursor: GeneratorCursor
    private var schedule: GeneratorSchedule

    /// A source that makes up records.
    ///
    /// - Parameters:
    ///   - payload: what the records carry.
    ///   - rate: how many there are in a second, over all partitions.
    ///   - count: how many there are in all, shared out among the partitions; `nil` for no end.
    ///   - partitions: how many partitions there are. They are called `0`, `1` and so on; a single one has no name.
    ///   - keys: how many different keys the records have, `key-0`, `key-1` and so on; 0 for none.
    ///   - eventAttributes: whether records have an id, source, type, subject and time of their own.
    ///   - seed: another one brings other records.
    public init(
        _ payload: GeneratedPayload = .text(bytes: 100),
        rate: GeneratorRate = .unlimited,
        count: Int64? = nil,
        partitions: Int = 1,
        keys: Int = 0,
        eventAttributes: Bool = false,
        seed: UInt64 = 0
    ) {
        self.rate = rate
        self.count = count.map { max(0, $0) }
        self.partitions = partitions > 1 ? (0..<partitions).map { RecordPartition("\($0)") } : [.single]
        indices = Dictionary(uniqueKeysWithValues: zip(self.partitions, self.partitions.indices))
        maker = GeneratedRecordMaker(
            payload: payload,
            partitions: self.partitions,
            keys: max(0, keys),
            hasEventAttributes: eventAttributes,
            seed: seed
        )
        cursor = GeneratorCursor(partitions: self.partitions.count, count: self.count)
        schedule = GeneratorSchedule(rate, from: ConnectorClock.Instant(nanoseconds: 0))
    }

    /// Cumulative offsets kept by the offset store; replayable.
    public nonisolated var traits: SourceTraits { SourceTraits(canHoldBackPartitions: true) }

    /// Begins behind what is committed.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `corruptOffsets` where another source committed it, or this
    ///   one with more partitions.
    public func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        for position in try await context.positions() {
            let (partition, number) = try place(of: position)
            cursor.resume(partition, behind: number)
        }
        schedule = GeneratorSchedule(rate, from: clock.now)
    }

    /// Makes the records that are due; waits where there are none.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        try Task.checkCancellation()
        while !cursor.isAtEnd {
            let seen = holds.count
            let now = clock.now
            let due = schedule.due(at: now)
            let records = due > 0 ? make(request, due) : []
            if !records.isEmpty { return SourceBatch(records, isEnd: cursor.isAtEnd) }
            if due == 0, let next = schedule.next(after: now) {
                try await clock.sleep(until: next)
            } else {
                // Nothing is due ever again, or all that is left is held back.
                try await holds.wait(beyond: seen)
            }
        }
        return .end
    }

    private func make(_ request: PollRequest, _ due: Int64) -> [ConnectorRecord] {
        let heldBack = Set(request.heldBack.compactMap { indices[$0] })
        let records = maker.records(&cursor, request, atMost: due, besides: heldBack)
        schedule.noteMade(records.count)
        return records
    }

    private func place(of position: RecordPosition) throws(ConnectorError) -> (partition: Int, number: Int64) {
        if let partition = indices[position.partition], let number = position.offset.sequence, number >= 0,
            number < .max, position.offset.incarnation == 0
        {
            return (partition, number)
        }
        throw ConnectorError(
            .corruptOffsets,
            "\(position) is not of a generator with \(partitions.count) partition\(partitions.count == 1 ? "" : "s"): give "
                + "it as many as before, or reset the offsets of the pipeline",
            position: position
        )
    }
}

extension GeneratorSource: HoldObserving {
    /// Has a poll that waits look again.
    public func heldBackPartitionsChanged(to partitions: [RecordPartition]) async {
        holds.notify()
    }
}

extension GeneratorSource: OffsetEditing {
    /// Refuses what is not a number from 0 on of one of the partitions.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration`.
    public func willEditOffsets(_ offsets: [RecordPartition: RecordOffset?]) async throws {
        for case (let partition, let offset?) in offsets {
            do {
                _ = try place(of: RecordPosition(partition: partition, offset: offset))
            } catch {
                throw ConnectorError(.invalidConfiguration, error.message, cause: error)
            }
        }
    }
}
