// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PipelineRun {
    var counts: DeliveryCounts {
        state.withLock(\.handOver)?.step { state, _ in state.ledger.counts } ?? DeliveryCounts()
    }

    var status: PipelineStatus {
        let (phase, call, handOver) = state.withLock { ($0.phase, $0.call, $0.handOver) }
        let calls = (call.map { [$0] } ?? []) + (handOver?.step { state, _ in state.calls } ?? [])
        return PipelineStatus(phase: phase, counts: counts, calls: calls)
    }

    /// Lets polling rest, from the start where there is nothing to poll yet.
    func pause() {
        let handOver = state.withLock { state in
            state.isPaused = true
            return state.handOver
        }
        handOver?.step { $0.pause(&$1) }
    }

    /// Waits until everything that was polled before a pause is delivered and committed. Before the first poll it is.
    func restInPause() async -> Bool {
        await state.withLock(\.handOver)?.restInPause() ?? state.withLock(\.isPaused)
    }

    func resume() {
        let handOver = state.withLock { state in
            state.isPaused = false
            return state.handOver
        }
        handOver?.step { $0.resume(&$1) }
    }

    func enter(_ phase: PipelineStatus.Phase) {
        state.withLock { $0.phase = phase }
    }

    /// Notes a call for the one who asks what hangs.
    func calling<Result: Sendable>(
        _ name: String,
        _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        state.withLock { $0.call = name }
        defer { state.withLock { $0.call = nil } }
        return try await body()
    }

    /// Cancels a call when the pipeline is asked to stop meanwhile.
    func untilStopped<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let result = try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask { [stop] in
                await stop.wait()
                return nil
            }
            defer { group.cancelAll() }
            let first = try await group.next() ?? nil
            if let first { return Optional(first) }
            group.cancelAll()
            // A call that was done all the same counts: what it took has to be given back.
            return try await group.next() ?? nil
        }
        guard let result else { throw CancellationError() }
        return result
    }
}

extension HandOverState {
    /// The calls that have not returned.
    var calls: [String] {
        var calls: [String] = []
        if isPolling { calls.append("poll of the source") }
        for desk in desks where desk.runningPuts > 0 { calls.append("put of the \(desk.name)") }
        if letters.isWriting { calls.append("append of the dead letters") }
        switch commitStage {
        case .none: break
        case .flushing: for desk in desks where desk.isFlushing { calls.append("flush of the \(desk.name)") }
        case .storing: calls.append("save of the offset store")
        case .reporting: calls.append("commit of the source")
        }
        return calls
    }
}
