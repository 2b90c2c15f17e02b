// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Adds records to MySystem, each as a message.
///
/// The data of a record has to be text; others are rejected. Delivers at least once: after a crash, the records since
/// the last commit are added again.
public actor MySystemSink: Sink {
    private let client: MySystemClient

    /// A sink into a directory.
    ///
    /// - Parameter directory: where the messages are.
    public init(directory: String) { client = MySystemClient(directory: directory) }

    /// Reaches the system.
    public func start(_ context: ConnectorContext) async throws {
        _ = try await client.newestNumber()
    }

    /// Adds records until one cannot be added: that one has a verdict, those before it are there.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        for (index, record) in batch.enumerated() {
            guard let text = record.data.text else {
                let error = ConnectorError(.invalidRecord, "the data is no text", position: record.position)
                return .stopped(at: index, of: batch.count, .reject(error))
            }
            do {
                try await client.append(Array(text.utf8))
            } catch let error as ConnectorError where index > 0 {
                return .stopped(at: index, of: batch.count, .retry(error))
            }
        }
        return .delivered
    }

    /// Makes what was added durable.
    public func flush() async throws {
        try await client.synchronize()
    }
}
