// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

/// Waits at a gate before each put.
struct GatedSink: Sink {
    let log: InMemoryLog
    let gate: Gate

    func put(_ batch: RecordBatch) async throws -> PutResult {
        await gate.passIgnoringCancellation()
        log.append(contentsOf: batch)
        return .delivered
    }

    func flush() async throws {}
}

/// Fails each put.
struct FailingSink: Sink {
    let error: ConnectorError

    func put(_ batch: RecordBatch) async throws -> PutResult { throw error }
    func flush() async throws {}
}

extension Pipeline {
    /// From one log to a sink, with positions that are kept nowhere.
    convenience init(_ name: String, from log: InMemoryLog, to sink: some Sink) {
        var options = DeliveryOptions()
        options.commitInterval = .milliseconds(10)
        self.init(name, from: InMemorySource(log), to: sink, offsets: InMemoryOffsetStore(), options: options)
    }
}

extension RuntimeOptions {
    /// No pipeline is run again.
    static var failingOnce: RuntimeOptions {
        var options = RuntimeOptions()
        options.restart = .never
        return options
    }

    /// No pipeline is run again, and the runtime goes on.
    static var failingAtOnce: RuntimeOptions {
        var options = failingOnce
        options.staysWithoutWork = true
        return options
    }
}
