// SPDX-License-Identifier: Apache-2.0

/// Gives events to a closure, and is interested in nothing else.
public struct EventObserver: RuntimeObserver {
    private let body: @Sendable (RuntimeEvent) -> Void

    /// An observer that calls a closure with each event. It is called from any task, and must not block.
    public init(_ body: @escaping @Sendable (RuntimeEvent) -> Void) { self.body = body }

    /// Events alone.
    public var interests: ObserverInterests { .events }
    /// Calls the closure.
    public func observe(_ event: RuntimeEvent) { body(event) }
}

extension RuntimeObserver where Self == EventObserver {
    /// Calls a closure with each event. It is called from any task, and must not block.
    public static func events(_ body: @escaping @Sendable (RuntimeEvent) -> Void) -> EventObserver {
        EventObserver(body)
    }
}
