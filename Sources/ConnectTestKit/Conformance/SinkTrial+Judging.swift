// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SinkTrial {
    static let judging: [ConformanceCheck<SinkTrial>] = [
        .init("sink.verdicts", "a record that is not accepted has a verdict of its own, with a reason") {
            try await $0.checkVerdicts()
        },
        .init("sink.notTried", "behind a record that was not delivered nothing of its lane is applied") {
            try await $0.checkNotTried()
        },
    ]

    private func checkVerdicts() async throws {
        let records = batch(1) + [try badRecord(in: "a")] + batch(1)
        let session = try await session()
        let outcome = try await caller.attempt("put", session.putting(records))
        try await session.end()
        let result: PutResult
        switch outcome {
        case .success(let value): result = value
        case .failure(let error as ConnectorError) where error.code == .invalidRecord: return
        case .failure(let error):
            throw Self.wrongVerdict("a verdict on the bad record, or the error invalidRecord", "the error '\(error)'")
        }
        let indices = result.exceptions.map(\.index)
        guard indices.allSatisfy(records.indices.contains), indices == Array(Set(indices)).sorted() else {
            throw Self.wrongVerdict("at most one verdict for each index of the batch", "verdicts for \(indices)")
        }
        guard let bad = result.exceptions.first(where: { $0.index == 2 }) else {
            throw Self.wrongVerdict("a verdict on the record at index 2, which is bad", "verdicts for \(indices)")
        }
        let isDropped = bad.verdict.kind == .drop
        guard isDropped || bad.verdict.kind == .reject && bad.verdict.error?.code == .invalidRecord else {
            let error = bad.verdict.error.map { " with '\($0)'" } ?? ""
            throw Self.wrongVerdict("the bad record to be rejected with invalidRecord", "\(bad.verdict.kind)\(error)")
        }
        if session.keeping == nil, let early = indices.first, early < 2 {
            throw Self.wrongVerdict(
                "the records before the bad one to be delivered",
                "a verdict on the one at \(early)"
            )
        }
    }

    private static func wrongVerdict(_ expected: String, _ seen: String) -> Finding {
        .broken(expected: expected, seen: seen, advice: "give verdicts by the index of the record in the batch")
    }

    private func checkNotTried() async throws {
        let first = batch(1)
        let bad = try badRecord(in: "a")
        let records = first + [bad] + batch(2)
        let session = try await session()
        let before = try await session.checkpoint()
        let outcome = try await caller.attempt("put", session.putting(records))
        guard case .success(let result) = outcome else {
            try await session.restore(before)
            try await session.flush()
            try await session.end()
            try need(session.isExact, "the sink throws for the whole batch, which is then put again in parts")
            return try await expectApplied([], session)
        }
        try await session.flush()
        try await session.end()
        let exceptions = Set(result.exceptions.map(\.index))
        let delivered = records.indices.filter { !exceptions.contains($0) }
        let late = delivered.first { $0 > 2 && records[$0].partition == bad.partition }
        if session.isOrdered, session.keeping == nil, exceptions.contains(2), let late {
            throw Finding.broken(
                expected: "nothing of the lane behind the bad record to be delivered",
                seen: "that the record at index \(late) was",
                advice:
                    "stop at the first record of a lane that fails, or say in the traits that the sink is not ordered"
            )
        }
        try await expectApplied(session.keeping == nil ? delivered.map { records[$0] } : [], session)
    }

    private func expectApplied(_ records: [ConnectorRecord], _ session: SinkSession) async throws {
        try await expectDurable(
            records,
            isOrdered: session.isOrdered,
            advice: session.keeping == nil
                ? "let the verdicts say what was applied" : "apply nothing when the verdict is not delivered for all"
        )
    }
}
