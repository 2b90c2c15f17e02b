// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Pipeline: a source that ends inside a unit", .timeLimit(.minutes(10)))
struct OpenEndTests {
    enum Way: CaseIterable, Sendable { case direct, function, keepsPositions }

    private let partition = RecordPartition("a")
    private let log = InMemoryLog()
    private let store = InMemoryOffsetStore()

    /// Runs what has the offsets; the records are named by their numbers.
    private func run(_ offsets: [Int64?], _ way: Way, traits: SourceTraits = SourceTraits()) async throws {
        let records = offsets.enumerated().map { index, offset in
            ConnectorRecord(.text("\(index)"), partition: partition, offset: offset.map { RecordOffset($0) })
        }
        let script = Script([SourceBatch(records)]) { .end }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: Journal(), traits: traits, onPoll: { _ in try await script.next() }),
            through: way == .function ? [.filter { _ in true }] : [],
            to: way == .keepsPositions ? InMemoryTransactionalSink(log) : InMemorySink(log),
            offsets: store
        )
        try await pipeline.run()
    }

    @Test("G1: it fails, and what was whole is committed", arguments: Way.allCases)
    func refused(_ way: Way) async throws {
        let error = await #expect(throws: ConnectorError.self) { try await run([0, nil, 2, nil, nil], way) }
        #expect(error?.code == .fatal && error?.message.contains("inside a unit") == true, "\(error as Any)")
        #expect(log.records.compactMap(\.text).starts(with: ["0", "1", "2"]))
        guard way != .keepsPositions else { return }
        let claim = try await store.claim(.of("p"))
        #expect(claim.positions.map(\.position.offset) == [RecordOffset(2)])
        try await store.release(claim.token)
    }

    @Test("a source that ends behind a unit, or keeps no positions, is done", arguments: Way.allCases)
    func done(_ way: Way) async throws {
        try await run([0, nil, 2], way)
        #expect(log.records.count == 3)
        guard way != .keepsPositions else { return }
        try await run([nil, nil], way, traits: SourceTraits(positions: .nobody, isReplayable: false))
        #expect(log.records.count == 5)
    }
}
