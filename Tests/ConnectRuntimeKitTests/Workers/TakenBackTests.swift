// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Records that do not get there: what becomes of those before and behind them, and what is said of them.
@Suite("Pipeline: records that are given up", .timeLimit(.minutes(10)))
struct TakenBackTests {
    private let store = InMemoryOffsetStore()

    private func pipeline(
        _ bad: [String],
        _ tolerance: ErrorTolerance,
        letters: LetterStore = LetterStore(),
        through functions: [any RecordFunction] = [],
        observer: any RuntimeObserver = .silent
    ) -> Pipeline {
        let faults = FaultScript { $0.method == .put ? .rejects { bad.contains($0.text) } : nil }
        return Pipeline(
            "p",
            from: LogSource([.init("a", count: 6)], batch: 6),
            through: functions,
            to: FaultySink(ScriptedSink(journal: Journal()), faults),
            offsets: store,
            deadLetters: .store(letters),
            options: .with { $0.onError = tolerance },
            observer: observer
        )
    }

    @Test(
        "S6: the newest record is given up: the pipeline stops before it, or passes it, and earlier ones are committed"
    )
    func newest() async throws {
        #expect(await failure(of: pipeline(["a5"], .stop))?.code == .invalidRecord)
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(4)])
        try await pipeline(["a5"], .drop).run()
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(5)])
    }

    @Test("S7: a record in the middle is given up: those behind it are committed", arguments: [true, false])
    func middle(isDropped: Bool) async throws {
        let counts = try await pipeline(["a2", "a3"], isDropped ? .drop : .deadLetter).run()
        #expect(counts.isBalanced && counts.delivered == 4)
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(5)])
    }

    @Test("S38: behind a filtered record, what is put again begins with the record that failed")
    func retryBehindFiltered() async throws {
        let journal = Journal()
        let clock = ManualClock()
        let faults = FaultScript(.put, [.retries { $0.text == "a2" }])
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 3)], batch: 3),
            through: [.filter { $0.text != "a0" }],
            to: FaultySink(ScriptedSink(journal: journal), faults),
            offsets: store,
            clock: clock.connectorClock
        )
        let counts = try await clock.ticking(by: .milliseconds(20)) { try await pipeline.run() }
        #expect(counts.filtered == 1 && counts.retried == 1)
        #expect(journal.entries.filter { $0.hasPrefix("sink.put") } == ["sink.put a1", "sink.put a2"])
    }

    @Test(
        "S85: nothing that is said of a bad record holds its data, and without dead letters nothing is written",
        arguments: [ErrorTolerance.stop, .drop, .deadLetter],
        ["sink", "function"]
    )
    func silence(tolerance: ErrorTolerance, place: String) async throws {
        let said = Journal()
        let letters = LetterStore()
        let function = InlineFunction { record in
            if record.text == "a2", place == "function" { throw ConnectorError(.invalidRecord, "not wanted") }
            return .record(record)
        }
        let pipeline = pipeline(
            place == "sink" ? ["a2"] : [],
            tolerance,
            letters: letters,
            through: [function],
            observer: .events { said.note("\($0.message) \($0.attributes) \($0.error.map { "\($0)" } ?? "")") }
        )
        if let error = await failure(of: pipeline) { said.note("\(error)") }
        #expect(!said.entries.contains { $0.contains("a2") }, "\(said.entries)")
        #expect(letters.letters.count == (tolerance == .deadLetter ? 1 : 0))
    }
}
