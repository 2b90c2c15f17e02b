// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: several sinks in step", .timeLimit(.minutes(10)))
struct InStepTests {
    private let clock = ManualClock()
    private let slow = Output()
    private let fast = Output()

    /// Twelve records in batches of one, a sink that takes its time, and one whose checkpoints keep the two in step.
    private func run(_ functions: [any RecordFunction] = [], inFlight: Int) async throws -> (most: Int, Outcome) {
        let script = Script((1...12).map { SourceBatch(records($0...$0)) })
        let polled = Output()
        let most = Mutex(0)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(
                journal: Journal(),
                onPoll: { [slow] request in
                    let open = polled.count - slow.count
                    most.withLock { $0 = max($0, open + request.maxRecords) }
                    let batch = try await script.next()
                    for record in batch.records { polled.append(record.text) }
                    return batch
                }
            ),
            through: functions,
            to: [
                NamedSink(
                    "slow",
                    ScriptedSink(
                        journal: Journal(),
                        onPut: { [clock, slow] batch in
                            try await clock.sleep(for: .seconds(1))
                            slow.append(batch)
                            return .delivered
                        }
                    )
                ),
                NamedSink("fast", InStepSink(output: fast)),
            ],
            offsets: InMemoryOffsetStore(),
            options: .with { options in
                options.maxInFlightRecords = inFlight
                // No commit wakes the sinks.
                options.commitInterval = .seconds(3600)
                options.maxUncommittedTime = .seconds(3600)
            },
            clock: clock.connectorClock
        )
        let outcome = try await clock.ticking { await ending(of: pipeline) }
        return (most.withLock { $0 }, outcome)
    }

    @Test("G10: what waits until the sinks are in step is in flight", arguments: [1, 3])
    func limit(inFlight: Int) async throws {
        let (most, outcome) = try await run(inFlight: inFlight)
        #expect(most <= inFlight)
        #expect(slow.rows == (1...12).map(String.init) && fast.rows == slow.rows)
        #expect(outcome.counts.isBalanced)
    }

    @Test("a batch of which functions leave nothing does not end the sinks' work")
    func emptyBatch() async throws {
        let start = clock.now
        let (_, outcome) = try await run([.filter { !["2", "3", "4"].contains($0.text) }], inFlight: 5)
        #expect(slow.rows == (["1"] + (5...12).map(String.init)) && fast.rows == slow.rows)
        #expect(start.duration(to: clock.now) < .seconds(3000))
        #expect(outcome.counts.filtered == 3 && outcome.counts.isBalanced)
    }
}

/// A checkpointing sink whose place is the number of its rows.
struct InStepSink: CheckpointingSink {
    let output: Output

    func put(_ batch: RecordBatch) async throws -> PutResult {
        output.append(batch)
        return .delivered
    }

    func flush() async throws {}
    func checkpoint() async throws -> SinkCheckpoint { SinkCheckpoint(SharedBytes(utf8: "\(output.count)")) }
    func restore(_ checkpoint: SinkCheckpoint?) async throws {}
}
