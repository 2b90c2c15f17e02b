// SPDX-License-Identifier: Apache-2.0

// A sink that refuses what it cannot write, and makes the rest durable when it is told to.

// snippet.show
import OpenConnect

/// What the sink writes: documents under a key, where a second write of one key replaces the first.
protocol DocumentStore: Sendable {
    func write(_ document: String, under key: String) async throws
    func synchronize() async throws
}

actor DocumentSink: Sink {
    private let store: any DocumentStore

    init(_ store: any DocumentStore) {
        self.store = store
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        for (index, record) in batch.enumerated() {
            guard let key = record.key?.text, let document = record.data.text else {
                let error = ConnectorError(.invalidRecord, "key and data have to be text", position: record.position)
                return .stopped(at: index, of: batch.count, .reject(error))
            }
            try await store.write(document, under: key)
        }
        return .delivered
    }

    func flush() async throws {
        try await store.synchronize()
    }
}
