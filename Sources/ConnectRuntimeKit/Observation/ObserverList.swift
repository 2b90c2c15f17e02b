// SPDX-License-Identifier: Apache-2.0

/// The observers of a pipeline: its own, and that of the runtime it runs in.
final class ObserverList: Sendable {
    /// One of them, with the interests that it had when it was asked.
    private struct Member: Sendable {
        let observer: any RuntimeObserver
        let interests: ObserverInterests

        init(_ observer: any RuntimeObserver) {
            self.observer = observer
            interests = observer.interests
        }
    }

    private let own: Member
    private let ofRuntime = Lock<Member?>(nil)

    init(_ own: any RuntimeObserver) { self.own = Member(own) }

    private var members: [Member] { [own] + (ofRuntime.withLock(\.self).map { [$0] } ?? []) }

    /// What any of them wants to be told, and have measured.
    var interests: ObserverInterests {
        own.interests.union(ofRuntime.withLock { $0?.interests } ?? [])
    }

    /// Those that are interested in something.
    func interested(in topic: ObserverInterests) -> [any RuntimeObserver] {
        members.filter { $0.interests.contains(topic) }.map(\.observer)
    }

    /// Has the observer of a runtime told as well.
    func add(ofRuntime observer: any RuntimeObserver) {
        let member = Member(observer)
        ofRuntime.withLock { $0 = member }
    }
}
