// SPDX-License-Identifier: Apache-2.0

/// Is told what pipelines do: where a host connects its logger, its metrics and its tracer.
///
/// ```swift
/// struct Log: RuntimeObserver {
///     func observe(_ event: RuntimeEvent) { print("\(event.level) \(event.pipeline): \(event.message)") }
/// }
/// ```
///
/// Called from any task, several at a time, between two calls of connectors: it must not block, and what takes long belongs
/// into a queue of its own. What it is not interested in is not even measured.
public protocol RuntimeObserver: Sendable {
    /// What the observer wants to be told and have measured; events and durations unless it says otherwise. Asked once,
    /// when a pipeline is made.
    var interests: ObserverInterests { get }
    /// Something happened that an operator should know.
    func observe(_ event: RuntimeEvent)
    /// The metrics of all pipelines of a runtime, at its interval; does nothing by default.
    func observe(_ metrics: RuntimeMetrics)
    /// A step on the way of a batch has ended; does nothing by default. Only with the interest
    /// ``ObserverInterests/spans``.
    func observe(_ span: DeliverySpan)
}

extension RuntimeObserver {
    /// Events and durations.
    public var interests: ObserverInterests { [.events, .durations] }
    /// Does nothing.
    public func observe(_ metrics: RuntimeMetrics) {}
    /// Does nothing.
    public func observe(_ span: DeliverySpan) {}
}

/// What a ``RuntimeObserver`` wants to be told, and have measured.
public struct ObserverInterests: OptionSet, Sendable, Hashable {
    /// The interests as bits.
    public let rawValue: UInt8

    /// The interests with these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// ``RuntimeEvent``s.
    public static let events = ObserverInterests(rawValue: 1)
    /// How long calls take and how large batches are, as histograms in ``PipelineMetrics``. Counters and gauges are there
    /// in any case.
    public static let durations = ObserverInterests(rawValue: 2)
    /// ``DeliverySpan``s. They cost a look at every record.
    public static let spans = ObserverInterests(rawValue: 4)
}
