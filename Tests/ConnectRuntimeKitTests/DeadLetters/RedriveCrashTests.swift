// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import OpenConnectFiles
import Testing

@testable import ConnectRuntimeKit

@Suite("Redrive, ended at any call", .timeLimit(.minutes(10)))
struct RedriveCrashTests {
    /// Redrives through a sink that rejects one record, until the fuse blows.
    private func redrive(
        _ letters: any DeadLetterStore,
        _ deliveries: [String: Deliveries],
        _ fuse: Fuse,
        rejecting bad: String? = nil
    ) async throws {
        let sinks = deliveries.sorted { $0.key < $1.key }.map { name, deliveries in
            NamedSink(
                name,
                deliveries.sink { batch in
                    try await fuse.call {
                        guard let bad, let index = batch.firstIndex(where: { $0.data.text == bad }) else {
                            return .delivered
                        }
                        return .verdicts([index: .reject(ConnectorError(.invalidRecord, "no"))])
                    }
                } onFlush: {
                    try await fuse.call {}
                }
            )
        }
        let pipeline = Pipeline.redriven(to: sinks, letters: letters)
        _ = try await Redrive(pipeline, letters, .all, pageSize: 5).execute()
    }

    @Test(
        "G8 ended before or after the effect of any call, nothing is lost, and nothing that was removed comes again",
        arguments: LetterStoreKind.allCases,
        [false, true]
    )
    func everyCall(kind: LetterStoreKind, isAfter: Bool) async throws {
        var last = 0
        var isOver = false
        while !isOver {
            try await kind.withStore { store in
                let deliveries = ["a": Deliveries(), "b": Deliveries()]
                let texts = (0..<12).map { "\($0)" }
                try await store.append(texts.map { .text($0, sink: Int($0)! % 2 == 0 ? "a" : "b") })
                try await store.append([.text("both", stage: .function, sink: nil, parts: [])])
                let keys = Dictionary(
                    uniqueKeysWithValues: try await store.all(page: 40).map { ($0.key, $0.letter.text) }
                )
                let fuse = Fuse(at: last, after: isAfter)
                let fused = FusedStore(store: store, fuse: fuse)
                let failure = await connectorError { try await redrive(fused, deliveries, fuse, rejecting: "both") }
                isOver = failure == nil
                for sink in deliveries.values { sink.crash() }
                let before = deliveries.mapValues(\.flushed)
                let left = try await store.texts(page: 40)
                let removed = Set(fused.removed.keys.compactMap { keys[$0] })
                expectNothingLost(texts, left, deliveries, "ended at call \(last)")
                #expect(removed.isDisjoint(with: left))

                try await redrive(store, deliveries, Fuse(at: .max, after: false))
                #expect(try await store.texts().isEmpty)
                expectNothingLost(texts + ["both"], [], deliveries, "ended at call \(last)")
                for (name, sink) in deliveries {
                    let repeated = sink.flushed.dropFirst(before[name]?.count ?? 0)
                    #expect(removed.isDisjoint(with: repeated), "ended at call \(last)")
                }
            }
            last += 1
        }
        #expect(last > 12)
    }

    private func expectNothingLost(
        _ texts: [String],
        _ left: [String],
        _ deliveries: [String: Deliveries],
        _ comment: Comment
    ) {
        let found = Set(left).union(deliveries.values.flatMap(\.flushed))
        #expect(found.isSuperset(of: texts), comment)
        if !left.contains("both"), texts.contains("both") {
            #expect(deliveries.values.allSatisfy { $0.flushed.contains("both") }, comment)
        }
    }

    @Test("a letter that failed for two sinks is delivered to both of them in the end, wherever it was ended")
    func twoSinks() async throws {
        for isAfter in [false, true] {
            for last in 0..<14 {
                let letters = InMemoryDeadLetterStore()
                let deliveries = ["a": Deliveries(), "b": Deliveries()]
                try await letters.append([.text("both", stage: .function, sink: nil, parts: [])])
                let fuse = Fuse(at: last, after: isAfter)
                let fused = FusedStore(store: letters, fuse: fuse)
                _ = await connectorError { try await redrive(fused, deliveries, fuse, rejecting: "both") }
                for sink in deliveries.values { sink.crash() }
                #expect(letters.count > 0)
                try await redrive(letters, deliveries, Fuse(at: .max, after: false))
                #expect(deliveries.values.allSatisfy { $0.flushed.contains("both") }, "ended at call \(last)")
                #expect(letters.count == 0)
            }
        }
    }

    @Test("a task of a sink that fails ends the redrive with its error, and the sink is stopped")
    func failingTask() async throws {
        let letters = InMemoryDeadLetterStore()
        let journal = Journal()
        try await letters.append([.text("1")])
        let gate = Gate()
        let sink = ScriptedSink(
            journal: journal,
            onStart: { context in
                context.addTask(named: "client") {
                    await gate.arrivals()
                    throw ConnectorError(.notConnected, "the client is gone")
                }
            },
            onPut: { _ in
                try await gate.pass()
                return .delivered
            }
        )
        let pipeline = Pipeline.redriven(to: [NamedSink("sink", sink)], letters: letters)
        let error = await connectorError { try await pipeline.redrive() }
        #expect(error?.message == "the client is gone")
        #expect(journal.entries.last == "sink.stop" && letters.count == 1)
    }
}

@Suite("Redrive into sinks that keep positions or checkpoints")
struct RedriveExactlyOnceTests {
    @Test("a position-keeping sink moves no position by a redrive, and an outdated claim is fenced off")
    func positions() async throws {
        let table = TransactionalTable()
        let offsets = InMemoryOffsetStore()
        let letters = InMemoryDeadLetterStore()
        let source = Script([SourceBatch(records(1...3))])
        let make: @Sendable () -> Pipeline = {
            Pipeline(
                "orders",
                from: ScriptedSource(journal: Journal(), onPoll: { _ in try await source.next() }),
                to: [NamedSink("table", TransactionalTable.Writer(table))],
                offsets: offsets,
                deadLetters: .store(letters)
            )
        }
        try await make().run()
        let before = try await offsets.stored("orders")
        try await letters.append([.text("late", sink: "table"), .text("later", sink: "table")])
        #expect(try await make().redrive() == RedriveCounts(delivered: 2))
        #expect(table.rows == ["1", "2", "3", "late", "later"])
        #expect(try await offsets.stored("orders") == before)
        #expect(before.map(\.position.offset) == [RecordOffset(3)])

        try await letters.append([.text("never", sink: "table")])
        table.fence(ClaimScope(connector: "orders"), epoch: Epoch(99))
        #expect(await code { try await make().redrive() } == .fenced)
        #expect(letters.count == 1)
        // The claim was given back.
        #expect(try await offsets.stored("orders") == before)
    }

    @Test("while the pipeline's offsets are claimed, such a sink is not redriven")
    func claimed() async throws {
        let offsets = InMemoryOffsetStore()
        let letters = InMemoryDeadLetterStore()
        try await letters.append([.text("1", sink: "table")])
        let claim = try await offsets.claim(ClaimRequest(scope: ClaimScope(connector: "orders")))
        let table = TransactionalTable()
        let pipeline = Pipeline.redriven(
            to: [NamedSink("table", TransactionalTable.Writer(table))],
            offsets: offsets,
            letters: letters
        )
        #expect(await code { try await pipeline.redrive() } == .retryable)
        #expect(table.rows.isEmpty && letters.count == 1)
        try await offsets.release(claim.token)
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 1))
    }

    @Test(
        "the output of a checkpointing sink is not cut off by the next run: it has a new checkpoint before a letter goes"
    )
    func checkpoints() async throws {
        let output = CutOutput()
        let offsets = InMemoryOffsetStore()
        let letters = InMemoryDeadLetterStore()
        let script = Script([SourceBatch(records(1...2)), .end, SourceBatch(records(3...3))])
        let make: @Sendable () -> Pipeline = {
            Pipeline(
                "orders",
                from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
                to: [NamedSink("file", CutSink(output: output))],
                offsets: offsets,
                deadLetters: .store(letters)
            )
        }
        try await make().run()
        output.append("torn by a crash")
        try await letters.append([.text("late", sink: "file")])
        #expect(try await make().redrive() == RedriveCounts(delivered: 1))
        #expect(output.lines == ["1", "2", "late"])
        try await make().run()
        #expect(output.lines == ["1", "2", "late", "3"])
    }

    @Test("S82 what a pipeline could not deliver is in the file, and is delivered when the cause is gone")
    func endToEnd() async throws {
        try await withTemporaryDirectory { directory in
            let deliveries = Deliveries()
            let script = Script([SourceBatch(records(1...6))])
            let letters = FileDeadLetterStore(path: directory + "/dead.jsonl")
            var options = DeliveryOptions()
            options.onError = .deadLetter
            let isRepaired = EventLog()
            let pipeline = Pipeline(
                "orders",
                from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
                through: [.split { [ConnectorRecord($0.data), ConnectorRecord(.text(($0.data.text ?? "") + "!"))] }],
                to: [
                    NamedSink(
                        "sink",
                        deliveries.sink { batch in
                            guard isRepaired.warnings.isEmpty else { return .delivered }
                            let bad = batch.indices.filter { ["2", "4!"].contains(batch[$0].data.text ?? "") }
                            let no = RecordVerdict.reject(ConnectorError(.invalidRecord, "no"))
                            return .verdicts(Dictionary(uniqueKeysWithValues: bad.map { ($0, no) }))
                        }
                    )
                ],
                offsets: InMemoryOffsetStore(),
                deadLetters: .store(letters),
                options: options
            )
            try await pipeline.run()
            let stored = try await letters.all().map(\.letter)
            #expect(stored.map(\.text) == ["2", "4"] && stored.map(\.parts) == [[0], [1]])
            #expect(stored[0].record.offset == RecordOffset(2))
            let before = deliveries.flushed.count
            #expect(try await pipeline.redrive() == RedriveCounts(failedAgain: 2))
            isRepaired.note(RuntimeEvent(.connectorMessage, of: "orders", .warning, "repaired"))
            #expect(try await pipeline.redrive() == RedriveCounts(delivered: 2))
            #expect(Array(deliveries.flushed.dropFirst(before)) == ["2", "4!"])
            #expect(try await letters.count == 0)
        }
    }
}
