// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

@testable import ConnectRuntimeKit

/// What a sink was given, by partition.
final class ShardOutput: Sendable {
    private struct State: Sendable {
        var rows: [String: [String]] = [:]
        var refused: String?
        var gate: Gate?
    }

    private let state = Mutex(State())
    private let changed = ChangeSignal()

    subscript(partition: String) -> [String] { state.withLock { $0.rows[partition] ?? [] } }
    var refused: String? {
        get { state.withLock(\.refused) }
        set { state.withLock { $0.refused = newValue } }
    }
    var gate: Gate? {
        get { state.withLock(\.gate) }
        set { state.withLock { $0.gate = newValue } }
    }

    func add(_ record: ConnectorRecord) {
        state.withLock { $0.rows[record.partition.name, default: []].append(record.data.text ?? "") }
        changed.notify()
    }

    func wait(for count: Int) async throws {
        try await wait { $0.reduce(0) { $0 + $1.value.count } >= count }
    }

    /// Waits until something is so about what was given of each partition.
    func wait(until isSo: ([String: [String]]) -> Bool) async throws {
        while true {
            let changes = changed.count
            if isSo(state.withLock(\.rows)) { return }
            try await changed.wait(beyond: changes)
        }
    }
}

/// Puts into a shard output.
struct ShardSink: Sink {
    let output: ShardOutput

    func put(_ batch: RecordBatch) async throws -> PutResult {
        try await output.gate?.pass()
        let refused = output.refused
        var verdicts: [Int: RecordVerdict] = [:]
        for index in batch.indices {
            if batch[index].partition.name == refused { verdicts[index] = .retry() } else { output.add(batch[index]) }
        }
        return verdicts.isEmpty ? .delivered : .verdicts(verdicts)
    }

    func flush() async throws {}
}
