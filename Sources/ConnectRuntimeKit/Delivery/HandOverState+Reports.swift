// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// Acts on what became of a put, and gives the sink free for the next one.
    mutating func finish(_ job: PutJob, of sink: Int, _ report: PutReport, _ wake: inout Wakeups) {
        if let checkpoint = report.checkpoint { desks[sink].checkpoint = checkpoint }
        sealBeforeSettling()
        switch report.result {
        case .delivered: noteDelivered(job, of: sink, &wake)
        case .verdicts(let entries): note(entries, on: job, of: sink, &wake)
        case .failed(let error): note(error, on: job, of: sink, &wake)
        }
        unsealIfEven()
        end(job, of: sink, report, &wake)
    }

    /// Gives the sink free for the next put, once it is noted what became of this one.
    mutating func end(_ job: PutJob, of sink: Int, _ report: PutReport, _ wake: inout Wakeups) {
        desks[sink].note(report, job.records.count)
        if job.number != 0 { desks[sink].endQueuedPut(job.number) }
        wakeSource(&wake)
        wakeHoldTeller(&wake)
        noteSettled(isQuiet: false, &wake)
        releaseSink(sink, &wake)
        commitInQuiet(&wake)
    }

    private mutating func noteDelivered(_ job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        if desks[sink].keepsPositions { ledger.noteApplied(job.steps) }
        desks[sink].outage.end()
        desks[sink].accepted += job.records.count
        for parcel in job.parcels { complete(parcel, of: sink, &wake) }
        for item in job.items { complete(item, as: .delivered, nil, &wake) }
        putAgain(Repeats(now: job.rest, limit: job.limit.map { $0 * 2 }), job, of: sink, &wake)
    }

    // MARK: Verdicts

    private mutating func note(_ entries: [PutResult.Entry], on job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        let items = job.allItems
        var verdicts: [RecordVerdict] = Array(repeating: .delivered, count: items.count)
        for entry in entries where items.indices.contains(entry.index) { verdicts[entry.index] = entry.verdict }
        guard verdicts.contains(where: { $0.kind != .delivered }) else { return noteDelivered(job, of: sink, &wake) }
        // With a verdict a transaction has applied nothing: what is not rejected is put again.
        let appliesNothing = desks[sink].keepsPositions
        if verdicts.allSatisfy({ $0.kind == .notTried || appliesNothing && $0.kind == .delivered }) {
            let error = ConnectorError(.throttled, "the \(desks[sink].name) tried none of the records")
            return pause(error, job, of: sink, &wake)
        }
        desks[sink].outage.end()
        var repeats = Repeats()
        if desks[sink].isOrdered { repeats.failedLanes = failedLanes(items, verdicts, of: sink) }
        for (item, verdict) in zip(items, verdicts) {
            let isUnapplied = verdict.kind == .delivered && appliesNothing
            note(isUnapplied ? .notTried : verdict, on: item, of: sink, &repeats, &wake)
        }
        for item in job.rest { repeats.add(item, LaneID(item, desks[sink].order)) }
        putAgain(repeats, job, of: sink, &wake)
    }

    /// The lanes in which something has to wait, so that all of the lane waits: its order is kept, its units stay whole.
    private func failedLanes(_ items: [Item], _ verdicts: [RecordVerdict], of sink: Int) -> Set<LaneID> {
        var lanes: Set<LaneID> = []
        for (item, verdict) in zip(items, verdicts) where verdict.kind == .retry {
            var item = item
            item.noteFailure(nil, at: clock.now)
            if mayRetry(item, options.retry) { lanes.insert(LaneID(item, desks[sink].order)) }
        }
        return lanes
    }

    private mutating func note(
        _ verdict: RecordVerdict,
        on item: Item,
        of sink: Int,
        _ repeats: inout Repeats,
        _ wake: inout Wakeups
    ) {
        let lane = LaneID(item, desks[sink].order)
        switch verdict.kind {
        case .delivered:
            desks[sink].accepted += 1
            complete(item, as: .delivered, nil, &wake)
        case .drop:
            complete(item, as: .dropped, verdict.error, &wake)
        case .notTried:
            repeats.add(item, lane)
        case .reject:
            var item = item
            item.noteFailure(verdict.error, at: clock.now)
            let error = verdict.error ?? ConnectorError(.invalidRecord, "the \(desks[sink].name) rejected a record")
            if giveUp(item, error, in: .sink(sink), &wake) == .awaitsLetter {
                repeats.awaitedLetters[lane, default: 0] += 1
            }
        case .retry:
            var item = item
            let error = verdict.error ?? ConnectorError(.retryable, "the \(desks[sink].name) did not accept a record")
            item.noteFailure(error, at: clock.now)
            guard mayRetry(item, options.retry) else {
                if giveUp(item, error, in: .sink(sink), &wake) == .awaitsLetter {
                    repeats.awaitedLetters[lane, default: 0] += 1
                }
                return
            }
            repeats.addFailed(item, lane, asked: verdict.delay ?? error.retryAfter, isOrdered: desks[sink].isOrdered)
        }
    }

    func mayRetry(_ item: Item, _ policy: RetryPolicy) -> Bool {
        policy.allows(failures: item.failures, since: item.firstFailure, at: clock.now)
    }

    // MARK: Errors

    /// A thrown error speaks for the whole batch.
    private mutating func note(_ error: ConnectorError, on job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        switch error.code {
        case .invalidRecord:
            narrow(error, job, of: sink, &wake)
        case .notConnected, .throttled:
            pause(error, job, of: sink, &wake)
        case .retryable:
            retry(error, job, of: sink, &wake)
        default:
            fail(error, sinkIsUsable: false, &wake)
        }
    }

    /// One of the records is bad: half of them are put next, until only the bad one is left.
    private mutating func narrow(_ error: ConnectorError, _ job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        var items = job.allItems
        var repeats = Repeats()
        if let half = Self.half(items, wholeUnits: desks[sink].keepsPositions) {
            repeats = Repeats(now: items + job.rest, limit: half)
        } else {
            for index in items.indices {
                items[index].noteFailure(error, at: clock.now)
                let lane = LaneID(items[index], desks[sink].order)
                if giveUp(items[index], error, in: .sink(sink), &wake) == .awaitsLetter {
                    repeats.awaitedLetters[lane, default: 0] += 1
                }
            }
            repeats.now = job.rest
            repeats.limit = job.rest.isEmpty ? nil : 1
        }
        putAgain(repeats, job, of: sink, &wake)
    }

    /// How many items to put next to find the bad one; `nil` where they cannot be parted.
    private static func half(_ items: [Item], wholeUnits: Bool) -> Int? {
        guard items.count > 1 else { return nil }
        guard wholeUnits else { return items.count / 2 }
        let ends = items.indices.dropLast().filter { items[$0].origin.endsUnit }
        return ends.isEmpty ? nil : ends[ends.count / 2] + 1
    }

    /// The sink cannot be reached, or asks for patience: it is left alone for a while, whatever the record.
    private mutating func pause(_ error: ConnectorError, _ job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        let now = clock.now
        guard desks[sink].outage.isOver(at: now) else {
            desks[sink].outage.noteAlso(error, at: now, options.outage)
            return putAgain(Repeats(now: job.allItems + job.rest, limit: job.limit), job, of: sink, &wake)
        }
        desks[sink].outage.note(error, at: now)
        let outage = desks[sink].outage
        guard options.outage.allows(failures: outage.failures, since: outage.since, at: now) else {
            fail(error, sinkIsUsable: false, &wake)
            return
        }
        let delay = options.outage.delay(
            afterFailures: outage.failures,
            since: outage.since,
            at: now,
            asked: error.retryAfter,
            randomness
        )
        desks[sink].outage.until = now.advanced(by: delay)
        noteRetry(error, attempt: outage.failures, delay: delay)
        putAgain(Repeats(now: job.allItems + job.rest, limit: job.limit), job, of: sink, &wake)
    }

    private mutating func retry(_ error: ConnectorError, _ job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        var repeats = Repeats()
        for var item in job.allItems {
            let lane = LaneID(item, desks[sink].order)
            item.noteFailure(error, at: clock.now)
            if mayRetry(item, options.retry) {
                repeats.addFailed(item, lane, asked: error.retryAfter, isOrdered: desks[sink].isOrdered)
            } else if giveUp(item, error, in: .sink(sink), &wake) == .awaitsLetter {
                repeats.awaitedLetters[lane, default: 0] += 1
            }
        }
        for item in job.rest { repeats.add(item, LaneID(item, desks[sink].order)) }
        putAgain(repeats, job, of: sink, &wake)
    }

    // MARK: Putting again

    /// Holds back what has to be put again, and frees the lanes of which nothing is left.
    mutating func putAgain(_ repeats: Repeats, _ job: PutJob, of sink: Int, _ wake: inout Wakeups) {
        guard phase <= .draining else { return }
        var repeats = repeats
        repeats.now = withoutLost(repeats.now, &wake)
        let now = clock.now
        let order = desks[sink].order
        var kept: Set<LaneID> = []
        let isOrdered = desks[sink].isOrdered
        // A unit may lie in several lanes, which then wait together.
        let later = repeats.laterByPatience(order, isOrdered, together: desks[sink].keepsPositions)
            .map { (asked: $0.asked, items: withoutLost($0.items, &wake)) }
        for (asked, items) in later where !items.isEmpty {
            let due = now.advanced(by: retryDelay(of: items, asked: asked))
            let group = repeats.group(items, due: due, nil, order, isOrdered)
            kept.formUnion(group.lanes)
            hold(group, at: sink)
        }
        if !repeats.now.isEmpty {
            let group = repeats.group(repeats.now, due: now, repeats.limit, order, desks[sink].isOrdered)
            kept.formUnion(group.lanes)
            hold(group, at: sink)
        }
        for (lane, count) in repeats.awaitedLetters where !kept.contains(lane) && desks[sink].isOrdered {
            // Nothing of the lane is left, but nothing may pass the letter either.
            kept.insert(lane)
            desks[sink].lanes.hold(LaneTable.Group(items: [], lanes: [lane], due: now, awaitedLetters: [lane: count]))
        }
        desks[sink].queue.prepend(contentsOf: desks[sink].lanes.release(job.lanes.subtracting(kept)))
        if !kept.isEmpty || !desks[sink].lanes.groups.isEmpty { wakeDueTimer(&wake) }
    }

    /// How long items wait that are put again together.
    private mutating func retryDelay(of items: [Item], asked: Duration) -> Duration {
        let failures = items.map(\.failures).max() ?? 1
        let delay = options.retry.delay(
            afterFailures: failures,
            since: items.compactMap(\.firstFailure).min(),
            at: clock.now,
            asked: asked,
            randomness
        )
        if let error = items.lazy.compactMap(\.error).first { noteRetry(error, attempt: failures, delay: delay) }
        return delay
    }

    /// Leaves out what belongs to partitions that were taken away while the put ran.
    private mutating func withoutLost(_ items: [Item], _ wake: inout Wakeups) -> [Item] {
        guard ledger.lostPartitions > 0, ledger.style == .cumulative else { return items }
        return items.filter { item in
            let place = shipments[item.shipment].place(of: Int(item.origin.index))
            if place.map({ ledger.isCurrent($0.part) }) ?? true { return true }
            lose(item, &wake)
            return false
        }
    }

    /// What is held back does not keep the whole buffer alive that it was cut from.
    private mutating func hold(_ group: LaneTable.Group, at sink: Int) {
        var group = group
        for index in group.items.indices { group.items[index].record.detach() }
        for slot in Set(group.items.map(\.shipment)) {
            takeApart(slot)
            shrink(slot)
        }
        desks[sink].lanes.hold(group)
    }
}

/// What of a put has to be put again.
struct Repeats {
    /// What failed, and what is behind it in its lane, with how long the sink asks to leave it alone.
    private var later: [(item: Item, asked: Duration)] = []
    /// What was not tried, and has nothing to wait for.
    var now: [Item] = []
    /// At most so many of `now` are put at once.
    var limit: Int?
    /// Dead letters that have to be durable before their lane goes on.
    var awaitedLetters: [LaneID: Int] = [:]
    /// What is added of these lanes waits.
    var failedLanes: Set<LaneID> = []

    init(now: [Item] = [], limit: Int? = nil) {
        self.now = now
        self.limit = limit
    }

    /// Adds what was not tried: it waits where something before it in its lane does.
    mutating func add(_ item: Item, _ lane: LaneID) {
        if failedLanes.contains(lane) { later.append((item, .zero)) } else { now.append(item) }
    }

    mutating func addFailed(_ item: Item, _ lane: LaneID, asked: Duration?, isOrdered: Bool) {
        if isOrdered { failedLanes.insert(lane) }
        later.append((item, asked ?? .zero))
    }

    /// What failed, by how long the sink asks to leave it alone: in order, what is of one lane waits together.
    ///
    /// - Parameter together: whether the longest time is that of all.
    func laterByPatience(
        _ order: LaneOrder,
        _ isOrdered: Bool,
        together: Bool
    ) -> [(asked: Duration, items: [Item])] {
        guard let longest = later.map(\.asked).max() else { return [] }
        guard !together, later.contains(where: { $0.asked != longest }) else { return [(longest, later.map(\.item))] }
        var patience: [LaneID: Duration] = [:]
        if isOrdered {
            for (item, asked) in later {
                let lane = LaneID(item, order)
                patience[lane] = max(patience[lane] ?? .zero, asked)
            }
        }
        return Dictionary(grouping: later) { patience[LaneID($0.item, order)] ?? $0.asked }
            .sorted { $0.key < $1.key }
            .map { ($0.key, $0.value.map(\.item)) }
    }

    func group(
        _ items: [Item],
        due: ConnectorClock.Instant,
        _ limit: Int?,
        _ order: LaneOrder,
        _ isOrdered: Bool
    ) -> LaneTable.Group {
        let lanes = isOrdered ? Set(items.map { LaneID($0, order) }) : []
        let letters = awaitedLetters.filter { lanes.contains($0.key) }
        return LaneTable.Group(items: items, lanes: lanes, due: due, limit: limit, awaitedLetters: letters)
    }
}
