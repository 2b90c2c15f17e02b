// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Runtime: calls that hang", .serialized, .timeLimit(.minutes(10)))
struct WatchdogTests {
    private let store = InMemoryOffsetStore()
    private let log = ObservedEvents()
    private let clock = ManualClock()

    /// Hangs in one of its calls, whether it is cancelled or not, until the gate opens.
    private func hanging(_ call: String, at gate: Gate, _ options: DeliveryOptions) -> Pipeline {
        let hang: @Sendable (String) async -> Void = { if $0 == call { await gate.passIgnoringCancellation() } }
        let script = Script([SourceBatch(records(1...3), quiet: .zero)]) {
            await hang("poll")
            try await Gate().pass()
            return .end
        }
        return Pipeline(
            "hangs",
            from: ScriptedSource(
                journal: Journal(),
                onStart: { _ in await hang("start") },
                onPoll: { _ in try await script.next() },
                onCommit: { _ in await hang("commit") }
            ),
            through: [HangingFunction(hang: hang)],
            to: [
                NamedSink(
                    "orders",
                    ScriptedSink(
                        journal: Journal(),
                        onPut: { _ in
                            await hang("put")
                            return .delivered
                        },
                        onFlush: { await hang("flush") }
                    )
                )
            ],
            offsets: FailingStore(store) { await hang("save") },
            options: options,
            clock: clock.connectorClock
        )
    }

    private struct HangingFunction: RecordFunction {
        let hang: @Sendable (String) async -> Void
        func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
            await hang("apply")
            return .record(record)
        }
    }

    @Test(
        "G9 G11 S89 S100 a call that hangs for ever is named within the limit; 50 others go on and stop cleanly",
        arguments: [
            ("start", "start of the source"), ("apply", "apply of the functions"), ("put", "put of the orders"),
            ("flush", "flush of the orders"), ("save", "save of the offset store"), ("commit", "commit of the source"),
        ]
    )
    func named(call: String, name: String) async throws {
        let gate = Gate()
        let logs = (0..<50).map { _ in InMemoryLog() }
        let others = logs.enumerated().map { number, log in
            Pipeline("p\(number)", from: InMemorySource(log), to: CountingSink(), offsets: store)
        }
        var options = RuntimeOptions()
        options.stallLimit = .seconds(8)
        options.stopDeadline = .seconds(45)
        let runtime = try ConnectRuntime(
            [hanging(call, at: gate, .with { $0.drainDeadline = .seconds(30) })] + others,
            options: options,
            observer: log,
            clock: clock.connectorClock
        )
        let (log, clock) = (log, clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runtime.run() }
            try await clock.ticking(by: .milliseconds(5)) {
                let stall = try await log.first(.callStalled)
                #expect(stall.pipeline == "hangs" && stall.call?.description == name)
                let duration = stall.call?.duration ?? .zero
                #expect(duration >= .seconds(8) && duration < .seconds(16))
            }
            let health = runtime.health
            #expect(health.level == .unhealthy && health.problems.count == 1)
            #expect(health.problems.first?.contains(name) == true)
            // All others go on.
            for (log, other) in zip(logs, others) {
                log.append(contentsOf: ["one", "two"].map { ConnectorRecord($0) })
                while other.status.counts.delivered < 2 { await Task.yield() }
            }
            let error = await #expect(throws: ConnectorError.self) {
                try await clock.ticking(by: .milliseconds(20)) { try await runtime.stop(within: .seconds(60)) }
            }
            #expect(
                error?.code == .deadlineExceeded && error?.message.contains("\"hangs\" because of the \(name)") == true
            )
            for other in others {
                #expect(other.status.state == .stopped && other.status.counts.inFlight == 0)
                #expect(other.status.counts.committed == other.status.counts.polled)
            }
            let overdue = try await log.first(.pipelineOverdue)
            #expect(overdue.pipeline == "hangs" && overdue.message.contains(name))
            #expect(log.events(.callStalled, of: "hangs").map(\.call?.description) == [name])
            #expect(log.events(.pipelineOverdue, of: "hangs").count == 1)
            gate.open()
            try? await group.waitForAll()
        }
    }

    @Test("a source that waits is no stall, until it was cancelled and does not return")
    func waitingPoll() async throws {
        let gate = Gate()
        var options = RuntimeOptions()
        // Many ticks of the clock: the calls that do return may take some on a slow machine.
        options.stallLimit = .seconds(200)
        let runtime = try ConnectRuntime(
            [hanging("poll", at: gate, .with { $0.drainDeadline = .seconds(6000) })],
            options: options,
            observer: log,
            clock: clock.connectorClock
        )
        let (log, clock) = (log, clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runtime.run() }
            try await clock.ticking(by: .seconds(1)) {
                try await runtime.reach(.running, "hangs")
                let until = clock.now.advanced(by: .seconds(1000))
                while clock.now < until { await Task.yield() }
                #expect(log.events(.callStalled).isEmpty && runtime.health.level == .healthy)
                runtime.stop()
                let stall = try await log.first(.callStalled)
                #expect(stall.call?.description == "poll of the source")
            }
            gate.open()
            try? await group.waitForAll()
        }
    }

    @Test("a stalled call that returns is told, and the pipeline is healthy again")
    func returns() async throws {
        let gate = Gate()
        var options = RuntimeOptions()
        options.stallLimit = .seconds(8)
        let runtime = try ConnectRuntime(
            [hanging("put", at: gate, DeliveryOptions())],
            options: options,
            observer: log,
            clock: clock.connectorClock
        )
        let (log, clock) = (log, clock)
        try await clock.ticking(by: .milliseconds(500)) {
            try await runtime.whileRunning { runtime in
                _ = try await log.first(.callStalled)
                gate.open()
                let event = try await log.first(.callReturned)
                #expect(event.call?.description == "put of the orders")
                while runtime.health.level != .healthy { await Task.yield() }
            }
        }
    }

    @Test("G11: a pause that cannot come to rest does not keep the run from being stopped")
    func stoppedInPause() async throws {
        let script = Script([SourceBatch(records(1...3))]) {
            try await Gate().pass()
            return .end
        }
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { _ in
                try await Gate().pass()
                return .delivered
            }
        )
        let pipeline = Pipeline(
            "hangs",
            from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
            to: [NamedSink("orders", sink)],
            offsets: InMemoryOffsetStore(),
            options: .with { $0.drainDeadline = .seconds(5) },
            clock: clock.connectorClock
        )
        let runtime = try ConnectRuntime([pipeline], clock: clock.connectorClock)
        let clock = clock
        try await clock.ticking(by: .seconds(1)) {
            try await runtime.whileRunning { runtime in
                while try runtime.health(of: "hangs").status.calls.map(\.description) != ["put of the orders"] {
                    await Task.yield()
                }
                await #expect(throws: ConnectorError.self) { try await runtime.pause("hangs", within: .seconds(5)) }
                let error = await #expect(throws: ConnectorError.self) {
                    try await runtime.stop("hangs", within: .seconds(600))
                }
                #expect(error?.message.contains("was not drained within 5.0 seconds") == true)
            }
        }
    }

    @Test("a command that does not get done by its deadline names the call; what was asked for remains so")
    func commandDeadline() async throws {
        let gate = Gate()
        let runtime = try ConnectRuntime(
            [hanging("put", at: gate, .with { $0.drainDeadline = .seconds(3000) })],
            clock: clock.connectorClock
        )
        let clock = clock
        try await clock.ticking(by: .seconds(1)) {
            try await runtime.whileRunning { runtime in
                while try runtime.health(of: "hangs").status.calls.map(\.description) != ["put of the orders"] {
                    await Task.yield()
                }
                let error = await #expect(throws: ConnectorError.self) {
                    try await runtime.pause("hangs", within: .seconds(5))
                }
                #expect(
                    error?.message
                        == "the pipeline \"hangs\" is not paused after 5.0 seconds, because of the put of the orders"
                )
                gate.open()
                try await runtime.reach(.paused, "hangs")
            }
        }
    }
}
