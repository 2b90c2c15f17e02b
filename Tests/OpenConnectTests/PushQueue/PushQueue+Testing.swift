// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

extension PushQueue {
    func send(_ text: String) async throws { try await send(ConnectorRecord(.text(text))) }

    func deliver(_ text: String) async throws -> Acknowledgement { try await deliver(ConnectorRecord(.text(text))) }

    /// Lets other tasks run until the queue is as expected.
    func wait(until isReached: (PushQueue.Load) -> Bool) async {
        while !isReached(load) { await Task.yield() }
    }
}

/// What a pipeline tells a queue of a record that it has polled.
func settle(_ record: ConnectorRecord, _ outcome: RecordOutcome = .delivered) throws -> Acknowledgement {
    Acknowledgement(position: try #require(record.position), outcome: outcome)
}

func isNotConnected(_ error: any Error) -> Bool { (error as? ConnectorError)?.code == .notConnected }
