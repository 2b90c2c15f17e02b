// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SinkTrial {
    static let positions: [ConformanceCheck<SinkTrial>] = [
        .init("sink.positions", "positions are kept with the data, for each connector, also for the next instance") {
            try await $0.checkKeptPositions()
        },
        .init("sink.positions.expected", "a put that expects other positions is fenced, also when it is repeated") {
            try await $0.checkExpectedPositions()
        },
        .init("sink.positions.epoch", "a put under an outdated epoch is fenced") { try await $0.checkEpoch() },
        .init("sink.positions.atomic", "data and positions are applied together or not at all") {
            try await $0.checkAtomicPut()
        },
        .init("sink.positions.empty", "an empty batch moves positions") { try await $0.checkEmptyAdvance() },
        .init("sink.positions.lostAnswer", "after a lost answer the positions tell that the put took place") {
            try await $0.checkLostAnswer()
        },
    ]

    private func keeping() async throws -> (SinkSession, any PositionKeepingSink) {
        // Nothing is started for a check that does not apply.
        let canKeep = try await unstarted().keeping != nil
        try need(canKeep, "the sink does not keep positions")
        let session = try await session()
        guard let sink = session.keeping else { throw Finding.notApplicable("the sink does not keep positions") }
        return (session, sink)
    }

    private func advance(
        _ steps: [PositionAdvance.Step],
        scope: ClaimScope = SinkSession.scope,
        epoch: Epoch = SinkSession.epoch
    ) -> PositionAdvance {
        PositionAdvance(scope: scope, epoch: epoch, steps: steps)
    }

    private func expectPositions(_ expected: [PositionAdvance.Step], _ sink: any PositionKeepingSink) async throws {
        let seen = try await caller.call("positions") { try await sink.positions(in: SinkSession.scope) }
        guard Set(seen) != Set(expected.map(\.new)) || seen.count != expected.count else { return }
        throw Finding.broken(
            expected: "the positions \(expected.map(\.new.position)) with their sequence numbers",
            seen: "\(seen.map(\.position))",
            advice: "keep position and sequence of each partition in the transaction of the data"
        )
    }

    private func expectFenced(_ outcome: Result<PutResult, any Error>, _ what: String) throws {
        if case .failure(let error as ConnectorError) = outcome, error.code == .fenced { return }
        let seen = if case .failure(let error) = outcome { "the error '\(error)'" } else { "that it was accepted" }
        throw Finding.broken(
            expected: "\(what) to throw fenced",
            seen: seen,
            advice: "compare the kept epoch and positions with the expected ones inside the transaction"
        )
    }

    private func expectRows(_ records: [ConnectorRecord], _ session: SinkSession) async throws {
        try await expectDurable(
            records,
            isOrdered: session.isOrdered,
            advice: "apply data and positions in one transaction, and nothing when the put is refused"
        )
    }

    private func checkKeptPositions() async throws {
        let (first, sink) = try await keeping()
        let records = batch(3)
        let steps = first.steps(behind: records)
        try await first.put(records)
        try await expectPositions(steps, sink)
        let other = ClaimScope(connector: "another")
        let others = try await caller.call("positions") { try await sink.positions(in: other) }
        guard others.isEmpty else {
            throw Finding.broken(
                expected: "no positions for another connector",
                seen: "\(others.count)",
                advice: "keep positions by the scope's connector"
            )
        }
        try await first.flush()
        try await first.end()
        let (second, later) = try await keeping()
        try await expectPositions(steps, later)
        try await second.end()
        try await expectRows(records, second)
    }

    private func checkExpectedPositions() async throws {
        let (session, sink) = try await keeping()
        let records = batch(1)
        let steps = session.steps(behind: records)
        let elsewhere = StoredPosition(RecordPosition(partition: "a", offset: RecordOffset(77)), sequence: 78)
        let unknown = advance(steps.map { PositionAdvance.Step(from: elsewhere, to: $0.new) })
        try expectFenced(
            try await caller.attempt("put") { try await sink.put(RecordBatch(records), advancing: unknown) },
            "a put that expects a position where none is kept"
        )
        try await session.put(records)
        // The same again, as after an answer that was lost and taken for a failure.
        let batch = RecordBatch(records)
        let repeated = advance(steps)
        try expectFenced(
            try await caller.attempt("put") { try await sink.put(batch, advancing: repeated) },
            "a put that was made before"
        )
        let next = self.batch(1, of: ["a"])
        let wrong = advance(session.steps(behind: next).map { PositionAdvance.Step(from: elsewhere, to: $0.new) })
        try expectFenced(
            try await caller.attempt("put") { try await sink.put(RecordBatch(next), advancing: wrong) },
            "a put that expects another position"
        )
        try await expectPositions(steps, sink)
        try await session.end()
        try await expectRows(records, session)
    }

    private func checkEpoch() async throws {
        let (session, sink) = try await keeping()
        let records = batch(2)
        try await session.put(records)
        let more = batch(1)
        let steps = session.steps(behind: more)
        let stale = advance(steps, epoch: Epoch(SinkSession.epoch.number - 1))
        try expectFenced(
            try await caller.attempt("put") { try await sink.put(RecordBatch(more), advancing: stale) },
            "a put under a lower epoch than the one kept"
        )
        let newer = advance(steps, epoch: Epoch(SinkSession.epoch.number + 3))
        _ = try await caller.call("put") { try await sink.put(RecordBatch(more), advancing: newer) }
        let late = batch(1)
        let outdated = advance(zip(session.steps(behind: late), steps).map { .init(from: $1.new, to: $0.new) })
        try expectFenced(
            try await caller.attempt("put") { try await sink.put(RecordBatch(late), advancing: outdated) },
            "a put under the epoch before the newest"
        )
        try await session.end()
        try await expectRows(records + more, session)
    }

    private func checkAtomicPut() async throws {
        let (session, sink) = try await keeping()
        let records = batch(1)
        let kept = session.steps(behind: records)
        try await session.put(records)
        // One partition's step is right, the other's is not.
        let more = batch(1)
        var steps = session.steps(behind: more)
        steps[1] = PositionAdvance.Step(from: nil, to: steps[1].new)
        let half = advance(steps)
        let outcome = try await caller.attempt("put") { try await sink.put(RecordBatch(more), advancing: half) }
        try await expectPositions(kept, sink)
        try expectFenced(outcome, "a put that expects one partition to have no position yet")
        if subject.badRecord != nil {
            let mixed = [record(in: "a"), try badRecord(in: "a"), record(in: "b")]
            _ = try await caller.attempt("put", session.putting(mixed))
            try await expectPositions(kept, sink)
        }
        try await session.end()
        try await expectRows(records, session)
    }

    private func checkEmptyAdvance() async throws {
        let (session, sink) = try await keeping()
        let records = batch(1)
        try await session.put(records)
        let steps = session.steps(behind: batch(4))
        let further = advance(steps)
        let result = try await caller.call("put of an empty batch") {
            try await sink.put(RecordBatch([]), advancing: further)
        }
        guard result.isDelivered else {
            throw Finding.broken(
                expected: "an empty batch to be delivered",
                seen: "verdicts for \(result.exceptions.map(\.index))",
                advice: "there is no record to judge"
            )
        }
        try await expectPositions(steps, sink)
        try await session.end()
        try await expectRows(records, session)
    }

    private func checkLostAnswer() async throws {
        guard let loseNextAnswer = subject.loseNextAnswer else {
            throw Finding.notApplicable("the subject has no way to lose the answer of a transaction")
        }
        let (session, sink) = try await keeping()
        let records = batch(2)
        let steps = session.steps(behind: records)
        try await caller.ask("loseNextAnswer", loseNextAnswer)
        let outcome = try await caller.attempt("put", session.putting(records))
        guard case .failure(let error) = outcome else {
            throw Finding.broken(
                expected: "put to throw when the answer is lost",
                seen: "a result",
                advice: "do not guess whether a transaction took place"
            )
        }
        guard let error = error as? ConnectorError, error.code == .notConnected || error.code == .retryable else {
            throw Finding.broken(
                expected: "notConnected or retryable",
                seen: "'\(error)'",
                advice: "the runner asks for the positions and goes on after these"
            )
        }
        if let sink = sink as? any Reconnecting {
            try await caller.call("reconnect") { try await sink.reconnect() }
        }
        try await expectPositions(steps, sink)
        try await session.end()
        try await expectRows(records, session)
    }
}

extension RecordPosition {
    fileprivate init(partition: String, offset: RecordOffset) {
        self.init(partition: RecordPartition(partition), offset: offset)
    }
}
