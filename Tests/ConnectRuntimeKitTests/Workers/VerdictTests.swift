// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Pipeline: verdicts of sinks that deliver exactly once", .timeLimit(.minutes(10)))
struct VerdictTests {
    /// Units of one record; the bad one lies in the middle of the last batch.
    private let transactions = texts(0..<12).map { [$0] }

    private static let isBad: @Sendable (ConnectorRecord) -> Bool = { $0.data.text == "10" }

    private func run(_ sink: any Sink, _ store: InMemoryOffsetStore) async -> ConnectorError? {
        var options = DeliveryOptions()
        options.maxPollRecords = 4
        return await failure(
            of: Pipeline("p", from: TransactionLog(transactions), to: sink, offsets: store, options: options)
        )
    }

    @Test("G4: what a checkpointing sink put before a record it rejects is neither lost nor repeated")
    func rejectedByCheckpointingSink() async throws {
        let (output, store) = (RandomOutput(), InMemoryOffsetStore())
        let error = await run(
            VerdictSink(output, .reject(ConnectorError(.invalidRecord, "bad")), on: Self.isBad),
            store
        )
        #expect(error?.code == .invalidRecord)
        #expect(output.rows == texts(0..<10))
        #expect(await run(VerdictSink(output, .delivered, on: { _ in false }), store) == nil)
        #expect(output.rows == texts(0..<12))
    }

    @Test("G4: after a drop, the checkpoint of a commit covers what was put with it")
    func droppedByCheckpointingSink() async throws {
        let (output, store) = (RandomOutput(), InMemoryOffsetStore())
        #expect(await run(VerdictSink(output, .drop, on: Self.isBad), store) == nil)
        #expect(await run(VerdictSink(output, .drop, on: Self.isBad), store) == nil)
        #expect(output.rows == texts(0..<10) + texts(11..<12))
    }

    @Test("G4: what a position-keeping sink does not drop is put again, because nothing of the batch was applied")
    func droppedByPositionKeepingSink() async throws {
        let table = TransactionalTable()
        let store = InMemoryOffsetStore()
        let sink = DroppingWriter(TransactionalTable.Writer(table), drops: Self.isBad)
        #expect(await run(sink, store) == nil)
        #expect(table.rows == texts(0..<10) + texts(11..<12))
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(11))
    }
}

private func texts(_ numbers: Range<Int>) -> [String] { numbers.map { "\($0)" } }

/// A checkpointing sink with a verdict on some records; it stops before a record that it rejects.
private actor VerdictSink: CheckpointingSink {
    private let output: RandomOutput
    private let verdict: RecordVerdict
    private let isMeant: @Sendable (ConnectorRecord) -> Bool

    init(_ output: RandomOutput, _ verdict: RecordVerdict, on isMeant: @escaping @Sendable (ConnectorRecord) -> Bool) {
        self.output = output
        self.verdict = verdict
        self.isMeant = isMeant
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        guard let index = batch.firstIndex(where: isMeant) else {
            output.append(batch.map { $0.data.text ?? "" })
            return .delivered
        }
        output.append(batch[..<index].map { $0.data.text ?? "" })
        guard verdict.error == nil else { return .stopped(at: index, of: batch.count, verdict) }
        output.append(batch[(index + 1)...].map { $0.data.text ?? "" })
        return .verdicts([index: verdict])
    }

    func flush() async throws {}

    func checkpoint() async throws -> SinkCheckpoint { SinkCheckpoint(SharedBytes(utf8: "\(output.rows.count)")) }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        output.cut(to: checkpoint.flatMap { Int(String(decodingUTF8: $0.bytes)) } ?? 0)
    }
}

/// Applies nothing of a batch in which there is something to drop.
private actor DroppingWriter: PositionKeepingSink {
    private let base: TransactionalTable.Writer
    private let drops: @Sendable (ConnectorRecord) -> Bool

    init(_ base: TransactionalTable.Writer, drops: @escaping @Sendable (ConnectorRecord) -> Bool) {
        self.base = base
        self.drops = drops
    }

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] { try await base.positions(in: scope) }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        let dropped = batch.indices.filter { drops(batch[$0]) }
        guard dropped.isEmpty else { return .verdicts(Dictionary(uniqueKeysWithValues: dropped.map { ($0, .drop) })) }
        return try await base.put(batch, advancing: advance)
    }

    func put(_ batch: RecordBatch) async throws -> PutResult { try await base.put(batch) }
}
