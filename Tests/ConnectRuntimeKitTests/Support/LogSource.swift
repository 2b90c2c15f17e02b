// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization

/// Reads logs, each a partition, in turns; goes on from what was committed and leaves out what is held back.
actor LogSource: CommittingSource {
    struct Log: Sendable {
        let partition: RecordPartition
        let entries: [String]

        init(_ name: String, _ entries: [String]) {
            partition = RecordPartition(name)
            self.entries = entries
        }

        /// Entries that are numbered and begin with the name of the log.
        init(_ name: String, count: Int) { self.init(name, (0..<count).map { "\(name)\($0)" }) }
    }

    nonisolated let traits: SourceTraits
    private let logs: [Log]
    private let batch: Int
    private let unit: Int
    private let staysOpen: Bool
    private let key: @Sendable (String) -> String?
    private let onPoll: @Sendable (PollRequest) -> Void
    private var next: [Int] = []
    private var turn = 0

    /// - Parameters:
    ///   - batch: how many records of each log are in a batch.
    ///   - unit: how many records a unit has.
    ///   - staysOpen: whether the end of the logs is no end of the source.
    init(
        _ logs: [Log],
        batch: Int = 4,
        unit: Int = 1,
        staysOpen: Bool = false,
        traits: SourceTraits = SourceTraits(),
        key: @escaping @Sendable (String) -> String? = { _ in nil },
        onPoll: @escaping @Sendable (PollRequest) -> Void = { _ in }
    ) {
        self.logs = logs
        self.batch = batch
        self.unit = unit
        self.staysOpen = staysOpen
        self.traits = traits
        self.key = key
        self.onPoll = onPoll
    }

    func start(_ context: ConnectorContext) async throws {
        for log in logs {
            next.append(try await context.offset(of: log.partition)?.sequence.map { Int($0) + 1 } ?? 0)
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try Task.checkCancellation()
        onPoll(request)
        var records: [ConnectorRecord] = []
        for _ in logs.indices {
            let log = turn % logs.count
            turn += 1
            let isHeldBack = traits.canHoldBackPartitions && request.heldBack.contains(logs[log].partition)
            if isHeldBack { continue }
            let count = min(batch, logs[log].entries.count - next[log], request.maxRecords - records.count)
            for _ in 0..<max(0, count) { records.append(read(log)) }
        }
        guard records.isEmpty else { return SourceBatch(records) }
        let isEnd = logs.indices.allSatisfy { next[$0] >= logs[$0].entries.count }
        if isEnd, staysOpen { try await Task.sleep(for: .seconds(3600)) }
        await Task.yield()
        return SourceBatch(isEnd: isEnd)
    }

    private func read(_ log: Int) -> ConnectorRecord {
        let number = next[log]
        next[log] += 1
        let entry = logs[log].entries[number]
        let endsUnit = (number + 1) % unit == 0 || number + 1 == logs[log].entries.count
        var record = ConnectorRecord(
            .text(entry),
            partition: logs[log].partition,
            offset: endsUnit ? RecordOffset(Int64(number)) : nil
        )
        if let key = key(entry) { record.key = .text(key) }
        return record
    }

    func commit(_ positions: [RecordPosition]) async throws {}
}

/// What reached a sink, in order.
final class Output: Sendable {
    private let state = Mutex<[String]>([])
    var rows: [String] { state.withLock { $0 } }
    var count: Int { state.withLock(\.count) }
    func append(_ row: String) { state.withLock { $0.append(row) } }
    func append(_ batch: RecordBatch) { for record in batch { append(record.text) } }
    /// The rows that begin with a letter.
    func rows(of name: String) -> [String] { rows.filter { $0.hasPrefix(name) } }
}

extension ConnectorRecord {
    var text: String { data.text ?? "" }
}

/// What a run of a pipeline comes to.
struct Outcome: Sendable {
    var error: ConnectorError?
    var counts: DeliveryCounts
}

/// Runs a pipeline to its end.
func ending(of pipeline: Pipeline) async -> Outcome {
    let error = await failure(of: pipeline)
    return Outcome(error: error, counts: pipeline.status.counts)
}

extension DeliveryCounts {
    /// G14, at the end of a run that was drained.
    var isBalanced: Bool { inFlight == 0 && polled == delivered + filtered + deadLettered + dropped + lost }
}

extension DeliveryOptions {
    /// The defaults, changed.
    static func with(_ change: (inout DeliveryOptions) -> Void) -> DeliveryOptions {
        var options = DeliveryOptions()
        change(&options)
        return options
    }
}
