// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Synchronization

/// Keeps spans and events.
final class DeliveryWatcher: RuntimeObserver {
    private let state = Mutex<(spans: [DeliverySpan], events: [RuntimeEvent])>(([], []))
    private let onEvent: @Sendable (RuntimeEvent) -> Void

    init(onEvent: @escaping @Sendable (RuntimeEvent) -> Void = { _ in }) { self.onEvent = onEvent }

    var interests: ObserverInterests { [.events, .durations, .spans] }
    var spans: [DeliverySpan] { state.withLock { $0.spans } }
    func spans(_ operation: DeliverySpan.Operation) -> [DeliverySpan] { spans.filter { $0.operation == operation } }
    var events: [RuntimeEvent] { state.withLock { $0.events } }

    func observe(_ event: RuntimeEvent) {
        state.withLock { $0.events.append(event) }
        onEvent(event)
    }

    func observe(_ span: DeliverySpan) { state.withLock { $0.spans.append(span) } }
}
