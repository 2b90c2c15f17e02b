// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// The way of functions that wait for nothing is one of its own: it has to lead to the same.
@Suite("Pipeline: functions that wait and functions that do not", .timeLimit(.minutes(10)))
struct SynchronousFunctionTests {
    /// What a pipeline gave to the world.
    private struct Traces: Equatable {
        var rows: [[String]]
        var letters: [String]
        var stored: [String]
        var counts: DeliveryCounts
        var error: String?
        var applied: [String]
    }

    /// The same function, as one that waits.
    private struct Waiting: RecordFunction {
        let function: any RecordFunction

        func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
            await Task.yield()
            return try await function.apply(record)
        }
    }

    private final class Asked: Sendable {
        private let texts = Mutex<[String]>([])

        /// - Returns: how often a function was asked for that text.
        func note(_ text: String) -> Int {
            texts.withLock { texts in
                texts.append(text)
                return texts.count { $0 == text }
            }
        }

        var all: [String] { texts.withLock { $0 } }
    }

    /// Functions of each kind that do with some records what the seed says, and note what they are asked.
    private func functions(_ seed: UInt64, _ asked: Asked) -> [any RecordFunction] {
        var random = SeededGenerator(seed: seed)
        return (0..<random.below(4)).map { place -> any RecordFunction in
            let salt = random.below(7)
            /// Whether this function has something in mind for a record.
            let isMeant: @Sendable (ConnectorRecord) -> Bool = { record in
                record.text.utf8.reduce(salt) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 4 == 0
            }
            let note: @Sendable (ConnectorRecord) -> Int = { asked.note("\(place) \($0.text)") }
            switch random.below(7) {
            case 0:
                return .filter {
                    _ = note($0); return !isMeant($0)
                }
            case 1:
                return .filter(
                    Condition {
                        _ = note($0); return !isMeant($0)
                    }
                )
            case 2:
                return .map { record in
                    _ = note(record)
                    var made = record
                    made.data = .text(record.text + "'")
                    return made
                }
            case 3:
                return .split {
                    _ = note($0); return isMeant($0) ? [$0, $0] : [$0]
                }
            case 4:
                return .route {
                    _ = note($0); return isMeant($0) ? ["x"] : ["x", "y"]
                }
            case 5:
                return .map { record in
                    guard note(record) <= 1 + salt % 3, isMeant(record) else { return record }
                    throw ConnectorError(.retryable, "busy")
                }
            default:
                return .filter { record in
                    _ = note(record)
                    guard isMeant(record) else { return true }
                    throw ConnectorError(.invalidRecord, "bad")
                }.when(Condition { isMeant($0) })
            }
        }
    }

    private struct Condition: RecordCondition {
        let body: @Sendable (ConnectorRecord) throws -> Bool

        func holds(for record: ConnectorRecord) throws -> Bool { try body(record) }
    }

    private func run(_ seed: UInt64, waits: Bool) async throws -> Traces {
        var random = SeededGenerator(seed: seed)
        let (clock, store, letters, asked) = (ManualClock(), InMemoryOffsetStore(), LetterStore(), Asked())
        let outputs = [Output(), Output()]
        var options = DeliveryOptions()
        options.onError = random.below(2) == 0 ? .stop : .deadLetter
        options.retry.maxAttempts = 1 + random.below(3)
        let batch = 1 + random.below(6)
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 12), .init("b", count: 9)], batch: batch),
            through: functions(seed, asked).map { waits ? Waiting(function: $0) : $0 },
            to: zip(["x", "y"], outputs).map { name, output in
                NamedSink(
                    name,
                    ScriptedSink(
                        journal: Journal(),
                        onPut: { batch in
                            output.append(batch)
                            return .delivered
                        }
                    )
                )
            },
            offsets: store,
            deadLetters: .store(letters),
            options: options,
            clock: clock.connectorClock
        )
        let result = try await clock.ticking { await ending(of: pipeline) }
        return Traces(
            rows: outputs.map(\.rows),
            letters: letters.letters.map { "\($0.record.text) \($0.attempts) \($0.errorCode)" },
            stored: try await store.stored("p").map { "\($0.position)" }.sorted(),
            counts: result.counts,
            error: result.error.map { "\($0.code) \($0.message)" },
            applied: asked.all
        )
    }

    @Test("what waits and what does not make the same of the same records", arguments: 0..<300)
    func makesTheSame(seed: Int) async throws {
        let prompt = try await run(UInt64(seed), waits: false)
        let waiting = try await run(UInt64(seed), waits: true)
        #expect(prompt == waiting)
        #expect(prompt.error != nil || prompt.counts.isBalanced)
    }

    @Test("the chains above do all that functions can do")
    func chainsVary() async throws {
        var all: [Traces] = []
        for seed in 0..<300 { all.append(try await run(UInt64(seed), waits: false)) }
        #expect(all.contains { $0.error != nil } && all.contains { !$0.letters.isEmpty })
        #expect(all.contains { $0.counts.filtered > 0 } && all.contains { $0.rows[0] != $0.rows[1] })
        #expect(all.contains { $0.letters.contains { $0.contains(" 3 ") } })
    }
}
