// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import OpenConnectFiles
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Redrive", .timeLimit(.minutes(10)))
struct RedriveTests {
    private static let split: any RecordFunction = .split { record in
        ["x", "y", "z"].map { ConnectorRecord(.text((record.data.text ?? "") + $0), partition: record.partition) }
    }

    @Test("S82 only the parts that failed go to the sink that failed, made anew from the polled record")
    func failedPartsOnly() async throws {
        let letters = InMemoryDeadLetterStore()
        let (a, b) = (Deliveries(), Deliveries())
        try await letters.append([.text("1", sink: "a", parts: [0, 2]), .text("2", sink: "b", parts: [1])])
        let pipeline = Pipeline.redriven(
            through: [Self.split],
            to: [NamedSink("a", a.sink()), NamedSink("b", b.sink())],
            letters: letters
        )
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 2))
        #expect(a.flushed == ["1x", "1z"] && b.flushed == ["2y"])
        #expect(letters.count == 0)
    }

    @Test("a letter from before the sinks goes to all of them; where it fails there, it is kept for those alone")
    func functionStage() async throws {
        let letters = InMemoryDeadLetterStore()
        let (a, b, c) = (Deliveries(), Deliveries(), Deliveries())
        try await letters.append([.text("1", stage: .function, sink: nil, parts: [])])
        let refuse: @Sendable (RecordBatch) -> PutResult = { batch in
            .verdicts([batch.count - 1: .reject(ConnectorError(.invalidRecord, "not \(batch.last?.data.text ?? "")"))])
        }
        let pipeline = Pipeline.redriven(
            through: [Self.split],
            to: [
                NamedSink("a", a.sink { refuse($0) }), NamedSink("b", b.sink()), NamedSink("c", c.sink { refuse($0) }),
            ],
            letters: letters
        )
        #expect(try await pipeline.redrive(DeadLetterSelection(limit: 1)) == RedriveCounts(failedAgain: 1))
        #expect(a.flushed == ["1x", "1y"] && b.flushed == ["1x", "1y", "1z"])
        let kept = try await letters.all().map(\.letter)
        #expect(kept.map(\.sink) == ["a", "c"] && kept.map(\.parts) == [[2], [2]])
        #expect(
            kept.allSatisfy { $0.stage == .put && $0.errorMessage == "not 1z" && $0.attempts == 2 && $0.text == "1" }
        )
        #expect(kept.allSatisfy { $0.lastFailure > $0.firstFailure })
    }

    @Test("C10 S82 the parts that failed have the ids that they had in the run")
    func ids() async throws {
        let ids = Mutex<[String?]>([])
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                ids.withLock { $0 += batch.map(\.id) }
                return .delivered
            }
        )
        let letters = InMemoryDeadLetterStore()
        var letter = DeadLetter.text("1", sink: "a", parts: [0, 2])
        letter.record.offset = RecordOffset(42)
        try await letters.append([letter])
        let pipeline = Pipeline.redriven(
            through: [.split { [$0, $0, $0] }],
            to: [NamedSink("a", sink)],
            letters: letters
        )
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 1))
        let expected = [0, 2].map { part in
            var record = letter.record
            record.becomePart(part)
            return record.id
        }
        #expect(ids.withLock { $0 } == expected && Set(expected).count == 2)
    }

    @Test("each letter is tried once: those that the redrive adds wait for the next one")
    func added() async throws {
        let letters = InMemoryDeadLetterStore()
        try await letters.append([.text("1", stage: .function, sink: nil, parts: [])])
        let refuse: @Sendable (RecordBatch) -> PutResult = { _ in
            .verdicts([0: .reject(ConnectorError(.invalidRecord, "no"))])
        }
        let sinks = ["a", "b", "c"].map { NamedSink($0, Deliveries().sink { refuse($0) }) }
        let pipeline = Pipeline.redriven(to: sinks, letters: letters)
        for attempts in 2...3 {
            let counts = try await pipeline.redrive()
            #expect(counts == RedriveCounts(failedAgain: attempts == 2 ? 1 : 3))
            #expect(try await letters.all().map(\.letter.attempts) == [attempts, attempts, attempts])
        }
    }

    @Test(
        "verdicts decide: delivered and dropped letters are removed, what failed again is kept as it is now",
        arguments: [
            (RecordVerdict.delivered, RedriveCounts(delivered: 3), ["1", "2", "3"], [:]),
            (.drop, RedriveCounts(delivered: 2, dropped: 1), ["1", "3"], [:]),
            (
                .reject(ConnectorError(.invalidRecord, "bad")), RedriveCounts(delivered: 2, failedAgain: 1),
                ["1", "3"],
                ["2": 2]
            ),
            (
                .retry(ConnectorError(.retryable, "bad")), RedriveCounts(delivered: 2, failedAgain: 1), ["1", "3"],
                ["2": 4]
            ),
            (.notTried, RedriveCounts(delivered: 2, failedAgain: 1), ["1", "3"], ["2": 4]),
        ] as [(RecordVerdict, RedriveCounts, [String], [String: Int])]
    )
    func verdicts(verdict: RecordVerdict, counts: RedriveCounts, delivered: [String], kept: [String: Int]) async throws
    {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        try await letters.append(["1", "2", "3"].map { .text($0) })
        let sink: @Sendable () -> any Sink = {
            deliveries.sink { batch in
                guard let index = batch.firstIndex(where: { $0.data.text == "2" }) else { return .delivered }
                return .verdicts([index: verdict])
            }
        }
        let policy = RetryPolicy(firstDelay: .zero, maxDelay: .zero, maxAttempts: 3)
        let pipeline = Pipeline.redriven(to: [NamedSink("sink", sink())], letters: letters, retry: policy)
        #expect(try await pipeline.redrive() == counts)
        #expect(deliveries.flushed == delivered)
        let left = try await letters.all().map(\.letter)
        #expect(Dictionary(uniqueKeysWithValues: left.map { ($0.text, $0.attempts) }) == kept)
        if kept.isEmpty == false { #expect(left[0].errorMessage.contains("bad") || verdict.error == nil) }
    }

    @Test("nobody waits as long as a sink asks for a letter that is not put again")
    func patienceForNothing() async throws {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        try await letters.append(["1", "2"].map { .text($0) })
        let sink = deliveries.sink { batch in
            batch.firstIndex { $0.data.text == "1" }.map { .verdicts([$0: .retry(after: .seconds(3600))]) }
                ?? .delivered
        }
        let pipeline = Pipeline.redriven(to: [NamedSink("sink", sink)], letters: letters, retry: .never)
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 1, failedAgain: 1))
    }

    @Test("a bad record in a batch that is refused as a whole is found", arguments: [1, 2, 7, 40])
    func bisection(count: Int) async throws {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        try await letters.append((0..<count).map { .text("\($0)") })
        let bad = "\(count / 2)"
        let pipeline = Pipeline.redriven(
            to: [
                NamedSink(
                    "sink",
                    deliveries.sink { batch in
                        guard !batch.contains(where: { $0.data.text == bad }) else {
                            throw ConnectorError(.invalidRecord, "no")
                        }
                        return .delivered
                    }
                )
            ],
            letters: letters
        )
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: count - 1, failedAgain: 1))
        #expect(deliveries.flushed == (0..<count).map { "\($0)" }.filter { $0 != bad })
        #expect(try await letters.texts() == [bad])
    }

    @Test("S85 what cannot be tried is kept as it was, with one warning for each reason, without any payload")
    func kept() async throws {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        let log = EventLog()
        try await letters.append([
            .text("raw", stage: .poll, sink: nil, parts: []), .text("lost", sink: "attic"),
            .text("gone", sink: "attic"),
            .text("shrunk", parts: [0, 5]), .text("other", pipeline: "returns"), .text("fine", parts: [0, 0]),
        ])
        let pipeline = Pipeline.redriven(to: [NamedSink("sink", deliveries.sink())], letters: letters, log: log)
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 1, kept: 4))
        #expect(deliveries.flushed == ["fine"])
        #expect(try await letters.texts() == ["raw", "lost", "gone", "shrunk", "other"])
        #expect(try await letters.all().allSatisfy { $0.letter.attempts == 1 })
        #expect(log.warnings.count == 3)
        let attic = log.warnings.first { $0.message.contains("\"attic\"") }
        #expect(attic?.attributes["letters"] == "2")
        #expect(log.warnings.allSatisfy { !$0.message.contains("raw") })
    }

    @Test("a function that fails again keeps what the letter is for; one that filters the record now removes it")
    func functions() async throws {
        let letters = InMemoryDeadLetterStore()
        let (a, b) = (Deliveries(), Deliveries())
        try await letters.append([.text("bad", sink: "a"), .text("off", sink: "a"), .text("good", sink: "b")])
        let function = InlineFunction { record in
            if record.data.text == "bad" { throw ConnectorError(.invalidRecord, "still bad") }
            return record.data.text == "off" ? .filtered : .record(record)
        }
        let pipeline = Pipeline.redriven(
            through: [function],
            to: [NamedSink("a", a.sink()), NamedSink("b", b.sink())],
            letters: letters
        )
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 1, filtered: 1, failedAgain: 1))
        let kept = try #require(try await letters.all().first).letter
        #expect(kept.stage == .function && kept.sink == "a" && kept.parts == [0] && kept.errorMessage == "still bad")
        #expect(a.flushed.isEmpty && b.flushed == ["good"])
    }

    @Test("a letter whose part is routed elsewhere now is kept")
    func rerouted() async throws {
        let letters = InMemoryDeadLetterStore()
        let (a, b) = (Deliveries(), Deliveries())
        try await letters.append([.text("1", sink: "a")])
        let pipeline = Pipeline.redriven(
            through: [.route { _ in ["b"] }],
            to: [NamedSink("a", a.sink()), NamedSink("b", b.sink())],
            letters: letters
        )
        #expect(try await pipeline.redrive() == RedriveCounts(kept: 1))
        #expect(a.puts.isEmpty && b.puts.isEmpty && letters.count == 1)
    }

    @Test("a selection takes what it names and no more", arguments: LetterStoreKind.allCases)
    func selection(kind: LetterStoreKind) async throws {
        try await kind.withStore { letters in
            let (a, b) = (Deliveries(), Deliveries())
            try await letters.append([
                .text("1", sink: "a"), .text("2", sink: "b"), .text("3", stage: .function, sink: nil, parts: []),
                .text("4", sink: "a", code: .retryable), .text("5", sink: "a"), .text("6", sink: "a"),
            ])
            let pipeline = Pipeline.redriven(
                to: [NamedSink("a", a.sink()), NamedSink("b", b.sink())],
                letters: letters
            )
            try await pipeline.redrive(DeadLetterSelection(sink: "b"))
            #expect(b.flushed == ["2"] && a.puts.isEmpty)
            try await pipeline.redrive(DeadLetterSelection(errorCode: "retryable"))
            #expect(a.flushed == ["4"])
            try await pipeline.redrive(DeadLetterSelection(sink: "a", limit: 2))
            #expect(a.flushed == ["4", "1", "5"])
            #expect(try await pipeline.redrive(DeadLetterSelection(limit: 0)).total == 0)
            try await pipeline.redrive(DeadLetterSelection(stage: .function))
            #expect(a.flushed == ["4", "1", "5", "3"] && b.flushed == ["2", "3"])
            #expect(try await letters.texts() == ["6"])
        }
    }

    @Test("letters that cannot be tried do not count towards the limit, and keep nobody waiting")
    func limitOfThoseThatAreTried() async throws {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        try await letters.append([
            .text("1", sink: "gone"), .text("2", sink: "gone"), .text("3", sink: "a"), .text("4", sink: "gone"),
            .text("5", sink: "a"), .text("6", sink: "a"),
        ])
        let pipeline = Pipeline.redriven(to: [NamedSink("a", deliveries.sink())], letters: letters)
        #expect(
            try await pipeline.redrive(DeadLetterSelection(limit: 2)) == RedriveCounts(delivered: 2, kept: 3)
        )
        #expect(deliveries.flushed == ["3", "5"])
        #expect(try await letters.texts() == ["1", "2", "4", "6"])
    }

    @Test("G5 letters of one lane keep their order, also under retry, over pages and in small batches")
    func order() async throws {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        let partitions = [RecordPartition("p"), RecordPartition("q")]
        let texts = (0..<600).map { "\($0)" }
        try await letters.append(texts.enumerated().map { .text($1, partition: partitions[$0 % 2], offset: Int64($0)) })
        let tries = Journal()
        let traits = SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: 7))
        let pipeline = Pipeline.redriven(
            to: [
                NamedSink(
                    "sink",
                    deliveries.sink(traits) { batch in
                        guard let index = batch.firstIndex(where: { (Int($0.data.text ?? "") ?? 1) % 50 == 0 }),
                            let text = batch[index].data.text, tries.count(text) < 2
                        else { return .delivered }
                        tries.note(text)
                        return .stopped(at: index, of: batch.count, .retry(nil))
                    }
                )
            ],
            letters: letters,
            retry: RetryPolicy(firstDelay: .zero, maxDelay: .zero)
        )
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 600))
        #expect(deliveries.flushed == texts)
        #expect(deliveries.puts.allSatisfy { $0.count <= 7 })
    }

    @Test("S83 nothing is removed before the flush has returned, and a flush that fails removes nothing")
    func flushFirst() async throws {
        let letters = InMemoryDeadLetterStore()
        let deliveries = Deliveries()
        try await letters.append((0..<10).map { .text("\($0)") })
        let gate = Gate()
        let pipeline = Pipeline.redriven(
            to: [NamedSink("sink", deliveries.sink(onFlush: { try await gate.pass() }))],
            letters: letters
        )
        async let counts = pipeline.redrive()
        await gate.arrivals()
        #expect(deliveries.puts.count == 1 && letters.count == 10)
        gate.open()
        #expect(try await counts == RedriveCounts(delivered: 10) && letters.count == 0)

        try await letters.append([.text("again")])
        let broken = Pipeline.redriven(
            to: [
                NamedSink("sink", deliveries.sink(onFlush: { throw ConnectorError(.fatal, "the disk is gone") }))
            ],
            letters: letters
        )
        let error = await connectorError { try await broken.redrive() }
        #expect(error?.message == "the disk is gone")
        #expect(try await letters.all().map(\.letter.attempts) == [1])
    }

    @Test("an outage says nothing about letters: they stay as they were, and the redrive fails with it")
    func outage() async throws {
        let letters = InMemoryDeadLetterStore()
        let journal = Journal()
        try await letters.append((0..<3).map { .text("\($0)") })
        let policy = RetryPolicy(firstDelay: .zero, maxDelay: .zero, maxAttempts: 4)
        let pipeline = Pipeline.redriven(
            to: [
                NamedSink(
                    "sink",
                    Deliveries().sink(journal: journal) { _ in throw ConnectorError(.notConnected, "no route") }
                )
            ],
            letters: letters,
            outage: policy
        )
        let error = await connectorError { try await pipeline.redrive() }
        #expect(error?.code == .notConnected)
        #expect(journal.entries.filter { $0.hasPrefix("sink.put") }.count == 4)
        #expect(journal.entries.last == "sink.stop")
        #expect(try await letters.all().map(\.letter.attempts) == [1, 1, 1])
    }

    @Test("only sinks that are needed are started; a start that fails is tried again with another instance")
    func starts() async throws {
        let letters = InMemoryDeadLetterStore()
        let (a, b) = (Journal(), Journal())
        try await letters.append([.text("1", sink: "a")])
        let pipeline = Pipeline.redriven(
            to: [
                NamedSink(
                    "a",
                    ScriptedSink(
                        journal: a,
                        onStart: { _ in
                            if a.count("sink.start") < 3 { throw ConnectorError(.retryable, "not yet") }
                        }
                    )
                ),
                NamedSink("b", ScriptedSink(journal: b)),
            ],
            letters: letters,
            retry: RetryPolicy(firstDelay: .zero, maxDelay: .zero)
        )
        #expect(try await pipeline.redrive() == RedriveCounts(delivered: 1))
        let start = ["sink.start", "sink.stop"]
        #expect(a.entries == start + start + ["sink.start", "sink.put 1", "sink.flush", "sink.stop"])
        #expect(b.entries.isEmpty)
    }

    @Test("G11 cancelled inside a put or a back-off of an hour, it stops at once, and every letter is still there")
    func cancellation() async throws {
        for isInPut in [true, false] {
            let letters = InMemoryDeadLetterStore()
            let clock = ManualClock()
            try await letters.append([.text("1"), .text("2")])
            let sink: @Sendable () -> any Sink = {
                Deliveries().sink { _ in
                    guard isInPut else { return .verdicts([0: .retry(nil, after: .seconds(3600))]) }
                    try await clock.connectorClock.sleep(for: .seconds(1))
                    return .delivered
                }
            }
            let pipeline = Pipeline.redriven(
                to: [NamedSink("sink", sink())],
                letters: letters,
                retry: RetryPolicy(),
                clock: clock.connectorClock
            )
            let error = await withTaskGroup(of: ConnectorError?.self) { group in
                group.addTask { await connectorError { try await pipeline.redrive() } }
                await clock.sleepers()
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(error?.code == .cancelled)
            #expect(letters.count == 2)
        }
    }

    @Test("a pipeline without a store of dead letters says that there is nothing to redrive from")
    func noStore() async throws {
        for place in [nil, DeadLetters.sink(Deliveries().sink())] {
            let pipeline = Pipeline(
                "orders",
                from: ScriptedSource(journal: Journal()),
                to: [NamedSink("sink", Deliveries().sink())],
                deadLetters: place
            )
            #expect(await code { try await pipeline.redrive() } == .invalidConfiguration)
            let letters = InMemoryDeadLetterStore()
            try await letters.append([.text("1")])
            #expect(try await pipeline.redrive(from: letters) == RedriveCounts(delivered: 1))
        }
    }
}
