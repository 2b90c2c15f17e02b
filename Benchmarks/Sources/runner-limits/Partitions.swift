// SPDX-License-Identifier: Apache-2.0

import CBench
import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// Each record is of a partition that was never seen before and does not come again; the upstream keeps the positions.
struct Partitions: Sendable {
    let count: Int

    func measure() async throws -> String {
        let source = OnceSource(count: count)
        let pipeline = Pipeline("partitions", from: source, to: DevNull())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            // The caches for partitions that may come back are full by then.
            await waitUntilCommitted(count / 10, pipeline)
            let baseline = cbench_allocated_bytes()
            source.goOn()
            await waitUntilCommitted(count, pipeline)
            let after = cbench_allocated_bytes()
            pipeline.stop()
            try await group.waitForAll()
            return "\"partitions\": \(pipeline.status.counts.committed), \"baseline_bytes\": \(baseline), "
                + "\"after_bytes\": \(after), \"growth_per_partition\": \(Double(after - baseline) / Double(count))"
        }
    }

    private func waitUntilCommitted(_ count: Int, _ pipeline: Pipeline) async {
        while pipeline.status.counts.committed < count { try? await Task.sleep(for: .milliseconds(1)) }
        // The committer lets go of what it committed.
        try? await Task.sleep(for: .milliseconds(100))
    }
}

/// Emits a tenth of its records, and the others when it is told to go on.
private final class OnceSource: CommittingSource {
    private struct State {
        var next = 0
        var limit: Int
    }

    private let count: Int
    private let state: Mutex<State>

    init(count: Int) {
        self.count = count
        state = Mutex(State(limit: count / 10))
    }

    var traits: SourceTraits { SourceTraits(positions: .upstream) }

    func goOn() { state.withLock { $0.limit = count } }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            let range = state.withLock { state in
                let first = state.next
                state.next = min(state.limit, first + request.maxRecords)
                return first..<state.next
            }
            guard range.isEmpty else {
                return SourceBatch(
                    range.map { ConnectorRecord("x", partition: RecordPartition("p\($0)"), offset: RecordOffset(1)) }
                )
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func commit(_ positions: [RecordPosition]) async throws {}
}

struct DevNull: Sink {
    func put(_ batch: RecordBatch) async throws -> PutResult { .delivered }
    func flush() async throws {}
}
