// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// One life of a source in a check, from its start to its stop.
final class SourceSession: ConformanceSession {
    /// The instance, as the author made it.
    let base: any Source
    /// What is polled: the instance, or its readers.
    let source: any Source
    let host: ConformanceHost
    let trial: SourceTrial

    init(_ base: any Source, _ host: ConformanceHost, _ trial: SourceTrial) {
        self.base = base
        self.host = host
        self.trial = trial
        source = (base as? any PartitionedSource).map { ReadersSource($0, trial.caller) } ?? base
    }

    private var caller: Caller { trial.caller }

    /// Whether records may go without an offset: nobody stores it, and nobody is told it.
    var needsNoOffsets: Bool { base.traits.positions == .nobody && !(base is any AcknowledgingSource) }

    /// The records that lie before the end of the last unit of their partition.
    func wholeUnits(of records: some BidirectionalCollection<ConnectorRecord>) -> [ConnectorRecord] {
        if base.traits.positions == .nobody { return Array(records) }
        var hasEnd: Set<RecordPartition> = []
        let whole = records.reversed().filter { record in
            if record.offset != nil { hasEnd.insert(record.partition) }
            return hasEnd.contains(record.partition)
        }
        return whole.reversed()
    }

    func start() async throws { try await caller.call("start", starting()) }

    /// The call of `start`, for a check that looks at how it ends.
    func starting() -> @Sendable () async throws -> Void {
        trial.sessions.noteStarting(self)
        return { [source, host] in try await source.start(host.context) }
    }

    func stop() async throws {
        trial.sessions.noteStopping(self)
        try await caller.call("stop") { [source] in await source.stop() }
    }

    @discardableResult
    func end() async throws -> [String] {
        try await stop()
        return await trial.endTasks(of: host)
    }

    func beginPoll(_ request: PollRequest = .everything, isCancelled: Bool = false) -> LooseCall<SourceBatch> {
        caller.begin(isCancelled: isCancelled) { [source] in try await source.poll(request) }
    }

    func poll(_ request: PollRequest = .everything) async throws -> SourceBatch {
        try await caller.call("poll") { [source] in try await source.poll(request) }
    }

    /// Polls until there are that many records, or the end.
    func read(_ count: Int, _ request: PollRequest = .everything) async throws -> SourceReading {
        var reading = SourceReading()
        var deadline = ContinuousClock.now + trial.limits.call
        while reading.records.count < count, !reading.isEnd {
            let batch = try await nextBatch(request, behind: reading.records.count, of: count)
            reading.add(batch)
            if !batch.records.isEmpty || !batch.rejected.isEmpty { deadline = .now + trial.limits.call }
            if batch.records.isEmpty {
                guard ContinuousClock.now < deadline else { throw missing(reading.records.count, of: count) }
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        guard reading.records.count >= count else { throw missing(reading.records.count, of: count) }
        return reading
    }

    /// Reads all that is there: as many records as are expected, and then what comes too much.
    func readAll(_ count: Int) async throws -> SourceReading {
        var reading = try await read(count)
        if trial.subject.growsWhileRead {
            reading.add(try await surplus())
        } else {
            let deadline = ContinuousClock.now + trial.limits.call
            while !reading.isEnd, ContinuousClock.now < deadline { reading.add(try await poll()) }
        }
        return reading
    }

    /// What comes although nothing is expected. The session is not polled again.
    func surplus() async throws -> SourceBatch {
        let end = ContinuousClock.now + trial.limits.idle
        while ContinuousClock.now < end {
            let call = beginPoll()
            guard let outcome = await call.outcome(within: trial.limits.idle) else {
                call.cancel()
                // Whether it obeys is not what is checked here, but stop must not meet a poll.
                _ = await call.outcome(within: trial.limits.cancellation)
                return SourceBatch()
            }
            guard case .success(let batch) = outcome, batch.records.isEmpty, !batch.isEnd else {
                return (try? outcome.get()) ?? SourceBatch()
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        return SourceBatch()
    }

    /// Says that records are settled, as a runner does: all of them delivered.
    ///
    /// - Returns: the committed positions.
    func settle(_ records: some Collection<ConnectorRecord>) async throws -> [RecordPosition] {
        let positions = trial.positions(behind: records)
        if let source = base as? any CommittingSource, !positions.isEmpty {
            try await caller.call("commit") { try await source.commit(positions) }
        }
        if let source = base as? any AcknowledgingSource {
            let delivered = records.compactMap(\.position).map { Acknowledgement(position: $0, outcome: .delivered) }
            if !delivered.isEmpty {
                try await caller.call("acknowledge") { try await source.acknowledge(delivered) }
            }
        }
        return positions
    }

    private func nextBatch(_ request: PollRequest, behind found: Int, of count: Int) async throws -> SourceBatch {
        let call = beginPoll(request)
        guard let outcome = await call.outcome(within: trial.limits.call) else {
            call.cancel()
            throw missing(found, of: count)
        }
        do {
            return try outcome.get()
        } catch {
            throw Finding.broken(
                expected: "\(count) records",
                seen: "\(found), and then the error '\(error)' from poll",
                advice: "nothing was wrong with the system, so do not throw"
            )
        }
    }

    private func missing(_ found: Int, of count: Int) -> Finding {
        .broken(
            expected: "\(count) records",
            seen: "\(found), and no more within \(trial.limits.call)",
            advice: "return every item that follows the position, as soon as it is there"
        )
    }
}

/// What was read from a source.
struct SourceReading {
    var records: [ConnectorRecord] = []
    var batches: [SourceBatch] = []
    var isEnd = false

    var rejected: [RejectedInput] { batches.flatMap(\.rejected) }

    mutating func add(_ batch: SourceBatch) {
        records += batch.records
        batches.append(batch)
        isEnd = isEnd || batch.isEnd
    }
}

extension PollRequest {
    /// As much as there is.
    static let everything = PollRequest(maxRecords: 1000, maxBytes: 1 << 24)
}
