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

    /// The sink of a session as the runner would use it.
    private func pipelinedSession() async throws -> (SinkSession, any PipeliningSink) {
        let session = try await unstarted()
        guard let sink = session.sink as? any PipeliningSink else {
            throw Finding.notApplicable("the sink is no PipeliningSink")
        }
        try need(!session.isExact, "a sink that is cut back or keeps positions is given one batch at a time")
        try need(sink.traits.maxConcurrentPuts <= 1, "the sink's traits say several puts at a time")
        try await session.start()
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
        let (start, bad, end, second) = (batch(2), try badRecord(in: "a"), batch(2), batch(3))
        guard let (left, leftBehind) = try await leftOvers(of: start + [bad] + end, second, sink) else {
            try await session.end()
            throw Finding.notApplicable("the sink does not begin a batch with a bad record")
        }
        let waiting = Set(left.records.map(\.partition))
        let late = second.first { waiting.contains($0.partition) && !leftBehind.contains($0) }
        if session.isOrdered, let late { throw Self.passed(late) }
        let isFailed = left.isFailed || leftBehind.isFailed
        if isFailed { try await session.reconnect() }
        let rest = (left.records + leftBehind.records).filter { $0.position != bad.position }
        if !rest.isEmpty { try await session.put(rest) }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            start + end + second,
            isOrdered: session.isOrdered,
            mayRepeat: isFailed,
            advice: Self.notTriedAdvice
        )
        try need(!waiting.isEmpty, "nothing of a batch with a bad record waits, so that nothing can pass it")
    }

    /// What has to be put again of two batches, of which the second is begun before the first has ended; `nil` where the
    /// first cannot be begun.
    private func leftOvers(
        of first: [ConnectorRecord],
        _ second: [ConnectorRecord],
        _ sink: any PipeliningSink
    ) async throws -> (first: LeftOver, second: LeftOver)? {
        let put = try await caller.attempt("begin") { try await sink.begin(RecordBatch(first)) }
        guard case .success = put else { return nil }
        let next = try await caller.attempt("begin") { try await sink.begin(RecordBatch(second)) }
        return (try await leftOver(first, put), try await leftOver(second, next))
    }

    /// What of a batch has to be put again; all of it where the put fails.
    private func leftOver(_ batch: [ConnectorRecord], _ put: Result<PendingPut, any Error>) async throws -> LeftOver {
        guard case .success(let result) = try await caller.attempt("result", { try await put.get().result() }) else {
            return LeftOver(records: batch, isFailed: true)
        }
        let indices = result.exceptions.filter { $0.verdict.isPutAgain }.map(\.index)
        return LeftOver(records: indices.filter(batch.indices.contains).map { batch[$0] }, isFailed: false)
    }

    private static func passed(_ record: ConnectorRecord) -> Finding {
        .broken(
            expected: "nothing to be settled of a lane of which something waits in the batch before",
            seen: "that \(item(of: record)) was",
            advice: notTriedAdvice
        )
    }

    private static let notTriedAdvice =
        "leave out of a batch what is behind a record that waits in the batch before, and say notTried, or fail as well"
}

/// What has to be put again of a batch.
private struct LeftOver {
    let records: [ConnectorRecord]
    let isFailed: Bool

    func contains(_ record: ConnectorRecord) -> Bool { records.contains { $0.position == record.position } }
}

extension RecordVerdict {
    fileprivate var isPutAgain: Bool { kind == .retry || kind == .notTried }
}
