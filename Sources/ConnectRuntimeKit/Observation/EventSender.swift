// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Tells a pipeline's observer what happens, where it is interested.
struct EventSender: Sendable {
    let pipeline: String
    private let observers: ObserverList

    init(_ pipeline: String, _ observers: ObserverList) {
        self.pipeline = pipeline
        self.observers = observers
    }

    init(_ pipeline: String, _ observer: any RuntimeObserver) {
        self.init(pipeline, ObserverList(observer))
    }

    /// - Parameter complete: sets the typed values.
    func send(
        _ kind: RuntimeEvent.Kind,
        _ level: ConnectorEvent.Level,
        _ message: @autoclosure () -> String,
        attributes: @autoclosure () -> [String: String] = [:],
        error: (any Error)? = nil,
        _ complete: (inout RuntimeEvent) -> Void = { _ in }
    ) {
        guard observers.interests.contains(.events) else { return }
        var event = RuntimeEvent(
            kind,
            of: pipeline,
            level,
            message(),
            attributes: attributes(),
            error: error
        )
        complete(&event)
        for observer in observers.interested(in: .events) { observer.observe(event) }
    }

    /// What a connector said.
    func send(_ event: ConnectorEvent, from connector: String) {
        send(.connectorMessage, event.level, event.message, attributes: event.attributes, error: event.error) {
            $0.connector = connector
        }
    }
}
