// SPDX-License-Identifier: Apache-2.0

/// The observers of a pipeline: its own, and that of the runtime it runs in.
final class ObserverList: Sendable {
    private struct State: Sendable {
        let own: any RuntimeObserver
        var ofRuntime: (any RuntimeObserver)?
        var interests: ObserverInterests
    }

    private let state: Lock<State>

    init(_ own: any RuntimeObserver) {
        state = Lock(State(own: own, interests: own.interests))
    }

    /// What any of them wants to be told, and have measured.
    var interests: ObserverInterests { state.withLock(\.interests) }

    /// Those that are interested in something.
    func interested(in topic: ObserverInterests) -> [any RuntimeObserver] {
        let (own, ofRuntime) = state.withLock { ($0.own, $0.ofRuntime) }
        return ([own] + (ofRuntime.map { [$0] } ?? [])).filter { $0.interests.contains(topic) }
    }

    /// Has the observer of a runtime told as well.
    func add(ofRuntime observer: any RuntimeObserver) {
        state.withLock { state in
            state.ofRuntime = observer
            state.interests = state.own.interests.union(observer.interests)
        }
    }
}
