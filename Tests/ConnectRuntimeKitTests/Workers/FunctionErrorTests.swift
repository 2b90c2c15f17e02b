// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: functions and input that fail", .timeLimit(.minutes(10)))
struct FunctionErrorTests {
    private struct Ordinary: Error {}

    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let letters = LetterStore()
    private let output = Output()

    private func run(
        _ source: any Source,
        _ function: (any RecordFunction)? = nil,
        _ options: DeliveryOptions
    ) async throws -> Outcome {
        let pipeline = Pipeline(
            "p",
            from: source,
            through: function.map { [$0] } ?? [],
            to: ScriptedSink(
                journal: Journal(),
                onPut: { [output] batch in
                    output.append(batch)
                    return .delivered
                }
            ),
            offsets: store,
            deadLetters: .store(letters),
            options: options,
            clock: clock.connectorClock
        )
        return try await clock.ticking { await ending(of: pipeline) }
    }

    private func failing(_ texts: Set<String>, with error: any Error) -> InlineFunction {
        .map { record in
            if texts.contains(record.text) { throw error }
            return record
        }
    }

    @Test("S76 G9: a function that says it was cancelled, though nobody has, has failed for that record alone")
    func cancelledRecord() async throws {
        let source = LogSource([.init("a", count: 8)], batch: 4)
        let outcome = try await run(source, failing(["a5"], with: CancellationError()), .with { $0.onError = .drop })
        #expect(outcome.error == nil)
        #expect(outcome.counts.dropped == 1 && outcome.counts.delivered == 7)
    }

    @Test("S76 G9: a function that throws stops the pipeline in front of the record", arguments: 0..<8, [1, 3, 8])
    func stops(bad: Int, batch: Int) async throws {
        let function = failing(["a\(bad)"], with: Ordinary())
        let result = try await run(LogSource([.init("a", count: 8)], batch: batch), function, DeliveryOptions())
        #expect(result.error?.code == .invalidRecord)
        #expect(result.error?.position?.offset == RecordOffset(Int64(bad)))
        #expect(output.rows == (0..<bad).map { "a\($0)" })
        #expect(try await store.stored("p").map(\.position.offset) == (bad == 0 ? [] : [RecordOffset(Int64(bad - 1))]))
        #expect(result.counts.polled == min(8, (bad / batch + 1) * batch))
        #expect(result.counts.delivered == bad && result.counts.inFlight == result.counts.polled - bad)
    }

    @Test(
        "S76 G9: an error of a function concerns its record alone",
        arguments: [ConnectorError.Code.invalidRecord, .fatal, .invalidConfiguration]
    )
    func tolerated(code: ConnectorError.Code) async throws {
        let function = failing(["a0", "a3", "a7"], with: ConnectorError(code, "bad"))
        let options = DeliveryOptions.with { $0.onError = .deadLetter }
        let result = try await run(LogSource([.init("a", count: 8)]), function, options)
        #expect(result.error == nil)
        #expect(output.rows == ["a1", "a2", "a4", "a5", "a6"])
        #expect(letters.texts == ["a0", "a3", "a7"])
        #expect(letters.letters.allSatisfy { $0.stage == .function && $0.sink == nil && $0.parts.isEmpty })
        #expect(letters.letters.allSatisfy { $0.errorCode == "\(code)" && $0.attempts == 1 })
        #expect(result.counts.deadLettered == 3 && result.counts.isBalanced && result.counts.committed == 8)
    }

    @Test("S40 S76: bad records can be dropped")
    func dropped() async throws {
        let function = failing(["a0", "a7"], with: Ordinary())
        let result = try await run(LogSource([.init("a", count: 8)]), function, .with { $0.onError = .drop })
        #expect(output.rows == (1..<7).map { "a\($0)" })
        #expect(result.counts.dropped == 2 && result.counts.committed == 8)
        #expect(letters.letters.isEmpty)
    }

    @Test(
        "S78: a function that fails in a way that may pass is called again, for this record",
        arguments: [ConnectorError.Code.retryable, .throttled, .notConnected]
    )
    func retried(code: ConnectorError.Code) async throws {
        let left = Mutex(3)
        let calls = Mutex<[String]>([])
        let function = InlineFunction { record in
            calls.withLock { $0.append(record.text) }
            guard record.text == "a1", left.withLock({ $0 }) > 0 else { return .record(record) }
            left.withLock { $0 -= 1 }
            throw ConnectorError(code, "busy")
        }
        let result = try await run(LogSource([.init("a", count: 3)]), function, DeliveryOptions())
        #expect(result.error == nil)
        #expect(calls.withLock { $0 } == ["a0", "a1", "a1", "a1", "a1", "a2"])
        #expect(output.rows == ["a0", "a1", "a2"])
    }

    @Test("S60 S82: when a function's attempts are used up, the letter tells how many there were")
    func attemptsUsedUp() async throws {
        let function = failing(["a1"], with: ConnectorError(.retryable, "busy"))
        let options = DeliveryOptions.with {
            $0.onError = .deadLetter
            $0.retry.maxAttempts = 4
        }
        let result = try await run(LogSource([.init("a", count: 3)]), function, options)
        #expect(result.counts.deadLettered == 1)
        #expect(letters.letters.map(\.attempts) == [4])
        #expect(output.rows == ["a0", "a2"])
    }

    // MARK: Rejected input

    private func input(at index: Int, _ offset: Int64) -> RejectedInput {
        RejectedInput(
            at: index,
            position: RecordPosition(partition: .single, offset: RecordOffset(offset)),
            error: ConnectorError(.invalidRecord, "no record"),
            bytes: SharedBytes(utf8: "raw \(offset)")
        )
    }

    @Test("S82: rejected input becomes a letter with the bytes that were read, in its place among the records")
    func rejectedInput() async throws {
        let script = Script([
            SourceBatch(records(2...3), rejected: [input(at: 0, 1), input(at: 2, 4), input(at: 2, 5)]),
            SourceBatch(rejected: [input(at: 0, 6)]),
        ])
        let source = ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() })
        let result = try await run(source, .with { $0.onError = .deadLetter })
        #expect(result.error == nil)
        #expect(output.rows == ["2", "3"])
        #expect(letters.texts.sorted() == ["raw 1", "raw 4", "raw 5", "raw 6"])
        #expect(letters.letters.allSatisfy { $0.stage == .poll && $0.sink == nil })
        #expect(result.counts.polled == 6 && result.counts.deadLettered == 4 && result.counts.isBalanced)
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(6)])
    }

    private func run(_ source: any Source, _ options: DeliveryOptions) async throws -> Outcome {
        try await run(source, nil, options)
    }

    // MARK: The limit

    @Test(
        "bad data stops the pipeline where bad records are m of the last n",
        arguments: [
            (ErrorTolerance.deadLetter, 2, 10, Set(["a3", "a9"]), true), (.drop, 2, 10, Set(["a3", "a9"]), true),
            (.drop, 2, 6, Set(["a3", "a9"]), false), (.drop, 3, 100, Set(["a3", "a9"]), false),
            (.drop, 1, 1, Set(["a3"]), true),
        ]
    )
    func limit(tolerance: ErrorTolerance, m: Int, n: Int, bad: Set<String>, stops: Bool) async throws {
        let function = failing(bad, with: Ordinary())
        let options = DeliveryOptions.with { $0.onError = tolerance.limited(to: .init(m, ofLast: n)) }
        let result = try await run(LogSource([.init("a", count: 20)], batch: 1), function, options)
        #expect((result.error != nil) == stops)
        if stops { #expect(result.error?.message.contains("\(m) of the last \(n)") == true) }
        if !stops { #expect(result.counts.isBalanced) }
    }
}
