// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// The sink asks to be left alone for an hour; how long a stop takes then.
struct StopInBackOff: Sendable {
    let runs: Int

    func measure() async throws -> String {
        var times: [Double] = []
        for _ in 0..<runs { times.append(try await stop().milliseconds) }
        times.sort()
        return "\"milliseconds\": \(times[times.count / 2]), \"max\": \(times[times.count - 1]), \"runs\": \(runs)"
    }

    private func stop() async throws -> Duration {
        let sink = Throttling()
        let pipeline = Pipeline("throttled", from: OneRecord(), to: sink, offsets: InMemoryOffsetStore())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            while !sink.wasAsked.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
            try await Task.sleep(for: .milliseconds(5))
            let start = ContinuousClock.now
            pipeline.stop()
            try await group.waitForAll()
            return ContinuousClock.now - start
        }
    }
}

private struct OneRecord: Source {
    func poll(_ request: PollRequest) async throws -> SourceBatch {
        SourceBatch([ConnectorRecord("x", offset: RecordOffset(1))], isEnd: true)
    }
}

private final class Throttling: Sink {
    let wasAsked = Atomic(false)

    func put(_ batch: RecordBatch) async throws -> PutResult {
        wasAsked.store(true, ordering: .releasing)
        throw ConnectorError(.throttled, "not for an hour", retryAfter: .seconds(3600))
    }

    func flush() async throws {}
}
