// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    enum PollStep: Sendable {
        case poll(PollRequest)
        /// The limit of what may be in flight or uncommitted is reached.
        case rest
        case end
    }

    /// What the source's task does after a put of its own.
    enum NextStep: Sendable {
        case poll(PollRequest)
        /// It does the commit that is due, and then looks again.
        case commit
        /// It looks again whether it may poll.
        case look
        case end
    }

    enum AcceptStep: Sendable {
        /// The source's own task puts the batch as it is: it has the turn.
        case put(isTimed: Bool)
        /// The source's own task puts what functions made of the batch.
        case putJob(PutJob)
        case queued
        /// Nothing was taken: polling rests, and the source's task keeps what it has.
        case held
    }

    /// What the source's task does next.
    mutating func pollStep(_ wake: inout Wakeups) -> PollStep {
        let step = restStep
        if rate != nil { noteRate(step, &wake) }
        if case .rest = step, isUncommittedLimitReached, canCommit { demandCommit(&wake) }
        guard case .poll(let request) = step else { return step }
        isPolling = true
        pollNumber &+= 1
        guard !request.heldBack.isEmpty || !toldHeldBack.isEmpty else { return step }
        return .poll(noteHolds(request))
    }

    /// The same right after a put, which may have made a commit due.
    @inline(__always)
    mutating func nextStep(_ wake: inout Wakeups) -> NextStep {
        if isCommitDue, beginInlineCommit(&wake) { return .commit }
        return switch pollStep(&wake) {
        case .poll(let request): .poll(request)
        case .rest: .look
        case .end: .end
        }
    }

    /// A request whose partitions held back are kept up to date while it is polled.
    private mutating func noteHolds(_ request: PollRequest) -> PollRequest {
        toldHeldBack = request.heldBack
        heldBackAtPoll = Set(toldHeldBack)
        holds = toldHeldBack.isEmpty ? nil : HeldBackPartitions(toldHeldBack)
        return PollRequest(maxRecords: request.maxRecords, maxBytes: request.maxBytes, holds: holds)
    }

    enum HoldStep: Sendable {
        case tell([RecordPartition])
        case park
        case end
    }

    /// What a source whose poll is suspended has to know of the partitions that it was told to leave out.
    mutating func holdStep() -> HoldStep {
        guard phase == .running, !hasSourceEnded else { return .end }
        guard isPolling, !toldHeldBack.isEmpty else { return .park }
        let heldBack = heldBackPartitions
        guard heldBack != toldHeldBack else { return .park }
        toldHeldBack = heldBack
        holds?.current = heldBack
        heldBackAtPoll.formIntersection(heldBack)
        return .tell(heldBack)
    }

    var isHoldTellerReady: Bool {
        phase != .running || hasSourceEnded || isPolling && !toldHeldBack.isEmpty && heldBackPartitions != toldHeldBack
    }

    /// The same without the poll being noted.
    var restStep: PollStep {
        guard phase == .running, !hasSourceEnded else { return .end }
        guard !isPaused, mayPollUncommitted, var room else { return .rest }
        if let rate {
            guard let grant = rate.gate.grant(at: clock.now) else { return .rest }
            room.records = min(room.records, grant.records)
            room.bytes = min(room.bytes, grant.bytes)
        }
        let request = PollRequest(maxRecords: min(room.records, options.maxPollRecords), maxBytes: room.bytes)
        for sink in desks.indices where !desks[sink].lanes.isEmpty {
            return pollStep(request, leavingOut: heldBackPartitions)
        }
        return .poll(request)
    }

    /// What is left of the in-flight limits, or `nil` where that is nothing.
    private var room: Charge? {
        var room = Charge()
        room.records = options.maxInFlightRecords
        room.bytes = options.maxInFlightBytes
        let limit = room
        for charge in [shipments.charge, backlog.charge, gathered] { room -= charge }
        if room.records > 0, room.bytes >= max(1, newestBuffer) { return room }
        // A record or a unit that is larger than the limits is read all the same, once nothing else is in flight.
        return isIdle ? limit : nil
    }

    private func pollStep(_ request: PollRequest, leavingOut heldBack: [RecordPartition]) -> PollStep {
        guard !heldBack.isEmpty else { return .poll(request) }
        guard traits.canHoldBackPartitions, !hasIgnoredHold else { return .rest }
        return .poll(PollRequest(maxRecords: request.maxRecords, maxBytes: request.maxBytes, heldBack: heldBack))
    }

    /// The partitions that have used up their share of the budget behind a failing record.
    var heldBackPartitions: [RecordPartition] {
        var share = Charge()
        share.records = options.laneShare(of: options.maxInFlightRecords)
        share.bytes = options.laneShare(of: options.maxInFlightBytes)
        return Set(desks.flatMap { $0.lanes.partitions(over: share) }).sorted(by: <)
    }

    private var isUncommittedLimitReached: Bool {
        ledger.uncommittedRecords + gathered.records >= options.maxUncommittedRecords
            || ledger.uncommittedBytes + gathered.bytes >= options.maxUncommittedBytes || isUncommittedTooLong
    }

    private var hasOpenUnit: Bool { ledger.openTails > 0 || gathered.records > 0 }

    /// Whether the source has returned its last batch, and not the end of a unit.
    var hasEndedInsideUnit: Bool { phase == .running && hasSourceEnded && hasOpenUnit }

    /// A unit is not stopped half way: while one is open and nothing can be committed, polling goes on over the limit.
    private var mayPollUncommitted: Bool {
        guard isUncommittedLimitReached else { return true }
        return hasOpenUnit && !canCommit && isIdle && !isCommitting
    }

    /// Whether the limit is exceeded because of an open unit, told once.
    mutating func shouldReportOpenUnit() -> Bool {
        guard !hasReportedOpenUnit, hasOpenUnit, isUncommittedLimitReached else { return false }
        hasReportedOpenUnit = true
        return true
    }

    /// Takes what a poll returned, where no function has changed it.
    mutating func accept(_ batch: SourceBatch, _ wake: inout Wakeups) -> AcceptStep {
        guard unaccepted == nil, desks.count == 1, takesDirectly(batch) else {
            return accept(StagedShipment(batch, sinks: desks.indices), isEnd: batch.isEnd, &wake)
        }
        isPolling = false
        guard !isPaused else { return hold(&wake) }
        if batch.isEnd { hasSourceEnded = true }
        desks[0].runningPuts = 1
        if numbersFirst {
            inlineTicket = ledger.issue(batch.records, progress: batch.progress)
        } else {
            inlineProgress = batch.progress
        }
        inlineIsQuiet = batch.quiet != nil
        inlineRecords = batch.records
        meterInline(batch.records.count)
        return .put(isTimed: desks[0].pace.shouldMeasure(batch.records.count))
    }

    /// Whether the records of a put by the source's own task are numbered before it.
    ///
    /// Doing so after it costs half as much, and nobody asks meanwhile, unless positions travel with the put or a
    /// partition can be taken away.
    private var numbersFirst: Bool {
        traits.losesPartitions || ledger.style != .cumulative || desks[0].keepsPositions || desks[0].keepsCheckpoints
    }

    /// Once polling is being stopped, the source's task may be cancelled, and a put must not be.
    private mutating func takesDirectly(_ batch: SourceBatch) -> Bool {
        phase == .running && !batch.records.isEmpty && desks[0].isPlain && desks[0].takesDirectPuts
            && shipments.isEmpty
    }

    /// Takes what functions made of a batch.
    mutating func accept(_ staged: StagedShipment, isEnd: Bool, _ wake: inout Wakeups) -> AcceptStep {
        isPolling = false
        guard !holdsBatches else { return hold(&wake) }
        let withdrawn = endUnaccepted(&wake)
        if isEnd {
            hasSourceEnded = true
            for sink in desks.indices { wakeSink(sink, &wake) }
        }
        guard phase <= .draining else { return .queued }
        var staged = staged
        if !withdrawn.isEmpty { ledger.noteLost(staged.leaveOut(withdrawn)) }
        staged.ticket = ledger.issue(staged.polled, progress: staged.progress)
        guard !staged.polled.isEmpty else {
            settleMarks(staged, &wake)
            return .queued
        }
        staged.chargeAll()
        staged.polledAt = meterPolled(staged.polled.count)
        newestBuffer = staged.polled.last.map { Charge(of: [$0]).bytes } ?? 0
        noteIgnoredHold(staged)
        let isDirect = phase == .running && desks.count == 1 && desks[0].takesDirectPuts && shipments.isEmpty
        guard !traits.isInStep || isInStep else {
            backlog.append(staged)
            return .queued
        }
        // The sink's own task is woken only for what this one does not take.
        dispatch(staged, wakesSinks: !isDirect, &wake)
        guard isDirect else { return .queued }
        let job = takeJob(0, &wake)
        if !desks[0].queue.isEmpty { wakeSink(0, &wake) }
        return job.map { .putJob($0) } ?? .queued
    }

    /// The poll that failed is made again now.
    mutating func endPollPause() {
        isPollPaused = false
        pollNumber &+= 1
    }

    mutating func takeClosedPartitions() -> [RecordPartition] {
        defer { closedPartitions = [] }
        return closedPartitions
    }

    private mutating func settleMarks(_ staged: StagedShipment, _ wake: inout Wakeups) {
        sealBeforeSettling()
        ledger.settleMarks(of: staged.ticket)
        unsealIfEven()
        noteSettled(isQuiet: false, &wake)
        if staged.isFollowedByQuiet, traits.commitsInPauses, isIdle, canCommit { demandCommit(&wake) }
    }

    private mutating func noteIgnoredHold(_ staged: StagedShipment) {
        guard hasIgnoredHold || !heldBackAtPoll.isEmpty else { return }
        hasIgnoredHold = staged.polled.contains { heldBackAtPoll.contains($0.partition) }
    }

    /// Ends a put of the source's own task, all of whose records are delivered.
    @inline(__always)
    mutating func endDeliveredInlinePut(_ records: [ConnectorRecord], _ wake: inout Wakeups) {
        if numbersFirst {
            ledger.settle(inlineTicket, records)
            inlineTicket = Ticket()
        } else {
            ledger.pass(records, progress: inlineProgress)
        }
        inlineRecords = []
        if traces != nil { for record in records { traces?.add(record) } }
        desks[0].accepted += records.count
        meterInlineSettled()
        noteSettled(isQuiet: inlineIsQuiet, &wake)
        releaseSink(0, &wake)
    }

    /// The same for a put that was timed, or whose sink is not a plain one.
    mutating func endInlinePut(_ records: [ConnectorRecord], _ report: PutReport, _ wake: inout Wakeups) {
        if case .delivered = report.result, isSimple(report) {
            desks[0].note(report, records.count)
            endDeliveredInlinePut(records, &wake)
            if let checkpoint = report.checkpoint { noteCheckpoint(checkpoint) }
            return
        }
        if !numbersFirst { inlineTicket = ledger.issue(records, progress: inlineProgress) }
        var shipment = Shipment(polled: records, ticket: inlineTicket)
        shipment.openParcels = [Shipment.OpenParcel(sink: 0, first: 0, count: records.count, origins: nil)]
        shipment.charge = Charge(of: records)
        shipment.isFollowedByQuiet = inlineIsQuiet
        if meter != nil {
            shipment.polledAt = meter?.inlinePolled ?? clock.now.advanced(by: .nanoseconds(-max(0, report.nanoseconds)))
        }
        var job = PutJob(records: records)
        job.parcels = [Parcel(shipment: shipments.add(shipment), records: records)]
        job.steps = desks[0].keepsPositions ? inlineSteps : []
        inlineTicket = Ticket()
        inlineRecords = []
        finish(job, of: 0, report, &wake)
    }

    /// Whether nothing but the numbers of the records has to be noted after a put that delivered all of them.
    private func isSimple(_ report: PutReport) -> Bool {
        seal == nil && !desks[0].keepsPositions && (report.checkpoint == nil || inlineTicket.endsWhole)
    }

    private mutating func noteCheckpoint(_ checkpoint: SinkCheckpoint) {
        desks[0].checkpoint = checkpoint
        checkpoints[desks[0].name] = checkpoint
    }

    /// What a position-keeping sink advances with the source's own put.
    var inlineSteps: [PositionAdvance.Step] {
        var runs: [SettledRun] = []
        inlineTicket.forEachPart { runs.append(SettledRun($0)) }
        return ledger.steps(settling: runs)
    }

    /// The source has returned its last batch, or was stopped.
    mutating func endSource(_ wake: inout Wakeups) {
        hasSourceEnded = true
        isPolling = false
        wakeAll(&wake)
    }
}
