// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization

/// Notes the events of a runtime.
final class ObservedEvents: RuntimeObserver {
    private let state = Mutex<[RuntimeEvent]>([])

    var events: [RuntimeEvent] { state.withLock { $0 } }
    var interests: ObserverInterests { .events }

    func observe(_ event: RuntimeEvent) { state.withLock { $0.append(event) } }

    func events(_ kind: RuntimeEvent.Kind, of pipeline: String? = nil) -> [RuntimeEvent] {
        events.filter { $0.kind == kind && (pipeline == nil || $0.pipeline == pipeline) }
    }

    /// The states that a pipeline has gone through.
    func states(of pipeline: String) -> [PipelineState] { events(.pipelineState, of: pipeline).compactMap(\.state) }

    /// Waits for an event.
    func first(_ kind: RuntimeEvent.Kind, of pipeline: String? = nil) async throws -> RuntimeEvent {
        while true {
            if let event = events(kind, of: pipeline).first { return event }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

/// Keeps the metrics of a runtime.
final class MetricsLog: RuntimeObserver {
    private let state = Mutex<[RuntimeMetrics]>([])

    var metrics: [RuntimeMetrics] { state.withLock { $0 } }
    func observe(_ event: RuntimeEvent) {}
    func observe(_ metrics: RuntimeMetrics) { state.withLock { $0.append(metrics) } }
}

extension ConnectRuntime {
    /// Does something while the runtime runs, then stops it.
    func whileRunning<Result: Sendable>(
        _ body: @escaping @Sendable (ConnectRuntime) async throws -> Result
    ) async throws -> Result {
        async let end: Void = run()
        let result: Result
        do {
            result = try await body(self)
        } catch {
            stop()
            try? await end
            throw error
        }
        stop()
        try await end
        return result
    }

    /// Waits until a pipeline is in a state.
    func reach(_ state: PipelineState, _ name: String) async throws {
        while try health(of: name).status.state != state {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

/// Emits a thousand records a second, for as long as it is polled.
func endlessSource() -> GeneratorSource { GeneratorSource(.text(bytes: 10), rate: .constant(1000)) }

/// A source that waits for ever.
struct IdleSource: Source {
    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await Gate().pass()
        return .end
    }
}
