// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A bad record on its way to the dead letters, with the parts of it that one sink did not take.
struct PendingLetter: Sendable {
    var items: [Item]
    let place: HandOverState.Place
    var error: ConnectorError
    /// The record as it was polled; known when the letter is written.
    var polled: ConnectorRecord?
}

/// Bad records that are not in the dead letters yet.
struct LetterBox: Sendable {
    private var pending: [PendingLetter] = []
    private var writing = 0

    /// How many letters are not durable yet.
    var count: Int { pending.count + writing }
    var isEmpty: Bool { count == 0 }
    var hasPending: Bool { !pending.isEmpty }

    /// Adds a part of a record; the parts of one record that failed in one sink are one letter.
    mutating func append(_ item: Item, _ error: ConnectorError, in place: HandOverState.Place) {
        if let last = pending.indices.last, pending[last].isAbout(item, in: place) {
            pending[last].items.append(item)
            pending[last].error = error
        } else {
            pending.append(PendingLetter(items: [item], place: place, error: error))
        }
    }

    mutating func takeAll() -> [PendingLetter] {
        writing += pending.count
        defer { pending = [] }
        return pending
    }

    mutating func noteWritten(_ count: Int) { writing -= count }
}

extension PendingLetter {
    fileprivate func isAbout(_ item: Item, in other: HandOverState.Place) -> Bool {
        guard case .sink(let mine) = place, case .sink(let others) = other, mine == others else { return false }
        return items[0].shipment == item.shipment && items[0].origin.index == item.origin.index
    }
}
