// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// Keeps the texts it is given, over several runs.
final class Collected: Sendable {
    private let state = Mutex<[String]>([])
    var texts: [String] { state.withLock { $0 } }
    func append(_ records: [ConnectorRecord]) { state.withLock { $0 += records.map { $0.data.text ?? "" } } }
}

/// A sink that collects, and does before each put what a test wants.
struct CollectingSink: Sink {
    let collected: Collected
    var beforePut: @Sendable (RecordBatch) async throws -> PutResult = { _ in .delivered }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        let result = try await beforePut(batch)
        let refused = Set(result.exceptions.map(\.index))
        collected.append(batch.enumerated().filter { !refused.contains($0.offset) }.map(\.element))
        return result
    }

    func flush() async throws {}
}

func texts(_ prefix: String, _ count: Int) -> [String] { (0..<count).map { "\(prefix)\($0)" } }
