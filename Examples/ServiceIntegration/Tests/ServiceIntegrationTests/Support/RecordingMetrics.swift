// SPDX-License-Identifier: Apache-2.0

import Metrics
import Synchronization

/// Keeps what a metrics back end is told that knows no histograms.
final class RecordingMetrics: MetricsFactory {
    struct State: Sendable {
        var values: [String: Double] = [:]
        var increments: [String: [Double]] = [:]
        var destroyed: [String] = []
    }

    private let state = Mutex(State())

    var values: [String: Double] { state.withLock(\.values) }
    var destroyed: [String] { state.withLock(\.destroyed) }
    func increments(of series: String) -> [Double] { state.withLock { $0.increments[series] ?? [] } }

    static func name(_ label: String, _ dimensions: [(String, String)]) -> String {
        dimensions.isEmpty ? label : "\(label){\(dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ","))}"
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(self, Self.name(label, dimensions))
    }

    func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        Handler(self, Self.name(label, dimensions))
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        MeterRecorder(self, Self.name(label, dimensions))
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        MeterRecorder(self, Self.name(label, dimensions))
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        MeterRecorder(self, Self.name(label, dimensions))
    }

    func destroyCounter(_ handler: any CounterHandler) { destroy((handler as? Handler)?.name) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        destroy((handler as? Handler)?.name)
    }
    func destroyMeter(_ handler: any MeterHandler) { destroy((handler as? MeterRecorder)?.name) }
    func destroyRecorder(_ handler: any RecorderHandler) { destroy((handler as? MeterRecorder)?.name) }
    func destroyTimer(_ handler: any TimerHandler) { destroy((handler as? MeterRecorder)?.name) }

    private func destroy(_ name: String?) {
        state.withLock { state in
            if let name { state.destroyed.append(name) }
        }
    }

    fileprivate func increment(_ name: String, _ amount: Double) {
        state.withLock {
            $0.values[name, default: 0] += amount
            $0.increments[name, default: []].append(amount)
        }
    }

    fileprivate func set(_ name: String, _ value: Double) { state.withLock { $0.values[name] = value } }
}

private final class Handler: CounterHandler, FloatingPointCounterHandler {
    let metrics: RecordingMetrics
    let name: String

    init(_ metrics: RecordingMetrics, _ name: String) {
        self.metrics = metrics
        self.name = name
    }

    func increment(by amount: Int64) { metrics.increment(name, Double(amount)) }
    func increment(by amount: Double) { metrics.increment(name, amount) }
    func reset() {}
}

private final class MeterRecorder: MeterHandler, RecorderHandler, TimerHandler {
    let metrics: RecordingMetrics
    let name: String

    init(_ metrics: RecordingMetrics, _ name: String) {
        self.metrics = metrics
        self.name = name
    }

    func set(_ value: Int64) { metrics.set(name, Double(value)) }
    func set(_ value: Double) { metrics.set(name, value) }
    func increment(by amount: Double) {}
    func decrement(by amount: Double) {}
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
    func recordNanoseconds(_ duration: Int64) { set(duration) }
}
