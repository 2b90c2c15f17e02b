// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Offsets viewed, edited and reset", .timeLimit(.minutes(10)))
struct OffsetEditTests: EditSuite {
    let world = EditWorld()

    @Test("S94: a pipeline that does not run reads on behind offsets that were edited", arguments: StoreKind.allCases)
    func edit(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let pipeline = pipeline(offsets: store)
            #expect(try await pipeline.offsets().positions.isEmpty, "before the first run")
            try await delivered(pipeline)
            #expect(try await offsets(pipeline) == ["": 9, "b": 2])
            let edits = try await pipeline.editOffsets([.single: RecordOffset(6), b: nil])
            #expect(edits.map(\.description) == ["the only partition: 9 → 6", "\"b\": 2 → nothing"])
            #expect(try await offsets(pipeline) == ["": 6])
            #expect(try await pipeline.offsets()[.single] == RecordOffset(6))
            #expect(try await nextRun(pipeline).sorted() == ["7", "8", "9", "b0", "b1", "b2"])
            #expect(try await offsets(pipeline) == ["": 9, "b": 2])
        }
    }

    @Test("S94: offsets can be edited before the first run")
    func editBeforeFirstRun() async throws {
        for number in 0..<10 { input.append("\(number)") }
        input.finish()
        let pipeline = pipeline()
        try await pipeline.editOffsets([.single: RecordOffset(7)])
        #expect(try await nextRun(pipeline) == ["8", "9"])
    }

    @Test("S94: a reset has all partitions begin anew, or some of them", arguments: [true, false])
    func reset(isAll: Bool) async throws {
        let pipeline = pipeline()
        try await delivered(pipeline)
        let edits = try await pipeline.resetOffsets(isAll ? nil : [b])
        #expect(edits.map(\.partition) == (isAll ? [.single, b] : [b]) && edits.allSatisfy { $0.new == nil })
        #expect(try await nextRun(pipeline).count == (isAll ? 13 : 3))
    }

    @Test("the number of an edited position is ahead of all that are stored, so the next run counts on from there")
    func sequences() async throws {
        let pipeline = pipeline()
        try await delivered(pipeline)
        let before = try await store.stored("p")
        try await pipeline.editOffsets([.single: RecordOffset(0), b: RecordOffset(0)])
        let edited = try await store.stored("p").map(\.sequence)
        #expect(edited.min() ?? 0 > before.map(\.sequence).max() ?? .max && Set(edited).count == 2)
        try await pipeline.run()
        #expect(try await store.stored("p").allSatisfy { $0.sequence > edited.max() ?? .max })
    }

    @Test("partitions that nothing is stored for can be set, and are told; resetting them changes nothing")
    func unknown() async throws {
        let pipeline = pipeline()
        input.append("0")
        let edits = try await pipeline.editOffsets([.single: RecordOffset(0), b: nil])
        #expect(edits.map(\.previous) == [nil, nil])
        let told = try await events.first { $0.kind == .offsetsEdited }
        #expect(told.level == .warning && told.attributes["unknown"] == ", b")
        #expect(try await offsets(pipeline) == ["": 0])
        try await pipeline.editOffsets([.single: RecordOffset(0)])
        #expect(events.all.filter { $0.kind == .offsetsEdited }.map(\.level) == [.warning, .info])
        #expect(try await pipeline.editOffsets([:]).isEmpty)
        #expect(try await self.pipeline("unknown").resetOffsets().isEmpty)
    }

    @Test("checkpoints of sinks stay")
    func checkpoints() async throws {
        let claim = try await store.claim(.of("p"))
        let checkpoint = SinkCheckpoint(SharedBytes([1, 2, 3]))
        try await store.save(OffsetChanges(positions: [.at(4)], checkpoints: ["sink": checkpoint]), under: claim.token)
        try await store.release(claim.token)
        try await pipeline().resetOffsets()
        let again = try await store.claim(.of("p"))
        #expect(again.positions.isEmpty && again.checkpoints == ["sink": checkpoint])
    }

    @Test("an output that is cut back to its checkpoint keeps what it had after a reset, and gets everything again")
    func outputStays() async throws {
        let cut = CutOutput()
        for number in 0..<3 { input.append("\(number)") }
        input.finish()
        let pipeline = Pipeline("p", from: InMemorySource(input), to: CutSink(output: cut), offsets: store)
        try await pipeline.run()
        try await pipeline.run()
        #expect(cut.lines == ["0", "1", "2"])
        try await pipeline.editOffsets([.single: RecordOffset(1)])
        try await pipeline.run()
        #expect(cut.lines == ["0", "1", "2", "2"])
        try await pipeline.resetOffsets()
        try await pipeline.run()
        #expect(cut.lines == ["0", "1", "2", "2", "0", "1", "2"])
    }

    @Test("of a save that a crash cuts off nothing is there", arguments: [true, false])
    func torn(isLost: Bool) async throws {
        try await delivered(pipeline())
        // Either the save never took place, or it did and nobody heard of it; a half of it is never seen.
        let gone = ConnectorError(.fatal, "the process is killed")
        let script = FaultScript(.save, [isLost ? .losesAnswer(gone) : .tears(after: 0, gone)])
        let killed = pipeline(offsets: FaultyOffsetStore(store, script))
        #expect(await code { try await killed.editOffsets([.single: RecordOffset(1), b: nil]) } == .fatal)
        #expect(try await offsets(pipeline()) == (isLost ? ["": 1] : ["": 9, "b": 2]))
    }
}
