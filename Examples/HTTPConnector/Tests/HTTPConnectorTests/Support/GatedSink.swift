// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

/// Stops at gates, so that a test sees what senders are told until then.
struct GatedSink: Sink {
    let base: InMemorySink
    let putting: Gate
    let flushing: Gate

    func put(_ batch: RecordBatch) async throws -> PutResult {
        try await putting.pass()
        return try await base.put(batch)
    }

    func flush() async throws { try await flushing.pass() }
}
