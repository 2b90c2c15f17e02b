// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import OpenConnectFiles
import Synchronization
import Testing

@Suite("Pipeline: dead letters", .timeLimit(.minutes(10)))
struct DeadLetterTests {
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let output = Output()

    /// A sink that rejects records, one by one.
    private func rejecting(_ texts: Set<String>, traits: SinkTraits = SinkTraits()) -> ScriptedSink {
        ScriptedSink(
            journal: Journal(),
            traits: traits,
            onPut: { [output] batch in
                for record in batch where !texts.contains(record.text) { output.append(record.text) }
                let bad = batch.indices.filter { texts.contains(batch[$0].text) }
                let verdict = RecordVerdict.reject(ConnectorError(.invalidRecord, "no \(batch.count)"))
                return .verdicts(Dictionary(uniqueKeysWithValues: bad.map { ($0, verdict) }))
            }
        )
    }

    private func pipeline(
        _ source: any Source,
        through functions: [any RecordFunction] = [],
        _ sinks: [NamedSink],
        _ letters: DeadLetters,
        _ change: (inout DeliveryOptions) -> Void = { _ in }
    ) -> Pipeline {
        var options = DeliveryOptions.with { $0.onError = .deadLetter }
        change(&options)
        return Pipeline(
            "p",
            from: source,
            through: functions,
            to: sinks,
            offsets: store,
            deadLetters: letters,
            options: options,
            clock: clock.connectorClock
        )
    }

    private func storedOffset() async throws -> RecordOffset? { try await store.stored("p").first?.position.offset }

    @Test("G8 S84: a rejected record is settled after the letter is durable, and not before", arguments: [1, 4])
    func settledAfterAppend(concurrent: Int) async throws {
        let (appending, appended) = (Gate(), Gate())
        let letters = LetterStore { _ in
            appending.open()
            try await appended.pass()
        }
        let sink = rejecting(["a2"], traits: SinkTraits(maxConcurrentPuts: concurrent))
        let pipeline = pipeline(
            LogSource([.init("a", count: 12)], batch: 4),
            [NamedSink("x", sink)],
            .store(letters)
        )
        async let ended = clock.ticking { await ending(of: pipeline) }
        try await appending.pass()
        while output.count < 11 || pipeline.status.counts.committed < 2 { await Task.yield() }
        for _ in 0..<2000 { await Task.yield() }
        let counts = pipeline.status.counts
        #expect(counts.deadLettered == 0 && counts.delivered == 11 && counts.inFlight == 1 && counts.committed == 2)
        appended.open()
        let result = try await ended
        #expect(result.error == nil)
        #expect(output.rows == (0..<12).filter { $0 != 2 }.map { "a\($0)" }, "the lane goes on behind a dead letter")
        #expect(result.counts.deadLettered == 1 && result.counts.committed == 12 && result.counts.isBalanced)
        #expect(try await storedOffset() == RecordOffset(11))
    }

    @Test("S83 G8: when a letter cannot be written, it is tried again, and then the pipeline stops in front of it")
    func appendFails() async throws {
        let tries = Mutex(0)
        let letters = LetterStore { _ in
            tries.withLock { $0 += 1 }
            throw ConnectorError(.retryable, "disk full")
        }
        let pipeline = pipeline(LogSource([.init("a", count: 8)]), [NamedSink("x", rejecting(["a5"]))], .store(letters))
        {
            $0.retry.maxAttempts = 3
        }
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error?.message == "disk full")
        #expect(tries.withLock { $0 } == 3)
        #expect(try await storedOffset() == RecordOffset(4))
        #expect(result.counts.deadLettered == 0)
    }

    @Test("S83: a letter that was written at the second attempt is written once, and the position advances")
    func appendRetried() async throws {
        let left = Mutex(2)
        let letters = LetterStore { _ in
            let fails = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw ConnectorError(.retryable, "busy") }
        }
        let pipeline = pipeline(LogSource([.init("a", count: 8)]), [NamedSink("x", rejecting(["a5"]))], .store(letters))
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error == nil)
        #expect(letters.texts == ["a5"])
        #expect(try await storedOffset() == RecordOffset(7))
    }

    @Test("S82: a letter has the polled record, the stage, the sink, the parts, the attempts and the times")
    func content() async throws {
        let letters = LetterStore()
        let functions: [any RecordFunction] = [
            .split { record in
                (0..<3).map { part in
                    var made = record
                    made.data = .text("\(record.text).\(part)")
                    return made
                }
            }
        ]
        let pipeline = pipeline(
            LogSource([.init("a", count: 3)], key: { "key of \($0)" }),
            through: functions,
            [NamedSink("x", rejecting(["a1.0", "a1.2"])), NamedSink("y", rejecting(["a1.1", "a2.0"]))],
            .store(letters)
        )
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error == nil)
        let texts = letters.letters.map { "\($0.record.text) \($0.sink ?? "-") \($0.parts)" }.sorted()
        #expect(texts == ["a1 x [0, 2]", "a1 y [1]", "a2 y [0]"])
        for letter in letters.letters {
            #expect(letter.stage == .put && letter.pipeline == "p" && letter.connector == "LogSource")
            #expect(letter.errorCode == "invalidRecord" && letter.errorMessage.hasPrefix("no ") && letter.attempts == 1)
            #expect(letter.firstFailure <= letter.lastFailure)
            #expect(letter.record.offset?.sequence == Int64(letter.record.text.dropFirst()))
            #expect(letter.record.key == .text("key of \(letter.record.text)"))
        }
        // A record of several parts counts once.
        #expect(result.counts.deadLettered == 2 && result.counts.delivered == 1 && result.counts.isBalanced)
        #expect(result.counts.committed == 3)
    }

    @Test("S82: the letter of a record whose attempts are used up tells how many, and how long they took")
    func attempts() async throws {
        let letters = LetterStore()
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                guard let index = batch.firstIndex(where: { $0.text == "a1" }) else { return .delivered }
                return .stopped(
                    at: index,
                    of: batch.count,
                    .retry(ConnectorError(.retryable, "busy"), after: .seconds(1))
                )
            }
        )
        let pipeline = pipeline(LogSource([.init("a", count: 4)]), [NamedSink("x", sink)], .store(letters)) {
            $0.retry = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(1), maxAttempts: 5)
        }
        let result = try await clock.ticking(by: .milliseconds(10)) { await ending(of: pipeline) }
        #expect(result.error == nil)
        let letter = try #require(letters.letters.first)
        #expect(letters.texts == ["a1"] && letter.attempts == 5)
        let nanoseconds = letter.lastFailure.nanosecondsSince1970 - letter.firstFailure.nanosecondsSince1970
        #expect(nanoseconds >= 4_000_000_000 && nanoseconds < 8_000_000_000)
    }

    @Test("dead letters go into any sink, each as a record, and are flushed there")
    func intoSink() async throws {
        let journal = Journal()
        let pipeline = pipeline(
            LogSource([.init("a", count: 4)], batch: 4),
            [NamedSink("x", rejecting(["a1", "a2"]))],
            .sink(ScriptedSink(journal: journal))
        )
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error == nil)
        #expect(journal.entries == ["sink.start", "sink.put a1,a2", "sink.flush", "sink.stop"])
    }

    @Test(
        "G8: a sink of dead letters that does not take all, or cannot flush, stops the pipeline",
        arguments: ["verdict", "put", "flush"]
    )
    func sinkOfLettersFails(call: String) async throws {
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { _ in
                if call == "put" { throw ConnectorError(.fatal, "no") }
                return call == "verdict" ? .verdicts([0: .reject(ConnectorError(.fatal, "no"))]) : .delivered
            },
            onFlush: { if call == "flush" { throw ConnectorError(.fatal, "no") } }
        )
        let pipeline = pipeline(LogSource([.init("a", count: 4)]), [NamedSink("x", rejecting(["a1"]))], .sink(sink))
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error?.code == .fatal)
        #expect(try await storedOffset() == RecordOffset(0))
    }

    @Test("G13: dead letters that cannot be used are told at the start, before anything is polled")
    func unusableStore() async throws {
        try await withTemporaryDirectory { directory in
            let path = FileSystem.join(directory, "letters")
            let file = try FileDescriptor(path, [.writing, .creating])
            try file.write(Array("something else\n".utf8))
            var options = DeliveryOptions()
            options.onError = .deadLetter
            let journal = Journal()
            let pipeline = Pipeline(
                "p",
                from: ScriptedSource(journal: journal),
                to: ScriptedSink(journal: journal),
                offsets: InMemoryOffsetStore(),
                deadLetters: .store(FileDeadLetterStore(path: path)),
                options: options
            )
            let error = await failure(of: pipeline)
            #expect(error?.message.contains(path) == true, "\(String(describing: error))")
            #expect(journal.entries == ["sink.start", "sink.stop"])
        }
    }

    @Test("S7: many letters while others are written: every record is settled once", arguments: 0..<20)
    func many(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let bad = Set((0..<200).filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }.map { "a\($0)" })
        let batch = Int.random(in: 1...40, using: &generator)
        let letters = LetterStore { _ in await Task.yield() }
        let traits = SinkTraits(maxConcurrentPuts: seed % 2 * 3 + 1)
        let pipeline = pipeline(
            LogSource([.init("a", count: 200)], batch: batch),
            [NamedSink("x", rejecting(bad, traits: traits))],
            .store(letters)
        )
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error == nil)
        #expect(Set(letters.texts) == bad && letters.texts.count == bad.count)
        #expect(output.rows == (0..<200).map { "a\($0)" }.filter { !bad.contains($0) })
        #expect(result.counts.deadLettered == bad.count && result.counts.committed == 200 && result.counts.isBalanced)
    }
}
