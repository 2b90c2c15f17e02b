// SPDX-License-Identifier: Apache-2.0

/// Tells several observers, each what it is interested in: a logger, metrics and a tracer of one host.
///
/// ```swift
/// let observer = ObserverGroup(log, metrics, tracer)
/// ```
public struct ObserverGroup: RuntimeObserver {
    /// What any of them is interested in.
    public let interests: ObserverInterests
    private let members: [Member]

    private struct Member: Sendable {
        let observer: any RuntimeObserver
        let interests: ObserverInterests
    }

    /// A group, told in this order.
    public init(_ observers: any RuntimeObserver...) { self.init(observers) }

    /// A group, told in this order.
    public init(_ observers: [any RuntimeObserver]) {
        members = observers.map { Member(observer: $0, interests: $0.interests) }
        interests = members.reduce(into: []) { $0.formUnion($1.interests) }
    }

    /// Tells those that are interested in events.
    public func observe(_ event: RuntimeEvent) {
        for member in members where member.interests.contains(.events) { member.observer.observe(event) }
    }

    /// Tells all: whoever has no use for metrics does nothing with them.
    public func observe(_ metrics: RuntimeMetrics) {
        for member in members { member.observer.observe(metrics) }
    }

    /// Tells those that are interested in spans.
    public func observe(_ span: DeliverySpan) {
        for member in members where member.interests.contains(.spans) { member.observer.observe(span) }
    }
}
