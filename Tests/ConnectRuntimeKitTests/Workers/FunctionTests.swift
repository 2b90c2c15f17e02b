// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: functions", .timeLimit(.minutes(10)))
struct FunctionTests {
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let letters = LetterStore()
    private let outputs = ["x": Output(), "y": Output(), "z": Output()]

    private func sinks(_ names: [String]) -> [NamedSink] {
        names.map { name in
            NamedSink(
                name,
                ScriptedSink(
                    journal: Journal(),
                    onPut: { [outputs] batch in
                        outputs[name]?.append(batch)
                        return .delivered
                    }
                )
            )
        }
    }

    private func run(
        _ source: any Source,
        _ functions: [any RecordFunction],
        sinks names: [String] = ["x"],
        _ options: DeliveryOptions = DeliveryOptions()
    ) async throws -> Outcome {
        let pipeline = Pipeline(
            "p",
            from: source,
            through: functions,
            to: sinks(names),
            offsets: store,
            deadLetters: .store(letters),
            options: options,
            clock: clock.connectorClock
        )
        return try await clock.ticking { await ending(of: pipeline) }
    }

    private func rows(_ name: String = "x") -> [String] { outputs[name]?.rows ?? [] }
    private func storedOffsets() async throws -> [RecordOffset] { try await store.stored("p").map(\.position.offset) }

    @Test(
        "S15: what is filtered out counts as settled",
        arguments: [
            (["a0", "a2"], 2, 1), (["a0", "a1"], 2, 1), ([], 0, 3), (["a0", "a1", "a2"], 3, 0), (["a2"], 1, 2),
        ]
    )
    func filter(kept: [String], delivered: Int, filtered: Int) async throws {
        let result = try await run(LogSource([.init("a", count: 3)]), [.filter { kept.contains($0.text) }])
        #expect(result.error == nil)
        #expect(rows() == kept)
        #expect(result.counts.delivered == delivered && result.counts.filtered == filtered)
        #expect(result.counts.isBalanced && result.counts.committed == 3)
        #expect(try await storedOffsets() == [RecordOffset(2)])
    }

    @Test("S75: batches of which nothing is left are committed, and no empty batch is put")
    func allFiltered() async throws {
        let result = try await run(LogSource([.init("a", count: 100)], batch: 7), [.filter { _ in false }])
        #expect(result.counts.filtered == 100 && result.counts.committed == 100)
        #expect(rows().isEmpty)
        #expect(try await storedOffsets() == [RecordOffset(99)])
    }

    @Test("functions are applied one after the other; a map does not change what the position is committed for")
    func map() async throws {
        let functions: [any RecordFunction] = [
            .map { record in
                var record = record
                record.data = .text(record.text.uppercased())
                return record
            },
            .filter { $0.text != "A1" },
            .split { [$0, $0] },
        ]
        let result = try await run(LogSource([.init("a", count: 3)]), functions)
        #expect(rows() == ["A0", "A0", "A2", "A2"])
        #expect(result.counts.polled == 3 && result.counts.delivered == 2 && result.counts.filtered == 1)
        #expect(try await storedOffsets() == [RecordOffset(2)])
    }

    @Test("S72: a function that makes a new record, without partition and offset, does not lose the position")
    func newRecord() async throws {
        let function = InlineFunction.map { ConnectorRecord(.text("new " + $0.text)) }
        let result = try await run(LogSource([.init("a", count: 9), .init("b", count: 9)]), [function])
        #expect(result.error == nil)
        #expect(result.counts.delivered == 18 && result.counts.isBalanced && result.counts.committed == 18)
        let stored = try await store.stored("p").map { "\($0.position.partition.name)\($0.position.offset)" }.sorted()
        #expect(stored == ["a8", "b8"])
    }

    @Test("a record goes to the sinks that a function names, and to all where it names none")
    func route() async throws {
        let function = InlineFunction { record in
            switch record.text {
            case "a0": .record(record)
            case "a1": .route(record, to: ["y"])
            case "a2": .route(record, to: ["z", "x"])
            case "a3": .route(record, to: [])
            default: FunctionResult([.init(record, for: ["x"]), .init(record, for: ["y"]), .init(record)])
            }
        }
        let result = try await run(LogSource([.init("a", count: 5)], batch: 2), [function], sinks: ["x", "y", "z"])
        #expect(rows("x") == ["a0", "a2", "a4", "a4"])
        #expect(rows("y") == ["a0", "a1", "a4", "a4"])
        #expect(rows("z") == ["a0", "a2", "a4"])
        #expect(result.counts.delivered == 4 && result.counts.filtered == 1 && result.counts.committed == 5)
    }

    @Test("a route is kept by later functions, which may choose again")
    func routeKept() async throws {
        let functions: [any RecordFunction] = [
            .route { _ in ["y"] }, .map { $0 }, .split { [$0, $0] },
            InlineFunction { $0.text == "a1" ? .route($0, to: ["x"]) : .record($0) },
        ]
        _ = try await run(LogSource([.init("a", count: 2)]), functions, sinks: ["x", "y"])
        #expect(rows("x") == ["a1", "a1"])
        #expect(rows("y") == ["a0", "a0"])
    }

    @Test("a route to a sink that there is not is an error that names both", arguments: [true, false])
    func unknownSink(isTolerated: Bool) async throws {
        let options = DeliveryOptions.with { $0.onError = isTolerated ? .deadLetter : .stop }
        let result = try await run(
            LogSource([.init("a", count: 1)]),
            [.route { _ in ["q"] }],
            sinks: ["x", "y"],
            options
        )
        let message = isTolerated ? letters.letters.first?.errorMessage : result.error?.message
        #expect(message?.contains("\"q\"") == true && message?.contains("x, y") == true)
        #expect(rows("x").isEmpty)
    }

    // MARK: Units

    @Test(
        "S16 G7: a unit commits as a whole, whatever functions leave of it",
        arguments: [[0, 1, 2], [2], [0], [1], [], [1, 2]],
        [1, 2, 3, 7]
    )
    func filteredInUnit(kept: [Int], batch: Int) async throws {
        let source = LogSource([.init("a", count: 12)], batch: batch, unit: 3)
        let committed = Mutex<[Int64]>([])
        let watching = FailingStore(store) {}
        let pipeline = Pipeline(
            "p",
            from: source,
            through: [
                .filter { kept.contains((Int($0.text.dropFirst()) ?? 0) % 3) }, .split { [$0, $0] },
            ],
            to: ScriptedSink(
                journal: Journal(),
                onPut: { [outputs, store] batch in
                    outputs["x"]?.append(batch)
                    let offsets = try await store.stored("other").compactMap(\.position.offset.sequence)
                    committed.withLock { $0 += offsets }
                    return .delivered
                }
            ),
            offsets: watching,
            options: .with { $0.maxUncommittedRecords = 4 },
            clock: clock.connectorClock
        )
        let result = try await clock.ticking { await ending(of: pipeline) }
        #expect(result.error == nil)
        #expect(rows().count == kept.count * 4 * 2)
        #expect(try await storedOffsets() == [RecordOffset(11)])
        #expect(result.counts.isBalanced && result.counts.committed == 12)
    }

    @Test("S16 G7: when a unit fails in its middle, what is committed ends with the unit before", arguments: [1, 2, 5])
    func failingInUnit(batch: Int) async throws {
        let function = InlineFunction.map { record in
            if record.text == "a7" { throw ConnectorError(.invalidRecord, "bad") }
            return record
        }
        let result = try await run(LogSource([.init("a", count: 12)], batch: batch, unit: 3), [function])
        #expect(result.error?.code == .invalidRecord)
        #expect(try await storedOffsets() == [RecordOffset(5)])
    }

    @Test("S15: a source that acknowledges one by one hears once of what was filtered out", arguments: [1, 3])
    func acknowledged(batch: Int) async throws {
        let source = OneByOneSource(count: 3, batch: batch)
        let result = try await run(source, [.filter { $0.text == "1" }])
        #expect(source.journal.entries.sorted() == ["0 filtered", "1 delivered", "2 filtered"])
        #expect(result.counts.filtered == 2 && result.counts.isBalanced)
    }

    @Test("G1: a token is acknowledged once, also behind what waits for a checkpoint", arguments: 1...3)
    func acknowledgedBesideCheckpoint(batch: Int) async throws {
        let source = OneByOneSource(count: 6, batch: batch)
        let sink = NamedSink("y", InStepSink(output: Output()))
        let pipeline = Pipeline("p", from: source, to: sinks(["x"]) + [sink], offsets: store)
        let result = await ending(of: pipeline)
        #expect(source.journal.entries.sorted() == (0..<6).map { "\($0) delivered" })
        #expect(result.counts.committed == 6 && result.counts.isBalanced)
    }

    @Test("G14: what a stop takes out of a function's hands was polled, and is in flight")
    func stopped() async throws {
        let (entered, gate) = (Gate(isOpen: true), Gate())
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 3)]),
            through: [
                InlineFunction { record in
                    try await entered.pass()
                    try await gate.pass()
                    return .record(record)
                }
            ],
            to: sinks(["x"]),
            offsets: store
        )
        async let outcome = ending(of: pipeline)
        await entered.arrivals()
        pipeline.stop()
        let counts = await outcome.counts
        #expect(counts.polled == 3 && counts.inFlight == 3)
    }
}

/// Hands out tokens, each of which is acknowledged for itself.
private struct OneByOneSource: AcknowledgingSource {
    let journal = Journal()
    private let script: Script

    var traits: SourceTraits { SourceTraits(acknowledgement: .individual, positions: .upstream) }

    init(count: Int, batch: Int) {
        let tokens = records(0...Int64(count - 1))
        script = Script(
            stride(from: 0, to: count, by: batch).map { SourceBatch(Array(tokens[$0..<min($0 + batch, count)])) }
        )
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch { try await script.next() }

    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        // Other records are settled meanwhile.
        for _ in 0..<200 { await Task.yield() }
        for acknowledgement in acknowledgements {
            journal.note("\(acknowledgement.position.offset) \(acknowledgement.outcome)")
        }
    }
}
