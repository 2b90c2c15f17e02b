// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// Notes that a sink has taken a whole parcel.
    mutating func complete(_ parcel: Parcel, of sink: Int, _ wake: inout Wakeups) {
        guard parcel.isWhole, shipments[parcel.shipment].detail == nil else {
            for item in parcel.items { complete(item, as: .delivered, nil, &wake) }
            return
        }
        shipments[parcel.shipment].openParcels.removeAll { $0.sink == sink }
        if shipments[parcel.shipment].openParcels.isEmpty { settleWhole(parcel.shipment, &wake) }
    }

    /// Notes what became of one part of a record.
    mutating func complete(
        _ item: Item,
        as outcome: RecordOutcome,
        _ error: ConnectorError?,
        _ wake: inout Wakeups
    ) {
        takeApart(item.shipment)
        let index = Int(item.origin.index)
        notePart(index, of: item.shipment)
        shipments[item.shipment].note(outcome, error, of: index)
        if shipments[item.shipment].detail?.rest[index] == 0 { settle(index, of: item.shipment, &wake) }
    }

    /// Counts the records of which some parts are in, and others are out.
    private mutating func notePart(_ index: Int, of slot: Int) {
        guard let detail = shipments[slot].detail, detail.parts[index] > 1 else { return }
        if detail.rest[index] == detail.parts[index] { halfRecords += 1 }
        if detail.rest[index] == 1 { halfRecords -= 1 }
    }

    /// Settles a shipment of which every parcel was taken; where it was taken apart, its records are settled already.
    mutating func settleWhole(_ slot: Int, _ wake: inout Wakeups) {
        let shipment = shipments.remove(slot)
        meter?.noteSettled(shipment.polledAt)
        if shipment.detail == nil {
            if traces != nil { for record in shipment.polled { traces?.add(record) } }
            ledger.settle(shipment.ticket, shipment.polled, filtered: shipment.filtered)
        }
        noteRoom(afterQuiet: shipment.isFollowedByQuiet, &wake)
    }

    /// Goes on with single records, because not all of a shipment goes the same way.
    mutating func takeApart(_ slot: Int) {
        guard shipments[slot].detail == nil else { return }
        let detail = shipments[slot].takenApart()
        shipments[slot].detail = detail
        shipments[slot].openParcels = []
        ledger.settleMarks(of: shipments[slot].ticket)
        for index in detail.rest.indices where detail.rest[index] == 0 {
            settleRecord(index, of: slot)
            shipments.settleOne(of: slot)
        }
    }

    private mutating func settle(_ index: Int, of slot: Int, _ wake: inout Wakeups) {
        settleRecord(index, of: slot)
        guard let open = shipments[slot].detail?.open, open > 0 else {
            let shipment = shipments.remove(slot)
            noteRoom(afterQuiet: shipment.isFollowedByQuiet, &wake)
            return
        }
        shipments.settleOne(of: slot)
        shrinkHalfSettled(slot, &wake)
    }

    /// What is left may wait for long behind a failing record.
    mutating func shrinkHalfSettled(_ slot: Int, _ wake: inout Wakeups) {
        guard let open = shipments[slot].detail?.open, open <= shipments[slot].polled.count / 2 else { return }
        shrink(slot)
        wakeSource(&wake)
    }

    /// Lets go of what is not needed any more of a shipment that is settled in part.
    mutating func shrink(_ slot: Int) {
        guard let detail = shipments[slot].detail, !detail.isShrunk else { return }
        shipments[slot].detail?.isShrunk = true
        var charge = Charge()
        charge.records = detail.open
        for index in detail.rest.indices {
            if detail.rest[index] > 0 {
                charge.bytes += shipments[slot].heldCount(of: index)
                if !shipments[slot].isUnchanged { shipments[slot].polled[index].detach() }
            }
            // Its sinks hold the record itself.
            if detail.rest[index] == 0 || shipments[slot].isUnchanged { shipments[slot].polled[index].dropPayload() }
        }
        if charge.bytes < shipments[slot].charge.bytes { shipments.setCharge(charge, of: slot) }
    }

    private mutating func settleRecord(_ index: Int, of slot: Int) {
        shipments[slot].detail?.open -= 1
        let record = shipments[slot].polled[index]
        guard shipments[slot].detail?.lost.contains(index) == false else {
            // Those with numbers were counted when their partition was closed.
            if ledger.style == .individual { ledger.noteLost(record) }
            return
        }
        meter?.noteSettled(shipments[slot].polledAt)
        traces?.add(record)
        ledger.settle(
            record,
            shipments[slot].place(of: index),
            as: shipments[slot].detail?.outcomes[index] ?? .delivered,
            shipments[slot].detail?.errors[index],
            bytes: shipments[slot].detail?.polledBytes[index] ?? 0
        )
    }

    private mutating func noteRoom(afterQuiet isQuiet: Bool, _ wake: inout Wakeups) {
        wakeSource(&wake)
        if isQuiet { isQuietPending = true }
        commitInQuiet(&wake)
        commitInPause(&wake)
        if hasSourceEnded, shipments.isEmpty { wakeAll(&wake) }
    }

    /// Commits at once where the source expects nothing for a while, as soon as nothing is on its way any more.
    mutating func commitInQuiet(_ wake: inout Wakeups) {
        guard isQuietPending, isIdle else { return }
        isQuietPending = false
        if traits.commitsInPauses, canCommit { demandCommit(&wake) }
    }

    /// What a put would settle.
    func runs(of job: PutJob) -> [SettledRun] {
        var runs: [SettledRun] = []
        var parts: [Int: [Int: Int32]] = [:]
        for parcel in job.parcels {
            if parcel.isWhole, shipments[parcel.shipment].detail == nil {
                shipments[parcel.shipment].ticket.forEachPart { runs.append(SettledRun($0)) }
            } else {
                for item in parcel.items { parts[item.shipment, default: [:]][Int(item.origin.index), default: 0] += 1 }
            }
        }
        for item in job.items { parts[item.shipment, default: [:]][Int(item.origin.index), default: 0] += 1 }
        for (slot, counts) in parts {
            var shipment = shipments[slot]
            let detail = shipment.detail ?? shipment.takenApart()
            // Once the first of its records is settled by itself, so are its marks, and what was filtered out.
            if shipment.detail == nil { runs += shipment.marks + shipment.filtered.compactMap(shipment.run) }
            shipment.detail = detail
            for (index, count) in counts where detail.rest[index] <= count {
                if let run = shipment.run(of: index) { runs.append(run) }
            }
        }
        return runs
    }

    // MARK: Lost partitions

    /// Forgets partitions that are gone: nothing of them reaches a sink any more.
    mutating func close(_ partitions: [RecordPartition], _ wake: inout Wakeups) {
        sealBeforeSettling()
        if traits.gathersUnits { closedPartitions += partitions }
        ledger.close(partitions)
        let gone = Set(partitions)
        let isGone: (Item) -> Bool = { gone.contains($0.record.partition) }
        for item in withheld.remove(where: isGone) { complete(item, as: .dropped, nil, &wake) }
        for sink in desks.indices {
            var removed = desks[sink].queue.remove(where: isGone)
            let held = desks[sink].lanes.remove(where: isGone, desks[sink].order)
            removed += held.removed
            desks[sink].queue.prepend(contentsOf: held.freed)
            for item in removed { lose(item, &wake) }
            wakeSink(sink, &wake)
        }
        while dispatchNext(&wake) {}
        unsealIfEven()
        // No commit would do it: there is none where nothing is left to commit.
        if ledger.uncommittedRecords == 0 { isUncommittedTooLong = false }
        wakeSource(&wake)
        wakeHoldTeller(&wake)
        wakeWatchers(&wake)
    }
}

extension HandOverState {
    /// A record of a partition that is gone is not settled: it is the next owner's.
    mutating func lose(_ item: Item, _ wake: inout Wakeups) {
        takeApart(item.shipment)
        shipments[item.shipment].detail?.lost.insert(Int(item.origin.index))
        complete(item, as: .dropped, nil, &wake)
    }

    /// Takes out of the queues what belongs to partitions that were taken away before it got there.
    mutating func loseQueued(_ wake: inout Wakeups) {
        let (shipments, ledger) = (shipments, ledger)
        sealBeforeSettling()
        for sink in desks.indices {
            let gone = desks[sink].queue.remove { item in
                let place = shipments[item.shipment].place(of: Int(item.origin.index))
                return place.map { !ledger.isCurrent($0.part) } ?? false
            }
            for item in gone { lose(item, &wake) }
        }
        unsealIfEven()
    }
}

extension Shipment {
    /// Stands for the sink of records that get to none.
    static let noSink = -1

    /// The bytes of a record that is on its way by itself: every sink may have a copy of its own.
    fileprivate func heldCount(of index: Int) -> Int {
        let polled = detail?.polledBytes[index] ?? polled[index].heldCount
        return isUnchanged ? polled * max(1, Int(detail?.rest[index] ?? 1)) : polled + made[index]
    }

    /// Notes that one part of a record is in.
    mutating func note(_ outcome: RecordOutcome, _ error: ConnectorError?, of index: Int) {
        detail?.rest[index] -= 1
        if let old = detail?.outcomes[index], outcome.rank > old.rank {
            detail?.outcomes[index] = outcome
            detail?.errors[index] = error
        }
    }

    /// The number of a record in the ledger, or `nil` where records have none.
    func place(of index: Int) -> (part: Ticket.Part, number: UInt64)? {
        let starts = detail?.starts ?? starts
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= index { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let part = ticket.part(at: low - 1)
        return (part, part.first + UInt64(index - starts[low - 1]))
    }

    var marks: [SettledRun] {
        var marks: [SettledRun] = []
        ticket.forEachPart { if $0.recordCount == 0 { marks.append(SettledRun($0)) } }
        return marks
    }

    /// The run of one record alone.
    func run(of index: Int) -> SettledRun? {
        guard let (part, number) = place(of: index) else { return nil }
        let offset = polled[index].offset
        let end = offset.map { LedgerPosition(offset: $0, sequence: number) } ?? .none
        return SettledRun(slot: part.slot, generation: part.generation, first: number, last: number, end: end)
    }
}

extension RecordOutcome {
    /// A record of several parts has the outcome of the highest rank.
    fileprivate var rank: Int {
        switch self {
        case .deadLettered: 3
        case .dropped: 2
        case .delivered: 1
        default: 0
        }
    }
}
