// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// One set of labels of a family.
protocol PrometheusSeries: AnyObject, Sendable {
    /// Where it is in the registry.
    var place: PrometheusPlace { get }
    func write(to text: inout PrometheusText)
}

/// Where a series is in the registry.
struct PrometheusPlace: Sendable, Hashable {
    let family: String
    let labels: String
}

/// Only grows.
final class PrometheusCounter: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    let place: PrometheusPlace
    private let value = Mutex(0.0)

    init(_ place: PrometheusPlace) { self.place = place }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount.isFinite, amount > 0 else { return }
        value.withLock { $0 += amount }
    }

    func reset() { value.withLock { $0 = 0 } }

    func write(to text: inout PrometheusText) { text.sample(place.family, place.labels, value.withLock { $0 }) }
}

/// What is the case at the moment.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
    let place: PrometheusPlace
    private let value = Mutex(0.0)

    init(_ place: PrometheusPlace) { self.place = place }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(to text: inout PrometheusText) { text.sample(place.family, place.labels, value.withLock { $0 }) }
}

/// How values are distributed: those of a recorder or of a timer, in seconds, or a histogram that somebody else counts.
final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
    let place: PrometheusPlace
    private let state: Mutex<HistogramSnapshot>

    init(_ place: PrometheusPlace, bounds: [Double]) {
        self.place = place
        state = Mutex(HistogramSnapshot(bounds: bounds, buckets: [], sum: 0))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        state.withLock { $0.add(value) }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func set(_ histogram: HistogramSnapshot) { state.withLock { $0 = histogram } }

    func write(to text: inout PrometheusText) {
        text.histogram(place.family, place.labels, state.withLock { $0 })
    }
}
