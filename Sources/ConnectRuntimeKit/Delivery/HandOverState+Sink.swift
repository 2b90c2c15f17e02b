// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    enum SinkStep: Sendable {
        case put(PutJob)
        case park
        case end
    }

    /// What a task of a sink does next.
    mutating func sinkStep(_ sink: Int, _ wake: inout Wakeups) -> SinkStep {
        guard phase <= .draining, !hasDelivered else { return .end }
        repeat {
            if let job = takeJob(sink, &wake) { return .put(job) }
        } while dispatchNext(&wake)
        return endsDelivery() ? .end : .park
    }

    /// Whether `sinkStep` would not park.
    func isSinkReady(_ sink: Int) -> Bool {
        phase > .draining || isDelivered || desks[sink].hasJob(at: clock.now, isFinal: isFinal)
    }

    /// Whether nothing more comes from the source.
    private var isFinal: Bool { hasSourceEnded || isPaused || phase > .running }

    /// Whether everything is delivered that will be: after a stop, what is held back is not waited for.
    var isDelivered: Bool {
        guard !hasDelivered else { return true }
        guard hasSourceEnded, desks.allSatisfy({ $0.runningPuts == 0 }) else { return false }
        guard phase > .running else { return isIdle }
        let now = clock.now
        guard letters.isEmpty, desks.allSatisfy({ !$0.hasWork(at: now) }) else { return false }
        return backlog.isEmpty || desks.contains { !$0.queue.isEmpty }
    }

    /// The same, once and for all: one task that ends is enough, whatever falls due later.
    mutating func endsDelivery() -> Bool {
        hasDelivered = isDelivered
        return hasDelivered
    }

    /// Takes the next put of a sink, if there is one to be made now.
    mutating func takeJob(_ sink: Int, _ wake: inout Wakeups) -> PutJob? {
        guard !desks[sink].queue.isEmpty || !desks[sink].lanes.isEmpty else { return nil }
        let now = clock.now
        let next = desks[sink].nextJob(at: now, isFinal: isFinal)
        if !desks[sink].followed.isEmpty { settleFiltered(of: sink, &wake) }
        guard var job = next else {
            if let due = desks[sink].nextDue, due > now { wakeDueTimer(&wake) }
            return nil
        }
        desks[sink].meter?.putSizes.record(Int64(job.records.count))
        if job.isRepeated { ledger.counts.retried += job.records.count }
        if desks[sink].keepsPositions { job.steps = ledger.steps(settling: runs(of: job)) }
        return job
    }

    /// What was filtered out of a batch, and its marks, do not wait for the lanes that the rest of the batch waits for.
    mutating func settleFiltered(of sink: Int, _ wake: inout Wakeups) {
        let waiting = desks[sink].followed.filter { shipments[$0].settlesWithoutSinks }.sorted()
        desks[sink].followed = []
        guard !waiting.isEmpty else { return }
        sealBeforeSettling()
        for slot in waiting {
            takeApart(slot)
            // The queue of another sink may hold all of it still.
            if desks.count == 1 { shrinkHalfSettled(slot, &wake) }
        }
        wakeSource(&wake)
        unsealIfEven()
        noteSettled(isQuiet: false, &wake)
    }

    /// Hands a batch to the sinks.
    mutating func dispatch(_ staged: StagedShipment, wakesSinks: Bool = true, _ wake: inout Wakeups) {
        let settlesSome = staged.parts.isEmpty || !staged.failures.isEmpty || !staged.filtered.isEmpty
        if settlesSome { sealBeforeSettling() }
        var shipment = Shipment(polled: staged.polled, ticket: staged.ticket)
        shipment.filtered = staged.filtered
        shipment.charge = staged.charge
        shipment.made = staged.made
        shipment.polledAt = staged.polledAt
        shipment.isFollowedByQuiet = staged.isFollowedByQuiet
        shipment.isUnchanged = staged.parts.allSatisfy { $0.origins == nil }
        shipment.openParcels = staged.parts.map {
            Shipment.OpenParcel(sink: $0.sink, first: 0, count: $0.records.count, origins: $0.origins)
        }
        shipment.openParcels += staged.failures.map {
            Shipment.OpenParcel(sink: Shipment.noSink, first: $0.index, count: 1, origins: nil)
        }
        let slot = shipments.add(shipment)
        for part in staged.parts {
            let parcel = Parcel(shipment: slot, records: part.records, origins: part.origins)
            guard !withhold(parcel, staged.failures.count) else { continue }
            desks[part.sink].append(.parcel(parcel), at: clock)
            if wakesSinks { wakeSink(part.sink, &wake) }
        }
        // What is bad must not keep what is good from being settled.
        if !staged.failures.isEmpty || ledger.style == .individual && !staged.filtered.isEmpty { takeApart(slot) }
        for failure in staged.failures { give(up: failure, of: slot, staged.polled[failure.index], &wake) }
        if staged.parts.isEmpty, staged.failures.isEmpty { settleWhole(slot, &wake) }
        guard settlesSome else { return }
        unsealIfEven()
        noteSettled(isQuiet: false, &wake)
    }

    private mutating func give(
        up failure: StagedShipment.Failure,
        of slot: Int,
        _ record: ConnectorRecord,
        _ wake: inout Wakeups
    ) {
        let origin = Parcel.Origin(index: Int32(failure.index), part: 0, endsUnit: record.hasOffset)
        var item = Item(record: record, shipment: slot, origin: origin)
        item.noteFailure(failure.error, at: clock.now)
        item.failures = failure.attempts
        _ = giveUp(item, failure.error, in: .beforeSinks(failure.stage), &wake)
    }

    /// Whether the sinks are done with what they were given, so that the next batch may be given to all of them.
    var isInStep: Bool {
        backlog.isEmpty && desks.allSatisfy { $0.queue.isEmpty && $0.runningPuts == 0 }
    }

    /// The sink has nothing running any more that this put was; the committer's turn comes before the next one.
    @inline(__always)
    mutating func releaseSink(_ sink: Int, _ wake: inout Wakeups) {
        desks[sink].runningPuts = max(0, desks[sink].runningPuts - 1)
        if desks[sink].isFlushWanted {
            if desks[sink].runningPuts == 0 { wakeFlush(sink, &wake) }
        } else if desks[sink].hasWaiting || hasSourceEnded {
            wakeSink(sink, &wake)
        }
        commitInPause(&wake)
        guard hasSourceEnded || traits.isInStep else { return }
        // A batch of which nothing is left to put keeps no sink from the next one.
        while dispatchNext(&wake) {}
        if isDelivered { wakeAll(&wake) }
    }

    /// Hands the next batch that waits to the sinks, once all of them are done with the one before.
    mutating func dispatchNext(_ wake: inout Wakeups) -> Bool {
        guard !backlog.isEmpty, desks.allSatisfy({ $0.queue.isEmpty && $0.runningPuts == 0 }) else { return false }
        guard let next = backlog.popFirst() else { return false }
        let isOfGone = ledger.lostRecords(of: next.ticket) > 0
        dispatch(next, &wake)
        if isOfGone { loseQueued(&wake) }
        return true
    }

    mutating func wakeFlush(_ sink: Int, _ wake: inout Wakeups) {
        if let task = desks[sink].parkedFlush.take() { wake.add(task) }
        wakeCommitter(&wake)
    }

    /// Something became committable: the committer is told at once, or by the timer.
    @inline(__always)
    mutating func noteSettled(isQuiet: Bool, _ wake: inout Wakeups) {
        if isQuiet && traits.commitsInPauses || traits.commitsPromptly, canCommit {
            demandCommit(&wake)
        } else if parked.timer != nil, canCommit {
            wakeTimer(&wake)
        }
        wakeWatchers(&wake)
    }
}
