// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The batches that are on their way, and what they hold in memory.
struct ShipmentTable: Sendable {
    private var slots: [Shipment?] = []
    private var freeSlots: [Int] = []
    private(set) var count = 0
    private(set) var charge = Charge()

    var isEmpty: Bool { count == 0 }

    mutating func add(_ shipment: Shipment) -> Int {
        count += 1
        charge += shipment.charge
        if let slot = freeSlots.popLast() {
            slots[slot] = shipment
            return slot
        }
        slots.append(shipment)
        return slots.count - 1
    }

    func forEach(_ body: (Shipment) -> Void) {
        for case let shipment? in slots { body(shipment) }
    }

    /// A shipment that is on its way.
    subscript(slot: Int) -> Shipment {
        _read {
            guard slots[slot] != nil else { preconditionFailure("the shipment is settled already") }
            yield slots[slot]!
        }
        _modify {
            guard slots[slot] != nil else { preconditionFailure("the shipment is settled already") }
            yield &slots[slot]!
        }
    }

    /// Changes what a shipment is charged with.
    mutating func setCharge(_ new: Charge, of slot: Int) {
        charge -= self[slot].charge
        self[slot].charge = new
        charge += new
    }

    /// Counts a record of a shipment as settled, the others being on their way.
    mutating func settleOne(of slot: Int) {
        guard self[slot].charge.records > 0 else { return }
        self[slot].charge.records -= 1
        charge.records -= 1
    }

    mutating func remove(_ slot: Int) -> Shipment {
        let shipment = self[slot]
        slots[slot] = nil
        freeSlots.append(slot)
        charge -= shipment.charge
        count -= 1
        return shipment
    }
}
