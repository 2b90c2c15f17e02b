// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: verdicts", .timeLimit(.minutes(10)))
struct VerdictOutcomeTests {
    private static let error = ConnectorError(.invalidRecord, "bad")

    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let output = Output()
    private let puts = Journal()

    /// A sink whose puts have the verdicts of a list, one after the other, and then take everything.
    private func sink(_ verdicts: [[Int: RecordVerdict]], traits: SinkTraits = SinkTraits()) -> ScriptedSink {
        let left = Mutex(verdicts)
        return ScriptedSink(
            journal: puts,
            traits: traits,
            onPut: { [output] batch in
                let verdicts = left.withLock { $0.isEmpty ? [:] : $0.removeFirst() }
                for index in batch.indices where verdicts[index].map({ $0.kind == .delivered }) ?? true {
                    output.append(batch[index].text)
                }
                return .verdicts(verdicts)
            }
        )
    }

    private func run(
        _ sink: any Sink,
        count: Int = 4,
        _ change: (inout DeliveryOptions) -> Void = { _ in }
    ) async throws -> Outcome {
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: count)]),
            to: sink,
            offsets: store,
            options: .with(change),
            clock: clock.connectorClock
        )
        return try await clock.ticking { await ending(of: pipeline) }
    }

    private static let cases: [([[Int: RecordVerdict]], [String], [String])] = [
        // One record is tried again: what is before it is not repeated, what is behind it waits.
        ([[0: .retry(), 1: .notTried, 2: .notTried, 3: .notTried]], ["a0,a1,a2,a3", "a0,a1,a2,a3"], []),
        ([[1: .retry(), 2: .notTried, 3: .notTried]], ["a0,a1,a2,a3", "a1,a2,a3"], []),
        ([[3: .retry()]], ["a0,a1,a2,a3", "a3"], []),
        (
            [[1: .retry(), 2: .notTried, 3: .notTried], [0: .retry(), 1: .notTried, 2: .notTried]],
            ["a0,a1,a2,a3", "a1,a2,a3", "a1,a2,a3"], []
        ),
        ([[0: .drop, 2: .drop]], ["a0,a1,a2,a3"], ["a0", "a2"]),
        ([[0: .drop, 1: .drop, 2: .drop, 3: .drop]], ["a0,a1,a2,a3"], ["a0", "a1", "a2", "a3"]),
        ([[1: .reject(error), 2: .notTried, 3: .notTried]], ["a0,a1,a2,a3", "a2,a3"], ["a1"]),
        ([[0: .drop, 1: .retry(), 2: .notTried, 3: .notTried]], ["a0,a1,a2,a3", "a1,a2,a3"], ["a0"]),
        ([[2: .notTried, 3: .notTried]], ["a0,a1,a2,a3", "a2,a3"], []),
        // Verdicts that no sink should give: of records that there are not.
        ([[-1: .drop, 4: .reject(error), 99: .retry()]], ["a0,a1,a2,a3"], []),
        ([[1: .drop, 7: .drop]], ["a0,a1,a2,a3"], ["a1"]),
        ([[0: .delivered, 3: .delivered]], ["a0,a1,a2,a3"], []),
    ]

    @Test("S37 S38 S60: what of a batch is put again", arguments: cases, [1, 4])
    func partly(_ given: ([[Int: RecordVerdict]], [String], [String]), concurrent: Int) async throws {
        let (verdicts, expected, dropped) = given
        let result = try await run(sink(verdicts, traits: SinkTraits(maxConcurrentPuts: concurrent))) {
            $0.onError = .drop
        }
        #expect(result.error == nil)
        #expect(puts.entries.filter { $0.hasPrefix("sink.put") } == expected.map { "sink.put \($0)" })
        #expect(output.rows == (0..<4).map { "a\($0)" }.filter { !dropped.contains($0) })
        #expect(result.counts.dropped == dropped.count && result.counts.delivered == 4 - dropped.count)
        #expect(result.counts.isBalanced && result.counts.committed == 4)
    }

    @Test("not tried costs no attempt; a retry does")
    func attempts() async throws {
        let notTried = sink(Array(repeating: [1: .notTried, 2: .notTried, 3: .notTried], count: 3))
        #expect(try await run(notTried) { $0.retry = .never }.error == nil)
        #expect(output.rows == ["a0", "a1", "a2", "a3"])
        let result = try await run(sink(Array(repeating: [0: .retry()], count: 9)), count: 5) {
            $0.retry.maxAttempts = 2
        }
        #expect(result.error?.code == .retryable)
        #expect(result.error?.message.contains("attempts: 2") == true)
    }

    @Test("a sink that tries nothing is not asked again without a pause, and costs no attempt")
    func nothingTried() async throws {
        let again = Gate()
        let calls = Mutex(0)
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                let count = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                guard count == 1 else {
                    again.open()
                    return .delivered
                }
                return .verdicts(Dictionary(uniqueKeysWithValues: batch.indices.map { ($0, .notTried) }))
            }
        )
        let source = LogSource([.init("a", count: 4)])
        let pipeline = Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: store,
            options: .with { $0.retry = .never },
            clock: clock.connectorClock
        )
        async let result = ending(of: pipeline)
        await clock.sleepers(atLeast: 2)
        for _ in 0..<500 { await Task.yield() }
        #expect(calls.withLock { $0 } == 1)
        clock.advance(by: .seconds(60))
        try await again.pass()
        #expect(await result.error == nil)
    }

    @Test("an unordered sink has only what failed put again; the others of the partition go on")
    func unordered() async throws {
        let sink = sink([[0: .retry(), 2: .retry()]], traits: SinkTraits(isOrdered: false))
        let result = try await run(sink, count: 8)
        #expect(Set(output.rows) == Set((0..<8).map { "a\($0)" }) && output.count == 8)
        let entries = puts.entries.filter { $0.hasPrefix("sink.put") }
        #expect(entries.first == "sink.put a0,a1,a2,a3")
        #expect(entries.contains("sink.put a0,a2"))
        #expect(result.counts.delivered == 8 && result.counts.committed == 8)
    }

    @Test("G5: what was not tried before a record that failed does not overtake it, nor is it overtaken")
    func mixedUp() async throws {
        let sink = sink([[0: .notTried, 1: .retry(after: .milliseconds(50)), 2: .notTried, 3: .notTried]])
        let result = try await run(sink, count: 40)
        #expect(result.error == nil)
        #expect(output.rows == (0..<40).map { "a\($0)" })
    }
}
