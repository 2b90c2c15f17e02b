// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Batches that wait until all sinks are done with the one before, and what they hold in memory.
struct Backlog: Sendable {
    private var batches: [StagedShipment] = []
    private var head = 0
    private(set) var charge = Charge()

    var isEmpty: Bool { head == batches.count }

    mutating func append(_ batch: StagedShipment) {
        charge += batch.charge
        batches.append(batch)
    }

    func forEach(_ body: (StagedShipment) -> Void) {
        for batch in batches[head...] { body(batch) }
    }

    mutating func popFirst() -> StagedShipment? {
        guard !isEmpty else { return nil }
        let batch = batches[head]
        batches[head] = .empty
        head += 1
        charge -= batch.charge
        forgetTaken()
        return batch
    }

    /// Seldom where the backlog is never empty, so that it costs little for each batch.
    private mutating func forgetTaken() {
        if isEmpty {
            batches.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head > batches.count / 2 {
            batches.removeFirst(head)
            head = 0
        }
    }
}
