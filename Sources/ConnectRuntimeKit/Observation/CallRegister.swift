// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The calls of one run that have not returned, but for those that the state machine of the delivery knows: polls and puts.
///
/// Waiting for another attempt is no call.
final class CallRegister: Sendable {
    private struct Entry: Sendable {
        let identity: CallIdentity
        let start: ConnectorClock.Instant
        let isWaiting: Bool
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var newest: UInt64 = 0
        var retries: [CallName: Int] = [:]
        var durations: [CallName: MetricHistogram] = [:]
        var functionDurations = MetricHistogram(.durations)
    }

    private let clock: ConnectorClock
    private let run: Int
    /// Whether somebody is interested in durations.
    let isMeasuring: Bool
    private let state = Lock(State())
    /// The batch that the functions are given, or 0. Written by the source's task alone, for every batch: hence no lock.
    private let functionBatch = Atomic<UInt64>(0)
    private let newestBatch = Atomic<UInt64>(0)

    init(_ clock: ConnectorClock, run: Int = 0, isMeasuring: Bool = false) {
        self.clock = clock
        self.isMeasuring = isMeasuring
        self.run = run
    }

    /// The calls, oldest first.
    var calls: [RunningCall] {
        let now = clock.now
        var calls = state.withLock(\.entries).map {
            RunningCall($0.identity, duration: now.since($0.start), isWaiting: $0.isWaiting)
        }
        let batch = functionBatch.load(ordering: .relaxed)
        if batch != 0 {
            let identity = CallIdentity(name: "apply", connector: "functions", run: run, number: batch)
            calls.append(RunningCall(identity))
        }
        return calls
    }

    /// Notes a call while it runs.
    func noting<Result>(
        _ name: String,
        of connector: String,
        isWaiting: Bool = false,
        _ body: () async throws -> Result
    ) async rethrows -> Result {
        let number = begin(name, connector, isWaiting)
        defer { end(number) }
        return try await body()
    }

    private func begin(_ name: String, _ connector: String, _ isWaiting: Bool) -> UInt64 {
        let now = clock.now
        return state.withLock { state in
            state.newest += 1
            let identity = CallIdentity(name: name, connector: connector, run: run, number: state.newest)
            state.entries.append(Entry(identity: identity, start: now, isWaiting: isWaiting))
            return state.newest
        }
    }

    private func end(_ number: UInt64) {
        let now = isMeasuring ? clock.now : nil
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.identity.number == number }) else { return }
            let entry = state.entries.remove(at: index)
            guard let now, Self.measured.contains(entry.identity.name) else { return }
            let call = CallName(name: entry.identity.name, connector: entry.identity.connector)
            state.durations[call, default: MetricHistogram(.durations)].record(now.since(entry.start))
        }
    }

    // MARK: Measuring

    private static let measured: Set<String> = ["flush", "save", "commit"]

    /// A call failed and is made again.
    func noteRetry(_ call: String, of connector: String) {
        state.withLock { $0.retries[CallName(name: call, connector: connector), default: 0] += 1 }
    }

    func noteFunctions(since start: ConnectorClock.Instant) {
        let duration = clock.now.since(start)
        state.withLock { $0.functionDurations.record(duration) }
    }

    /// Adds what was measured here.
    func read(into reading: inout MeterReading, sinks: [String]) {
        let state = state.withLock { $0 }
        reading.retries = state.retries
        reading.functionDurations = state.functionDurations
        for (call, durations) in state.durations {
            switch call.name {
            case "save": reading.saveDurations.merge(durations)
            case "commit": reading.reportDurations.merge(durations)
            default:
                guard let index = sinks.firstIndex(of: call.connector) else { continue }
                while reading.sinks.count < sinks.count { reading.sinks.append(MeterReading.SinkReading()) }
                reading.sinks[index].flushDurations.merge(durations)
            }
        }
    }

    // MARK: Functions

    /// The functions are called from here on.
    func beginFunctions() {
        let next = newestBatch.load(ordering: .relaxed) + 1
        newestBatch.store(next, ordering: .relaxed)
        functionBatch.store(next, ordering: .relaxed)
    }

    func endFunctions() { functionBatch.store(0, ordering: .relaxed) }
}
