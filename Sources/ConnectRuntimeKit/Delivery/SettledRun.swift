// SPDX-License-Identifier: Apache-2.0

/// Consecutive numbers of one partition that are settled together.
struct SettledRun: Sendable {
    let slot: Int
    let generation: UInt32
    let first: UInt64
    let last: UInt64
    let end: LedgerPosition

    init(_ part: Ticket.Part) {
        self.init(slot: part.slot, generation: part.generation, first: part.first, last: part.last, end: part.end)
    }

    init(slot: Int, generation: UInt32, first: UInt64, last: UInt64, end: LedgerPosition) {
        self.slot = slot
        self.generation = generation
        self.first = first
        self.last = last
        self.end = end
    }
}
