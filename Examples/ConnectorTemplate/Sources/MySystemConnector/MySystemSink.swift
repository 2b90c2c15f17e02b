// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Adds records to MySystem, each as a message.
///
/// The data of a record has to be a line of text; others are rejected. Delivers at least once: after a crash, the records
/// since the last commit are added again.
public actor MySystemSink: Sink, ConnectionChecking {
    private let client: MySystemClient

    /// A sink into a log.
    ///
    /// - Parameter path: the file of the log; it has to exist.
    public init(path: String) { client = MySystemClient(path: path) }

    /// Reaches the system.
    public func start(_ context: ConnectorContext) async throws {
        try await client.connect(forWriting: true)
    }

    /// What the verb `check` asks.
    public func checkConnection(_ context: ConnectorContext) async throws {
        try await client.connect(forWriting: true)
    }

    /// Adds the records in one request, up to the first that can never be added: that one is rejected.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        var bodies: [[UInt8]] = []
        for (index, record) in batch.enumerated() {
            guard let text = record.data.text, !text.utf8.contains(UInt8(ascii: "\n")) else {
                try await client.append(bodies)
                let error = ConnectorError(.invalidRecord, "the data is not a line of text", position: record.position)
                return .stopped(at: index, of: batch.count, .reject(error))
            }
            bodies.append(Array(text.utf8))
        }
        try await client.append(bodies)
        return .delivered
    }

    /// Makes what was added durable.
    public func flush() async throws {
        try await client.synchronize()
    }
}
