// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SourceTrial {
    static let settling: [ConformanceCheck<SourceTrial>] = [
        .init("source.commit", "the same commit can be made again, cancelled, and after a restart") {
            try await $0.checkCommit()
        },
        .init("source.commit.order", "an older commit never undoes a newer one") { try await $0.checkCommitOrder() },
        .init("source.commit.concurrent", "commits and acknowledgements are taken while a poll waits") {
            try await $0.checkConcurrentCommit()
        },
        .init("source.acknowledge", "each outcome reaches the upstream, and can be reported again") {
            try await $0.checkAcknowledge()
        },
    ]

    private func committing(_ session: SourceSession) throws -> any CommittingSource {
        guard let source = session.base as? any CommittingSource else {
            throw Finding.notApplicable("the source does not want to know what is committed")
        }
        return source
    }

    private func checkCommit() async throws {
        try await write(units: 6)
        let first = try await session()
        let source = try committing(first)
        let records = try await first.read(itemCount).records
        let settled = try firstOfEach(records, units: 3)
        let half = positions(behind: settled)
        for _ in 0..<2 { try await caller.call("commit") { try await source.commit(half) } }
        _ = try await caller.cancelled("commit") { try await source.commit(half) }
        try await caller.call("commit of nothing") { try await source.commit([]) }
        try await first.end()
        // After a restart the runner says again what it found in its store.
        let second = try await session(from: half)
        if let source = second.base as? any CommittingSource, second.base.traits.positions == .offsetStore {
            try await caller.call("commit after a restart") { try await source.commit(half) }
        }
        let starts = try starts(behind: settled)
        let rest = items.indices.reduce(0) { $0 + items[$1].count - (starts[$1] ?? 0) }
        try expect(try await second.read(rest).records, from: starts)
        try await second.end()
    }

    private func checkCommitOrder() async throws {
        try await write(units: 6)
        let first = try await session()
        let source = try committing(first)
        let records = try await first.read(itemCount).records
        let older = positions(behind: try firstOfEach(records, units: 2))
        let settled = try firstOfEach(records, units: 4)
        let newer = positions(behind: settled)
        try await caller.call("commit") { try await source.commit(newer) }
        try await caller.call("a commit of older positions") { try await source.commit(older) }
        try await first.end()
        let second = try await session(from: newer)
        let starts = try starts(behind: settled)
        let rest = items.indices.reduce(0) { $0 + items[$1].count - (starts[$1] ?? 0) }
        try expect(try await second.readAll(rest).records, from: starts)
        try await second.end()
    }

    /// The records of the first units of each partition.
    private func firstOfEach(_ records: [ConnectorRecord], units: Int) throws -> [ConnectorRecord] {
        try records.filter { try place(of: $0).number < units * subject.unitSize }
    }

    private func checkConcurrentCommit() async throws {
        try needGrowth()
        try await write(units: 2)
        let session = try await session()
        let isToldAnything = session.base is any CommittingSource || session.base is any AcknowledgingSource
        try need(isToldAnything, "the source does not want to know what is committed")
        var records = try await session.read(itemCount).records
        let poll = session.beginPoll()
        _ = await poll.outcome(within: limits.idle)
        _ = try await session.settle(records)
        try await write(units: 1)
        guard case .success(let batch) = await poll.outcome(within: limits.call) else {
            throw Finding.broken(
                expected: "the poll that waited during a commit to return the next records",
                seen: "that it did not",
                advice: "let commit and acknowledge leave a suspended poll alone"
            )
        }
        records += batch.records
        if records.count < itemCount { records += try await session.read(itemCount - records.count).records }
        try expect(records)
        try await session.end()
    }

    private func checkAcknowledge() async throws {
        try await write(units: 8)
        let session = try await session()
        guard let source = session.base as? any AcknowledgingSource else {
            throw Finding.notApplicable("the source does not want to know the outcomes of its records")
        }
        let outcomes: [RecordOutcome] = [.delivered, .filtered, .deadLettered, .dropped]
        let records = try await session.read(itemCount).records
        var expected: [String: RecordOutcome] = [:]
        var acknowledgements: [Acknowledgement] = []
        for (index, record) in records.enumerated() {
            guard let position = record.position, let item = subject.item(record) else { continue }
            let outcome = outcomes[(index + index / outcomes.count) % outcomes.count]
            let error = outcome == .delivered ? nil : ConnectorError(.invalidRecord, "not accepted")
            acknowledgements.append(Acknowledgement(position: position, outcome: outcome, error: error))
            expected[item] = outcome
        }
        guard !acknowledgements.isEmpty else {
            throw Finding.notApplicable("no record has a position, or the subject knows no item of any")
        }
        // Not in the order of the records: lanes settle when they do.
        for part in [acknowledgements.dropFirst(4), acknowledgements.prefix(4), acknowledgements[...]] {
            try await caller.call("acknowledge") { try await source.acknowledge(Array(part)) }
        }
        let all = acknowledgements
        _ = try await caller.cancelled("acknowledge") { try await source.acknowledge(all) }
        try await expect(expected)
        try await session.end()
        try need(subject.outcomes != nil, "the subject does not tell which outcomes its system was told")
    }

    private func expect(_ expected: [String: RecordOutcome]) async throws {
        guard let outcomes = subject.outcomes else { return }
        let seen = try await caller.ask("outcomes", outcomes)
        let wrong = expected.keys.sorted().first { seen[$0] != expected[$0] }
        guard let wrong else { return }
        throw Finding.broken(
            expected: "the upstream to learn that item \(wrong) was \(expected[wrong]?.description ?? "nothing")",
            seen: seen[wrong].map { "that it was told '\($0)'" } ?? "that it was told nothing",
            advice: "pass on each acknowledgement with its own outcome, and find its message by the offset"
        )
    }
}
