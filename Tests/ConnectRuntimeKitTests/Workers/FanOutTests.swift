// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: sinks that are kept in step", .timeLimit(.minutes(10)))
struct FanOutTests {
    @Test("G4: batches of which nothing is left to put keep no sink from those behind them", arguments: [1, 3, 50])
    func filteredBehindSlowPut(batch: Int) async throws {
        let (first, second) = (RandomOutput(), RandomOutput())
        let gate = Gate()
        let polls = Mutex(0)
        let pipeline = Pipeline(
            "p",
            from: LogSource(
                [.init("a", count: 120)],
                batch: batch,
                onPoll: { _ in
                    let isLast = polls.withLock { polls in
                        polls += 1
                        return polls * batch >= 120
                    }
                    if isLast { gate.open() }
                }
            ),
            through: [.filter { $0.text == "a0" || $0.text == "a119" }],
            to: [
                NamedSink("x", StepSink(first) { try await gate.pass() }),
                NamedSink("y", StepSink(second) { for _ in 0..<20 { await Task.yield() } }),
            ],
            offsets: InMemoryOffsetStore(),
            options: .with { $0.maxPollRecords = batch }
        )
        try await pipeline.run()
        #expect(first.rows == ["a0", "a119"] && second.rows == ["a0", "a119"])
        #expect(pipeline.status.counts.filtered == 118)
    }

    @Test(
        "G4 S106: a crash between the puts of two sinks, or in one of them, repeats and loses nothing in either",
        arguments: ["x", "y"],
        0..<7
    )
    func crashBetweenPuts(name: String, put: Int) async throws {
        let outputs = ["x": RandomOutput(), "y": RandomOutput()]
        let letters = LetterStore()
        let crash = ConnectorError(.fatal, "crash")
        let script = FaultScript { call in
            guard call.method == .put else { return nil }
            switch call.number {
            case put: return put % 3 == 0 ? .fails(crash) : put % 3 == 1 ? .losesAnswer(crash) : .tears(after: 1, crash)
            case put + 2: return .tears(after: 2, ConnectorError(.retryable, "busy"))
            default: return nil
            }
        }
        let store = InMemoryOffsetStore()
        func sink(_ other: String) -> NamedSink {
            let output = outputs[other] ?? RandomOutput()
            let bad: Fault = .rejects { ["a3", "a8"].contains($0.text) }
            let base = FaultySink(
                StepSink(output) { await Task.yield() },
                FaultScript { $0.method == .put && other == "x" ? bad : nil }
            )
            return NamedSink(other, FaultySink(base, other == name ? script : FaultScript(.put, [])))
        }
        var failures = 0
        for run in 0..<4 {
            let pipeline = Pipeline(
                "p",
                from: LogSource([.init("a", count: 20)], batch: 4),
                to: [sink("x"), sink("y")],
                offsets: store,
                deadLetters: .store(letters),
                options: .with { options in
                    options.onError = .deadLetter
                    options.guarantee = .exactlyOnce
                    options.commitInterval = run % 2 == 0 ? .milliseconds(1) : .seconds(1)
                    options.retry.firstDelay = .milliseconds(1)
                }
            )
            if await failure(of: pipeline) != nil { failures += 1 }
        }
        let all = (0..<20).map { "a\($0)" }
        #expect(outputs["y"]?.rows == all)
        #expect(outputs["x"]?.rows == all.filter { $0 != "a3" && $0 != "a8" })
        #expect(Set(letters.texts) == ["a3", "a8"])
        #expect(failures == (script.count(of: .put) > put ? 1 : 0))
    }

    @Test("G9: a flush that fails is noticed while another sink is still putting")
    func flushBesidePut() async throws {
        let hang = Gate()
        let journal = Journal()
        let run = PipelineRun(
            Pipeline(
                "p",
                from: LogSource([.init("a", count: 8)], batch: 1, staysOpen: true),
                to: [
                    NamedSink(
                        "x",
                        ScriptedSink(journal: journal, onFlush: { throw ConnectorError(.fatal, "no room") })
                    ),
                    NamedSink(
                        "y",
                        ScriptedSink(
                            journal: journal,
                            traits: SinkTraits(preferredBatch: .init(maxRecords: 1)),
                            onPut: { batch in
                                if batch.contains(where: { $0.text == "a1" }) { try await hang.pass() }
                                return .delivered
                            }
                        )
                    ),
                ],
                offsets: InMemoryOffsetStore(),
                options: .with { $0.commitInterval = .milliseconds(1) }
            )
        )
        async let error = failure(of: run)
        let hasFailed: @Sendable () -> Bool = {
            run.state.withLock(\.handOver)?.step { state, _ in state.firstError != nil } ?? false
        }
        while !hasFailed() { await Task.yield() }
        hang.open()
        #expect(await error?.message == "no room")
    }

    @Test("a record that several sinks refuse is one bad record", arguments: [ErrorTolerance.drop, .deadLetter])
    func errorLimit(tolerance: ErrorTolerance) async throws {
        let refusing = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                guard let index = batch.firstIndex(where: { $0.text == "a3" }) else { return .delivered }
                return .verdicts([index: .reject(ConnectorError(.invalidRecord, "bad"))])
            }
        )
        let counts = try await Pipeline(
            "p",
            from: LogSource([.init("a", count: 8)], batch: 4),
            to: [NamedSink("x", refusing), NamedSink("y", refusing)],
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(LetterStore()),
            options: .with { $0.onError = tolerance.limited(to: ErrorTolerance.Limit(2, ofLast: 100)) }
        ).run()
        #expect(counts.settled == 8 && counts.delivered == 7)
    }

    @Test("G10: what waits until all sinks are in step is in flight", arguments: [100, 1_000_000])
    func waitingIsInFlight(size: Int) async throws {
        let (hang, resting) = (Gate(), Gate())
        let next = Mutex<Int64>(0)
        let source = RestingSource(resting: resting) { request in
            let number = next.withLock { next in
                next += 1
                return next
            }
            let data = RecordData.bytes(Array(repeating: UInt8(1), count: size))
            return number > 300 ? .end : SourceBatch([ConnectorRecord(data, offset: RecordOffset(number))])
        }
        let pipeline = Pipeline(
            "p",
            from: source,
            to: [
                NamedSink("x", StepSink(RandomOutput()) { try await hang.pass() }),
                NamedSink("y", StepSink(RandomOutput())),
            ],
            offsets: InMemoryOffsetStore(),
            options: .with { options in
                options.maxInFlightRecords = 64
                options.maxInFlightBytes = 4_000_000
            }
        )
        async let counts = pipeline.run()
        try await resting.pass()
        #expect(pipeline.status.counts.polled == (size == 100 ? 64 : 4))
        hang.open()
        #expect(try await counts.delivered == 300)
    }
}

/// What a run fails with.
private func failure(of run: PipelineRun) async -> ConnectorError? {
    do {
        _ = try await run.execute()
        return nil
    } catch {
        return error as? ConnectorError
    }
}

/// A sink that is cut back; does before each put what a test wants.
struct StepSink: CheckpointingSink {
    private let output: RandomOutput
    private let beforePut: @Sendable () async throws -> Void
    private let onRestore: @Sendable () -> Void

    init(
        _ output: RandomOutput,
        beforePut: @escaping @Sendable () async throws -> Void = {},
        onRestore: @escaping @Sendable () -> Void = {}
    ) {
        self.output = output
        self.onRestore = onRestore
        self.beforePut = beforePut
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        try await beforePut()
        output.append(batch.map(\.text))
        return .delivered
    }

    func flush() async throws {}
    func checkpoint() async throws -> SinkCheckpoint { SinkCheckpoint(SharedBytes(utf8: "\(output.rows.count)")) }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        onRestore()
        output.cut(to: checkpoint.flatMap { Int(String(decodingUTF8: $0.bytes)) } ?? 0)
    }
}
