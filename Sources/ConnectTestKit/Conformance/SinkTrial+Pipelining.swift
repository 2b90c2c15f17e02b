// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Batches that are begun before the one before has ended.
extension SinkTrial {
    static let pipelining: [ConformanceCheck<SinkTrial>] = [
        .init("sink.pipelined", "a batch can be begun before the one before has ended, and both are in order") {
            try await $0.checkPipelined()
        },
        .init("sink.pipelined.notTried", "nothing is written behind what waits of the batch before") {
            try await $0.checkPipelinedNotTried()
        },
    ]

    private func pipelinedSession() async throws -> (SinkSession, any PipeliningSink) {
        let session = try await session()
        guard let sink = session.sink as? any PipeliningSink, sink.traits.maxConcurrentPuts <= 1 else {
            try await session.end()
            throw Finding.notApplicable("the sink is no PipeliningSink that takes one put at a time")
        }
        return (session, sink)
    }

    private func checkPipelined() async throws {
        let (session, sink) = try await pipelinedSession()
        let batches = (0..<6).map { batch($0 == 3 ? 500 : 5) }
        var pending: PendingPut?
        for batch in batches {
            let next = try await caller.call("begin") { try await sink.begin(RecordBatch(batch)) }
            if let pending { try await expectDelivered(pending) }
            pending = next
        }
        if let pending { try await expectDelivered(pending) }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            batches.joined(),
            isOrdered: session.isOrdered,
            advice: "let a batch that is begun come behind the one before, in every lane"
        )
    }

    private func expectDelivered(_ pending: PendingPut) async throws {
        let result = try await caller.call("result") { try await pending.result() }
        guard let exception = result.exceptions.first else { return }
        throw Finding.broken(
            expected: "a begun put to deliver records with which nothing is wrong",
            seen: "the verdict \(exception.verdict.kind) on the record at index \(exception.index)",
            advice: "take a batch while the one before is on its way, or do not conform to PipeliningSink"
        )
    }

    private func checkPipelinedNotTried() async throws {
        let (session, sink) = try await pipelinedSession()
        let bad = try badRecord(in: "a")
        let first = batch(2) + [bad] + batch(2)
        let second = batch(3)
        let batches = [first, second]
        var pending: [PendingPut] = []
        for batch in batches {
            pending.append(try await caller.call("begin") { try await sink.begin(RecordBatch(batch)) })
        }
        var rest: [ConnectorRecord] = []
        for (batch, put) in zip(batches, pending) {
            let result = try await caller.call("result") { try await put.result() }
            rest += result.exceptions.filter { $0.verdict.isPutAgain }.map { batch[$0.index] }
        }
        if !rest.isEmpty { try await session.put(rest) }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            (first + second).filter { Self.item(of: $0) != Self.item(of: bad) },
            isOrdered: session.isOrdered,
            advice: "leave out of a batch what is behind a record that waits in the batch before, and say notTried"
        )
    }
}

extension RecordVerdict {
    fileprivate var isPutAgain: Bool { kind == .retry || kind == .notTried }
}
