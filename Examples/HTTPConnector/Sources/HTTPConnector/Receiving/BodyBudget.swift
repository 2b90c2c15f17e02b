// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many bytes of bodies may be held at the same time that the queue does not count yet.
final class BodyBudget: Sendable {
    let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// What is held at this moment.
    var held: Int { taken.withLock(\.self) }

    func hasRoom(for bytes: Int) -> Bool { bytes <= limit - held }

    fileprivate func take(_ bytes: Int) -> Bool {
        taken.withLock { taken in
            guard bytes <= limit - taken else { return false }
            taken += bytes
            return true
        }
    }

    fileprivate func giveBack(_ bytes: Int) { taken.withLock { $0 -= bytes } }
}

/// What the body of one request holds of a ``BodyBudget``.
struct BodyReservation: ~Copyable {
    private let budget: BodyBudget
    private var bytes = 0

    init(of budget: BodyBudget) { self.budget = budget }

    /// Holds so many bytes in all, if it does not yet.
    ///
    /// - Returns: whether there was room; otherwise it holds what it did.
    mutating func grow(to wanted: Int) -> Bool {
        guard wanted > bytes else { return true }
        guard budget.take(wanted - bytes) else { return false }
        bytes = wanted
        return true
    }

    mutating func giveBack() {
        if bytes > 0 { budget.giveBack(bytes) }
        bytes = 0
    }
}
