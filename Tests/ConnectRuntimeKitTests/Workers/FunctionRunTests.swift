// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: functions and several sinks", .serialized, .timeLimit(.minutes(10)))
struct FunctionRunTests {
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let journals = ["a": Journal(), "b": Journal()]

    private func puts(_ sink: String = "a") -> [String] {
        (journals[sink]?.entries ?? []).filter { $0.hasPrefix("sink.put") }.flatMap {
            $0.dropFirst(9).split(separator: ",").map(String.init)
        }
    }

    private func run(
        _ batches: [SourceBatch],
        _ functions: [any RecordFunction],
        sinks names: [String] = ["a"],
        letters: LetterBoxStore? = nil,
        tolerance: ErrorTolerance = .stop,
        onPut: @escaping @Sendable (String, RecordBatch) async throws -> PutResult = { _, _ in .delivered },
        onCommit: @escaping @Sendable ([RecordPosition]) -> Void = { _ in }
    ) async throws -> DeliveryCounts {
        let script = Script(batches)
        var options = DeliveryOptions()
        options.onError = tolerance
        options.retry = RetryPolicy(maxAttempts: 3)
        let journals = journals
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(
                journal: Journal(),
                onPoll: { _ in try await script.next() },
                onCommit: { onCommit($0) }
            ),
            through: functions,
            to: names.map { name in
                NamedSink(
                    name,
                    ScriptedSink(journal: journals[name] ?? Journal(), onPut: { try await onPut(name, $0) })
                )
            },
            offsets: store,
            deadLetters: letters.map { .store($0) },
            options: options,
            clock: clock.connectorClock,
            randomness: .longest
        )
        let counts = try await clock.ticking(by: .milliseconds(20)) { try await pipeline.run() }
        #expect(counts.polled == counts.settled + counts.lost && counts.inFlight == 0)
        return counts
    }

    private var stored: RecordOffset? {
        get async throws { try await store.stored("p").first?.position.offset }
    }

    @Test("S15 S75: the offset moves past filtered records, also when nothing is left")
    func filtered() async throws {
        let even = InlineFunction.filter { ($0.offset?.sequence ?? 0).isMultiple(of: 2) }
        let counts = try await run([SourceBatch(records(1...3)), SourceBatch(records(5...5))], [even])
        #expect(puts() == ["2"])
        #expect(counts.filtered == 3 && counts.delivered == 1)
        #expect(try await stored == RecordOffset(5))
    }

    @Test("S16 G7: a unit whose last record is filtered is committed with it, and not before")
    func filteredEndOfUnit() async throws {
        let open = [ConnectorRecord("1"), ConnectorRecord("2")]
        let end = ConnectorRecord("3", offset: RecordOffset(3))
        let counts = try await run([SourceBatch(open), SourceBatch([end])], [.filter { $0.data.text != "3" }])
        #expect(puts() == ["1", "2"] && counts.filtered == 1)
        #expect(try await stored == RecordOffset(3))
    }

    @Test("a record that became several counts once, and its parts arrive in order")
    func split() async throws {
        let parts = InlineFunction.split { record in
            ["x", "y"].map { ConnectorRecord(.text((record.data.text ?? "") + $0)) }
        }
        let counts = try await run([SourceBatch(records(1...2))], [parts])
        #expect(puts() == ["1x", "1y", "2x", "2y"])
        #expect(counts.delivered == 2)
        #expect(try await stored == RecordOffset(2))
    }

    @Test("S72: the position is that of the polled record, whatever functions make of it")
    func changedRecord() async throws {
        let change = InlineFunction.map { record in
            var record = record
            record.partition = RecordPartition("elsewhere")
            record.offset = RecordOffset(99)
            return record
        }
        _ = try await run([SourceBatch(records(1...2))], [change])
        #expect(try await store.stored("p").map { "\($0.position.partition.name):\($0.position.offset)" } == [":2"])
    }

    @Test("S76 S81: a function that throws stops the pipeline behind what came before")
    func throwing() async throws {
        let fail = InlineFunction { record in
            guard record.data.text != "3" else { throw ConnectorError(.invalidRecord, "no number") }
            return .record(record)
        }
        let seen = Mutex<[String]>([])
        let later = InlineFunction { record in
            seen.withLock { $0.append(record.data.text ?? "") }
            return .record(record)
        }
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run([SourceBatch(records(1...4))], [fail, later])
        }
        #expect(error?.message.contains("no number") == true && error?.position?.offset == RecordOffset(3))
        #expect(puts() == ["1", "2"] && seen.withLock { $0 } == ["1", "2"])
        #expect(try await stored == RecordOffset(2))
    }

    @Test("S76: with dead letters the record goes there as it was polled, and the others go on")
    func throwingWithLetters() async throws {
        let letters = LetterBoxStore()
        let fail = InlineFunction { record in
            guard record.data.text != "2!" else { throw ConnectorError(.fatal, "no number") }
            return .record(record)
        }
        let mark = InlineFunction.map { ConnectorRecord(.text(($0.data.text ?? "") + "!"), offset: $0.offset) }
        let counts = try await run(
            [SourceBatch(records(1...3))],
            [mark, fail],
            letters: letters,
            tolerance: .deadLetter
        )
        #expect(puts() == ["1!", "3!"] && counts.deadLettered == 1)
        #expect(letters.letters.map(\.summary) == ["2 function - [] 1 fatal"])
        #expect(try await stored == RecordOffset(3))
    }

    @Test("S78: a function that fails in a way that may pass is tried again")
    func retriedFunction() async throws {
        let failures = Mutex(2)
        let flaky = InlineFunction { record in
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw ConnectorError(.retryable, "busy") }
            return .record(record)
        }
        let counts = try await run([SourceBatch(records(1...2))], [flaky])
        #expect(counts.delivered == 2 && puts() == ["1", "2"])
    }

    @Test("rejected input goes to the dead letters as the bytes that were read, in its place")
    func rejectedInput() async throws {
        let letters = LetterBoxStore()
        let rejected = RejectedInput(
            at: 1,
            position: RecordPosition(partition: .single, offset: RecordOffset(2)),
            error: ConnectorError(.invalidRecord, "no UTF-8"),
            bytes: SharedBytes([0xff])
        )
        let batch = SourceBatch([records(1...1)[0], records(3...3)[0]], rejected: [rejected])
        let counts = try await run([batch], [], letters: letters, tolerance: .deadLetter)
        #expect(puts() == ["1", "3"] && counts.deadLettered == 1)
        #expect(letters.letters.first?.stage == .poll && letters.letters.first?.record.data.bytes.first == 0xff)
        #expect(try await stored == RecordOffset(3))
    }

    // MARK: Several sinks

    @Test("each sink gets everything, and one commit follows when all have it")
    func fanOut() async throws {
        let commits = Mutex(0)
        let counts = try await run(
            [SourceBatch(records(1...3)), SourceBatch(records(4...4))],
            [],
            sinks: ["a", "b"],
            onCommit: { _ in commits.withLock { $0 += 1 } }
        )
        #expect(puts("a") == ["1", "2", "3", "4"] && puts("b") == puts("a"))
        #expect(counts.delivered == 4 && commits.withLock { $0 } >= 1)
        for journal in journals.values { #expect(journal.count("sink.flush") >= 1) }
        #expect(try await stored == RecordOffset(4))
    }

    @Test("records are routed by name; one that is meant for none is filtered")
    func route() async throws {
        let route = InlineFunction.route { record in
            switch record.offset?.sequence ?? 0 {
            case 1: ["a"]
            case 2: ["b"]
            case 3: ["a", "b"]
            default: []
            }
        }
        let counts = try await run([SourceBatch(records(1...4))], [route], sinks: ["a", "b"])
        #expect(puts("a") == ["1", "3"] && puts("b") == ["2", "3"])
        #expect(counts.delivered == 3 && counts.filtered == 1)
        #expect(try await stored == RecordOffset(4))
    }

    @Test("a route to a sink that does not exist is an error that names it and those that do")
    func unknownSink() async throws {
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run([SourceBatch(records(1...1))], [.route { _ in ["c"] }], sinks: ["a", "b"])
        }
        #expect(error?.message.contains("\"c\"") == true && error?.message.contains("a, b") == true)
    }

    @Test("G8: only the part that failed, and only its sink, are in the dead letters")
    func partlyRejected() async throws {
        let letters = LetterBoxStore()
        let parts = InlineFunction.split { record in
            ["x", "y"].map { ConnectorRecord(.text((record.data.text ?? "") + $0)) }
        }
        let counts = try await run(
            [SourceBatch(records(1...2))],
            [parts],
            sinks: ["a", "b"],
            letters: letters,
            tolerance: .deadLetter,
            onPut: { name, batch in
                guard name == "b", let index = batch.firstIndex(where: { $0.data.text == "1y" }) else {
                    return .delivered
                }
                return .stopped(at: index, of: batch.count, .reject(ConnectorError(.invalidRecord, "bad")))
            }
        )
        #expect(puts("a") == ["1x", "1y", "2x", "2y"])
        #expect(letters.letters.map(\.summary) == ["1 put b [1] 1 invalidRecord"])
        #expect(counts.deadLettered == 1 && counts.delivered == 1)
        #expect(try await stored == RecordOffset(2))
    }

    @Test("G1 G6: while one sink has not taken a record, it is not committed, although the other has")
    func oneSinkFails() async throws {
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run([SourceBatch(records(1...3))], [], sinks: ["a", "b"]) { name, batch in
                guard name == "b", let index = batch.firstIndex(where: { $0.data.text == "2" }) else {
                    return .delivered
                }
                return .stopped(at: index, of: batch.count, .retry())
            }
        }
        #expect(error?.position?.offset == RecordOffset(2))
        #expect(puts("a") == ["1", "2", "3"])
        #expect(try await stored == RecordOffset(1))
    }
}
