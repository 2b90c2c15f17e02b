// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Tells a pipeline's observer of spans, where it is interested.
struct SpanSender: Sendable {
    private let pipeline: String
    private let clock: ConnectorClock
    private let observers: [any RuntimeObserver]

    init(_ pipeline: String, _ clock: ConnectorClock, _ observers: ObserverList? = nil) {
        self.pipeline = pipeline
        self.clock = clock
        self.observers = observers?.interested(in: .spans) ?? []
    }

    /// Whether somebody is interested.
    var isActive: Bool { !observers.isEmpty }

    /// The beginning of a span, by both clocks.
    struct Beginning: Sendable {
        fileprivate let time: RecordTimestamp
        fileprivate let instant: ConnectorClock.Instant
    }

    /// Begins a span; `nil` where nobody is interested.
    func begin() -> Beginning? {
        observers.isEmpty ? nil : Beginning(time: .now, instant: clock.now)
    }

    /// Ends a span.
    func end(
        _ beginning: Beginning?,
        _ operation: DeliverySpan.Operation,
        of connector: String,
        _ links: @autoclosure () -> TraceLinks,
        _ error: (any Error)? = nil
    ) {
        guard let beginning else { return }
        let links = links()
        let span = DeliverySpan(
            pipeline: pipeline,
            operation: operation,
            connector: connector,
            start: beginning.time,
            duration: clock.now.since(beginning.instant),
            records: links.records,
            links: links.links,
            droppedLinks: links.dropped,
            errorCode: error.map { $0.inCall("\(operation)", of: connector).code.description },
            parent: links.parent
        )
        for observer in observers { observer.observe(span) }
    }
}
