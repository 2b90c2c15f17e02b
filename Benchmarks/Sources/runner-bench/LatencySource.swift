// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Synchronization

/// Notes when each batch left its poll, and when the source was told that it is committed.
final class LatencySource: CommittingSource {
    private struct State {
        var polled: [ContinuousClock.Instant] = []
        var latencies: [Duration] = []
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let batches: Int
    private let batch: Int
    private let pause: Duration
    /// Whether nothing is on its way when the next batch is polled.
    private let isAtRest: Bool
    private let data = SharedBytes([UInt8](repeating: 0x61, count: 200))
    private let state = Mutex(State())

    init(batches: Int, batch: Int, pause: Duration, isAtRest: Bool) {
        self.batches = batches
        self.batch = batch
        self.pause = pause
        self.isAtRest = isAtRest
    }

    var latencies: [Duration] { state.withLock(\.latencies) }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        if isAtRest { await waitForCommits() }
        let index = state.withLock(\.polled.count)
        guard index < batches else { return .end }
        try await Task.sleep(for: pause)
        let records = (0..<batch).map { number in
            ConnectorRecord(.bytes(data), offset: RecordOffset(Int64(index * batch + number)))
        }
        state.withLock { $0.polled.append(.now) }
        return SourceBatch(records)
    }

    func commit(_ positions: [RecordPosition]) async throws {
        let now = ContinuousClock.now
        guard let newest = positions.first?.offset.sequence else { return }
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            while state.latencies.count < (Int(newest) + 1) / batch {
                state.latencies.append(now - state.polled[state.latencies.count])
            }
            guard state.latencies.count == state.polled.count else { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func waitForCommits() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                guard state.latencies.count < state.polled.count else { return true }
                state.waiting = continuation
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
