// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Observation: the calls that have not returned", .timeLimit(.minutes(10)))
struct RunningCallTests {
    private let journal = Journal()
    private let clock = ManualClock()
    private let gate = Gate()

    /// A pipeline of which one call waits at the gate.
    private func pipeline(hangingIn call: String) -> Pipeline {
        let script = Script([SourceBatch(records(1...3))]) { try await Task.never() }
        let pass: @Sendable (String) async throws -> Void = { [gate] in if $0 == call { try await gate.pass() } }
        return Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                onStart: { _ in try await pass("start of the source") },
                onPoll: { _ in
                    try await pass("poll of the source")
                    return try await script.next()
                },
                onCommit: { _ in try await pass("commit of the source") }
            ),
            through: [
                InlineFunction {
                    try await pass("apply of the functions")
                    return .record($0)
                }
            ],
            to: ScriptedSink(
                journal: journal,
                onStart: { _ in try await pass("start of the sink") },
                onPut: { _ in
                    try await pass("put of the sink")
                    return .delivered
                },
                onFlush: { try await pass("flush of the sink") }
            ),
            offsets: GatedStore(pass: pass),
            clock: clock.connectorClock
        )
    }

    @Test(
        "S100: the call that does not return is named, and two looks see that it is the same",
        arguments: [
            "claim of the offset store", "start of the sink", "start of the source", "poll of the source",
            "apply of the functions", "put of the sink", "flush of the sink", "save of the offset store",
            "commit of the source",
        ]
    )
    func hanging(call: String) async throws {
        try await withRunning(pipeline(hangingIn: call)) { pipeline in
            try await clock.ticking { await gate.arrivals() }
            let first = try #require(pipeline.status.calls.first { $0.description == call })
            let second = pipeline.status.calls.first { $0.description == call }
            #expect(first.identity == second?.identity)
            #expect(first.isWaiting == (call == "poll of the source"))
        }
    }

    @Test("each put of a sink that takes several at a time is a call of its own, with its own duration")
    func concurrentPuts() async throws {
        let script = Script([SourceBatch(records(1...1)), SourceBatch(records(2...2, partition: RecordPartition("b")))])
        {
            try await Task.never()
        }
        // With two sinks, no put is made by the task that polls.
        let sink = ScriptedSink(
            journal: journal,
            traits: SinkTraits(maxConcurrentPuts: 2),
            onPut: { [gate] _ in
                try await gate.pass()
                return .delivered
            }
        )
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: [NamedSink("a", sink), NamedSink("b", sink)],
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock
        )
        try await withRunning(pipeline) { pipeline in
            await gate.arrivals(4)
            clock.advance(by: .milliseconds(3))
            let puts = pipeline.status.calls.filter { $0.name == "put" }
            #expect(Set(puts.map(\.identity)).count == 4)
            #expect(puts.map(\.duration) == Array(repeating: .milliseconds(3), count: 4))
        }
    }

    @Test("a poll without anything to return is waiting; once it is cancelled, it has to return")
    func waitingPoll() async throws {
        let gate = Gate()
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                onPoll: { _ in
                    await gate.passIgnoringCancellation()
                    return .end
                }
            ),
            to: ScriptedSink(journal: journal),
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock
        )
        try await withRunning(pipeline) { pipeline in
            await gate.arrivals()
            let before = pipeline.status.calls
            #expect(before.map(\.isWaiting) == [true])
            pipeline.stop()
            while pipeline.status.state != .draining { await Task.yield() }
            while pipeline.status.calls.contains(where: \.isWaiting) { await Task.yield() }
            #expect(pipeline.status.calls.map(\.identity) == before.map(\.identity))
            gate.open()
        }
    }

    @Test(
        "a call that waits for its next attempt is none",
        arguments: ["poll", "flush", "apply", "put"]
    )
    func pauses(call: String) async throws {
        let script = Script([SourceBatch(records(1...1))]) { try await Task.never() }
        let failures = EventLog()
        let busy = ConnectorError(.throttled, "later", retryAfter: .seconds(300))
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                onPoll: { _ in
                    if call == "poll" { throw busy }
                    return try await script.next()
                }
            ),
            through: [
                InlineFunction {
                    if call == "apply" { throw busy }
                    return .record($0)
                }
            ],
            to: ScriptedSink(
                journal: journal,
                onPut: { _ in
                    if call == "put" { throw busy }
                    return .delivered
                },
                onFlush: { if call == "flush" { throw busy } }
            ),
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock,
            observer: .events { failures.note($0) }
        )
        try await withRunning(pipeline) { pipeline in
            try await clock.ticking {
                while !failures.contains(.callRetry) { await Task.yield() }
            }
            let retry = try #require(failures.first(.callRetry))
            #expect(retry.callName == call && retry.attempt == 1 && retry.delay == .seconds(300))
            #expect(!pipeline.status.calls.contains { $0.name == call })
        }
    }

    /// Runs a pipeline while the body looks at it, and cancels it then.
    private func withRunning(_ pipeline: Pipeline, _ body: (Pipeline) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await pipeline.run() }
            try await body(pipeline)
            gate.open()
            group.cancelAll()
        }
    }
}

extension Task where Success == Never, Failure == Never {
    /// Waits for the cancellation.
    static func never() async throws -> SourceBatch {
        try await Gate().pass()
        return .end
    }
}

/// An offset store whose calls wait where they are told to.
private struct GatedStore: OffsetStore {
    let base = InMemoryOffsetStore()
    let pass: @Sendable (String) async throws -> Void

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        try await pass("claim of the offset store")
        return try await base.claim(request)
    }

    func renew(_ claim: ClaimToken) async throws { try await base.renew(claim) }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await pass("save of the offset store")
        try await base.save(changes, under: claim)
    }

    func release(_ claim: ClaimToken) async throws { try await base.release(claim) }
}
