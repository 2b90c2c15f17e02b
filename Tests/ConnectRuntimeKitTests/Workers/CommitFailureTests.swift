// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: commits that fail or take long", .timeLimit(.minutes(10)))
struct CommitFailureTests {
    private let journal = Journal()
    private let store: NotingStore
    private let clock = ManualClock()

    init() { store = NotingStore(journal: journal) }

    private var saves: [String] { journal.entries.filter { $0.hasPrefix("save") } }
    private var commits: [String] { journal.entries.filter { $0.hasPrefix("source.commit") } }

    private func pipeline(
        _ source: any Source,
        _ sink: any Sink,
        store: (any OffsetStore)? = nil,
        _ change: (inout DeliveryOptions) -> Void = { _ in }
    ) -> Pipeline {
        Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: store ?? self.store,
            options: .with { options in
                options.retry = RetryPolicy(firstDelay: .seconds(10), maxDelay: .seconds(10))
                change(&options)
            },
            clock: clock.connectorClock,
            randomness: .longest
        )
    }

    /// Ends when the test says so.
    private func script(_ batches: [SourceBatch], until end: Gate) -> Script {
        Script(batches) {
            try await end.pass()
            return .end
        }
    }

    @Test("S13 S42: of commits that the source could not take note of, it is told the newest of each partition, later")
    func coalesced() async throws {
        let (end, failed) = (Gate(), Gate())
        let (a, b) = (RecordPartition("a"), RecordPartition("b"))
        let batches = [
            SourceBatch(records(1...1, partition: a), quiet: .zero),
            SourceBatch(records(5...5, partition: b), quiet: .zero),
            SourceBatch(records(2...3, partition: a), quiet: .zero),
        ]
        let script = script(batches, until: end)
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in try await script.next() },
            onCommit: { _ in
                guard commits.count == 1 else { return end.open() }
                failed.open()
                throw ConnectorError(.notConnected, "away")
            }
        )
        async let counts = pipeline(source, ScriptedSink(journal: journal)).run()
        try await failed.pass()
        // The positions are durable all the same, before it is time to tell the source again.
        while !saves.contains(where: { $0.contains("a:3") }) { await tick(by: .milliseconds(1)) }
        let saved = saves.joined(separator: ",")
        #expect(saved.contains("a:1") && saved.contains("b:5") && commits == ["source.commit a:1"])
        while commits.count < 2 { await tick() }
        #expect(try await counts.committed == 4)
        #expect(commits == ["source.commit a:1", "source.commit a:3,b:5"])
    }

    @Test("S42: what the source did not take note of before the end, it is told after a restart")
    func repeatedAfterRestart() async throws {
        let first = Script([SourceBatch(records(1...3))])
        let away = ScriptedSource(
            journal: journal,
            onPoll: { _ in try await first.next() },
            onCommit: { _ in throw ConnectorError(.notConnected, "away") }
        )
        let counts = try await pipeline(away, ScriptedSink(journal: journal)).run()
        #expect(counts.committed == 3)
        let again = Journal()
        try await pipeline(ScriptedSource(journal: again), ScriptedSink(journal: again)).run()
        #expect(
            again.entries.filter { $0.hasPrefix("source") }.prefix(3) == [
                "source.start", "source.commit :3", "source.poll",
            ]
        )
    }

    @Test("S43 S55: the source is told nothing until the store has saved it, also when the answer to a save is lost")
    func failingStore() async throws {
        let script = Script([SourceBatch(records(1...3))])
        let faults = FaultScript(.save, [.busy, .lostAnswer])
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let store = FaultyOffsetStore(store, faults)
        let pipeline = pipeline(source, ScriptedSink(journal: journal), store: store)
        async let counts = pipeline.run()
        while faults.count(of: .save) < 2 { await tick() }
        #expect(commits.isEmpty)
        while commits.isEmpty { await tick() }
        #expect(try await counts.committed == 3)
        #expect(commits == ["source.commit :3"] && faults.count(of: .save) == 3)
    }

    @Test("S64: a flush that fails for now is repeated, and nothing is stored or told before it has succeeded")
    func failingFlush() async throws {
        let script = Script([SourceBatch(records(1...3))])
        let faults = FaultScript(.flush, [.busy, .busy])
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let pipeline = pipeline(source, FaultySink(ScriptedSink(journal: journal), faults))
        async let counts = pipeline.run()
        while faults.count(of: .flush) < 2 { await tick() }
        #expect(saves.isEmpty && commits.isEmpty)
        while commits.isEmpty { await tick() }
        #expect(try await counts.committed == 3)
        #expect(journal.count("sink.put 1,2,3") == 1 && journal.count("sink.flush") == 1)
    }

    @Test("S64: a last flush that fails commits nothing; the sink is stopped, and the records are read again")
    func failingLastFlush() async throws {
        let script = Script([SourceBatch(records(1...3))])
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let faults = FaultScript(.flush, [.fails(ConnectorError(.fatal, "fsync failed"))])
        let sink = FaultySink(ScriptedSink(journal: journal), faults)
        let error = await failure(of: pipeline(source, sink))
        #expect(error?.message == "fsync failed")
        #expect(journal.count("sink.stop") == 1 && commits.isEmpty)
        #expect(saves.isEmpty)
    }

    @Test(
        "S66 S67: while a commit takes long, puts go on, no second commit begins, and the next one is the newest",
        arguments: ["save", "commit"]
    )
    func slowCommit(call: String) async throws {
        let (slow, end) = (Gate(), Gate())
        let script = Script((1...6).map { SourceBatch(records($0...$0), quiet: .zero) }) {
            try await end.pass()
            return .end
        }
        let faults = FaultScript(.save, call == "save" ? [.hangs(until: slow)] : [])
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in try await script.next() },
            onCommit: { _ in if call == "commit" { await slow.passIgnoringCancellation() } }
        )
        let pipeline = pipeline(source, ScriptedSink(journal: journal), store: FaultyOffsetStore(store, faults)) {
            $0.maxPollRecords = 1
        }
        async let counts = pipeline.run()
        await slow.arrivals()
        while journal.count("sink.put 6") == 0 { await tick() }
        for _ in 0..<200 { await tick() }
        #expect(faults.count(of: .save) == 1 && commits.count == (call == "save" ? 0 : 1))
        #expect(
            pipeline.status.calls.map(\.description).contains(
                call == "save" ? "save of the offset store" : "commit of the source"
            )
        )
        slow.open()
        end.open()
        #expect(try await counts.committed == 6)
        #expect(commits.last == "source.commit :6" && commits.count == 2)
    }

    // MARK: Individual

    @Test("G1: each record is acknowledged with its outcome, once, after the flush or the letter that makes it durable")
    func outcomes() async throws {
        let letters = LetterStore { _ in journal.note("letter") }
        let source = TokenSource(journal, count: 5)
        let sink = FaultySink(
            ScriptedSink(journal: journal),
            FaultScript { $0.method == .put ? .rejects { $0.text == "2" } : nil }
        )
        let dropping = ScriptedSink(
            journal: Journal(),
            onPut: { batch in .verdicts(batch.firstIndex { $0.text == "3" }.map { [$0: .drop] } ?? [:]) }
        )
        let pipeline = Pipeline(
            "p",
            from: source,
            through: [.filter { $0.text != "1" }],
            to: [NamedSink("x", sink), NamedSink("y", dropping)],
            deadLetters: .store(letters),
            options: .with { $0.onError = .deadLetter }
        )
        let counts = try await pipeline.run()
        #expect(counts.isBalanced && counts.committed == 5)
        #expect(
            source.acknowledged.sorted() == [
                "0 delivered", "1 filtered", "2 dead-lettered", "3 dropped", "4 delivered",
            ]
        )
        let order = journal.entries.filter { $0 == "letter" || $0 == "acknowledge 2" }
        #expect(order == ["letter", "acknowledge 2"])
    }

    @Test("S42: acknowledgements that fail are collected and repeated while the session lives; nothing is put again")
    func failingAcknowledgements() async throws {
        let source = TokenSource(journal, count: 4, failing: 3)
        let pipeline = pipeline(source, ScriptedSink(journal: journal)) { $0.maxPollRecords = 1 }
        async let counts = pipeline.run()
        while source.acknowledged.count < 4 { await tick() }
        #expect(try await counts.committed == 4)
        #expect(source.acknowledged.sorted() == (0..<4).map { "\($0) delivered" })
        #expect(journal.entries.filter { $0.hasPrefix("sink.put") }.count == 4)
    }

    private func tick(by duration: Duration = .milliseconds(100)) async {
        for _ in 0..<4 { await Task.yield() }
        clock.advance(by: duration)
    }
}

/// Gives each record a token, and ends when all of them were acknowledged or enough attempts have failed.
final class TokenSource: AcknowledgingSource {
    private struct State {
        var next = 0
        var failuresLeft: Int
        var acknowledged: [String] = []
    }

    private let journal: Journal
    private let count: Int
    private let staysOpen: Bool
    private let state: Mutex<State>
    /// Open once an acknowledgement has failed.
    let failed = Gate()

    init(_ journal: Journal, count: Int, failing: Int = 0, staysOpen: Bool = false) {
        self.journal = journal
        self.staysOpen = staysOpen
        self.count = count
        state = Mutex(State(failuresLeft: failing))
    }

    var traits: SourceTraits { SourceTraits(acknowledgement: .individual, positions: .nobody, isReplayable: false) }
    var acknowledged: [String] { state.withLock(\.acknowledged) }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        let range = state.withLock { state in
            let first = state.next
            state.next = min(count, first + request.maxRecords)
            return first..<state.next
        }
        if !range.isEmpty {
            return SourceBatch(range.map { ConnectorRecord(.text("\($0)"), offset: RecordOffset(Int64($0))) })
        }
        if staysOpen { try await Task.sleep(for: .seconds(3600)) }
        await Task.yield()
        return SourceBatch(isEnd: acknowledged.count == count)
    }

    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        try state.withLock { state in
            state.failuresLeft -= 1
            guard state.failuresLeft < 0 else {
                failed.open()
                throw ConnectorError(.notConnected, "away")
            }
            for each in acknowledgements {
                state.acknowledged.append("\(each.position.offset) \(each.outcome)")
                journal.note("acknowledge \(each.position.offset)")
            }
        }
    }
}

/// A store that notes what is saved.
struct NotingStore: OffsetStore {
    let base = InMemoryOffsetStore()
    let journal: Journal

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim { try await base.claim(request) }
    func renew(_ claim: ClaimToken) async throws { try await base.renew(claim) }
    func release(_ claim: ClaimToken) async throws { try await base.release(claim) }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await base.save(changes, under: claim)
        for stored in changes.positions.map(\.position) {
            journal.note("save \(stored.partition.name):\(stored.offset)")
        }
    }
}
