// SPDX-License-Identifier: Apache-2.0

import OpenConnect

// MARK: Puts

extension WorldState {
    /// A put begins: each lane goes on where it was left, and nobody else is at it.
    ///
    /// - Returns: the generations of the records' partitions.
    mutating func beginPut(_ process: Int, _ sink: Int, _ refs: [RecordRef]) -> [Int] {
        let traits = plan.sinks[sink]
        let this = processes[process - 1]
        if this.isFlushing[sink] { violate("contract", "a put together with a flush of \(traits.name)") }
        if this.puts[sink] >= traits.mostPuts { violate("contract", "too many puts into \(traits.name)") }
        let lanes = checkLanes(process, sink, refs)
        if traits.isOrdered, !traits.isPipelined, !this.busyLanes[sink].isDisjoint(with: lanes) {
            violate("G5", "two puts of one lane at once")
        }
        let generations = refs.map { this.generations[$0.partition] }
        let records = BusyRecord.all(refs, generations, traits)
        if !this.busy[sink].isDisjoint(with: records) { violate("G5", "two puts of one record at once") }
        processes[process - 1].busyLanes[sink].formUnion(lanes)
        processes[process - 1].busy[sink].formUnion(records)
        processes[process - 1].puts[sink] += 1
        return generations
    }

    /// The lanes of what is to be put, each of which has to go on where it was left.
    private mutating func checkLanes(_ process: Int, _ sink: Int, _ refs: [RecordRef]) -> Set<RecordLaneKey> {
        var seen: [RecordLaneKey: Int] = [:]
        for ref in refs {
            let lane = lane(of: ref)
            if seen[lane] == nil { seen[lane] = unansweredCount(process, sink, lane) }
            if plan.sinks[sink].isOrdered { passOver(process, sink, lane, seen[lane, default: 0], upTo: ref) }
            let index = seen[lane, default: 0]
            seen[lane] = index + 1
            let waiting = processes[process - 1].lanes[sink][lane] ?? []
            let isNext =
                plan.sinks[sink].isOrdered ? index < waiting.count && waiting[index] == ref : waiting.contains(ref)
            guard isNext else {
                if waiting.contains(ref) {
                    let isBehind = index < waiting.count
                    violate("G5", "\(ref) was put " + (isBehind ? "before \(waiting[index])" : "a second time at once"))
                } else {
                    violate("G5", "\(ref) was put, but it was settled, lost or never polled")
                }
                break
            }
            if ref.number <= processes[process - 1].begin[ref.partition], plan.source != .queue {
                violate("G3", "\(ref) was put, although it was committed when the process began")
            }
        }
        return Set(seen.keys)
    }

    /// What comes before a record and may have been given up was given up, because the record is put.
    private mutating func passOver(
        _ process: Int,
        _ sink: Int,
        _ lane: RecordLaneKey,
        _ index: Int,
        upTo ref: RecordRef
    ) {
        while let waiting = processes[process - 1].lanes[sink][lane], index < waiting.count, waiting[index] != ref {
            let key = LetterKey(ref: waiting[index], sink: sink)
            guard processes[process - 1].mayBeGivenUp.contains(key), waiting.contains(ref) else { return }
            giveUp(process, key)
        }
    }

    mutating func endPut(_ process: Int, _ put: SimulatedPut) {
        let (sink, refs) = (put.sink, put.refs)
        processes[process - 1].busyLanes[sink].subtract(refs.map { lane(of: $0) })
        processes[process - 1].busy[sink].subtract(BusyRecord.all(refs, put.generations, plan.sinks[sink]))
        processes[process - 1].puts[sink] -= 1
    }

    /// What a sink without transactions does with a batch.
    mutating func put(_ process: Int, _ put: SimulatedPut, _ fault: SimulatedFault?) throws -> PutResult {
        let (sink, refs) = (put.sink, put.refs)
        try refuse(sink, refs)
        let (verdicts, accepted) = judge(process, sink, refs, fault)
        if plan.sinks[sink].kind == .checkpointing {
            sinks[sink].rows += accepted
        } else if plan.sinks[sink].isDurableOnPut {
            if !plan.losesFlushed { sinks[sink].append(durably: accepted[...]) }
        } else {
            processes[process - 1].pending[sink] += accepted
        }
        if case .partial? = fault?.effect { throw fault?.code.error ?? ConnectorError(.retryable, "a part was done") }
        if fault?.throwsAfter == nil { settle(process, put, verdicts) }
        return .verdicts(verdicts)
    }

    /// Throws for the whole batch where the sink has no words for single records.
    private mutating func refuse(_ sink: Int, _ refs: [RecordRef]) throws {
        guard plan.sinks[sink].refusesBatches, let bad = refs.first(where: { fate(of: $0, in: sink) == .reject }) else {
            return
        }
        throw ConnectorError(.invalidRecord, "nobody can use \(bad)")
    }

    /// The verdicts of a put, and what it accepts.
    private mutating func judge(_ process: Int, _ sink: Int, _ refs: [RecordRef], _ fault: SimulatedFault?) -> (
        [Int: RecordVerdict], [RecordRef]
    ) {
        var verdicts: [Int: RecordVerdict] = [:]
        var accepted: [RecordRef] = []
        var stopped = processes[process - 1].unanswered[sink].reduce(into: Set()) { $0.formUnion($1.stoppedLanes) }
        var untried = Int.max
        for (index, ref) in refs.enumerated() {
            if case .partial(let count)? = fault?.effect, index >= count { break }
            if case .notTried(let from)? = fault?.effect, index == from % refs.count { untried = index }
            if index >= untried || stopped.contains(lane(of: ref)) {
                verdicts[index] = .notTried
            } else if case .retry(let at, let delay)? = fault?.effect, index == at % refs.count {
                verdicts[index] = .retry(fault?.code.error, after: delay)
                noteFailure(process, LetterKey(ref: ref, sink: sink))
                if plan.sinks[sink].isOrdered { stopped.insert(lane(of: ref)) }
            } else if let verdict = lastVerdict(sink, ref) {
                verdicts[index] = verdict
                if verdict.kind == .reject, plan.sinks[sink].stopsAtRejected { stopped.insert(lane(of: ref)) }
            } else {
                accepted.append(ref)
            }
        }
        return (verdicts, accepted)
    }

    private mutating func lastVerdict(_ sink: Int, _ ref: RecordRef) -> RecordVerdict? {
        switch fate(of: ref, in: sink) {
        case .drop:
            sinks[sink].dropped.insert(ref)
            return .drop
        case .reject:
            rejected.insert(LetterKey(ref: ref, sink: sink))
            return .reject(ConnectorError(.invalidRecord, "nobody can use \(ref)"))
        case .deliver, .filter, .fail:
            return nil
        }
    }

    /// What a sink thinks of a record: of several parts and sinks, each has its own opinion.
    private func fate(of ref: RecordRef, in sink: Int) -> SimulationPlan.Entry.Fate {
        let entry = entry(ref)
        guard entry.parts * sinksMeant(for: ref).count > 1 else { return entry.fate }
        return (ref.number + ref.part + sink).isMultiple(of: 2) ? entry.fate : .deliver
    }
}

/// One put on its way.
struct SimulatedPut {
    let sink: Int
    let refs: [RecordRef]
    /// The generations of the records' partitions when it began.
    var generations: [Int] = []
}

// MARK: Cutting back

extension WorldState {
    /// What was put before it belongs to a checkpoint that the process knows of.
    mutating func noteCheckpoint(_ process: Int, _ sink: Int) {
        processes[process - 1].sinceCheckpoint[sink] = []
    }

    /// What was put behind the newest checkpoint has to be put again, in the same order.
    mutating func unsettle(_ process: Int, _ sink: Int) {
        for (ref, kind) in processes[process - 1].sinceCheckpoint[sink].reversed() {
            processes[process - 1].lanes[sink][lane(of: ref), default: []].insert(ref, at: 0)
            if kind != .reject { unsettle(process, LetterKey(ref: ref, sink: sink)) }
        }
        processes[process - 1].sinceCheckpoint[sink] = []
    }
}

// MARK: Flushes and checkpoints

extension WorldState {
    mutating func beginFlush(_ process: Int, _ sink: Int) {
        let this = processes[process - 1]
        if plan.sinks[sink].isDurableOnPut {
            violate("contract", "a flush of \(plan.sinks[sink].name), which needs none")
        }
        if this.puts[sink] > 0 { violate("contract", "a flush together with a put of \(plan.sinks[sink].name)") }
        processes[process - 1].isFlushing[sink] = true
    }

    mutating func flush(_ process: Int, _ sink: Int, _ fault: SimulatedFault?) throws {
        guard !plan.losesFlushed else { return }
        var count = Int.max
        if case .partial(let part)? = fault?.effect { count = part }
        if sinks[sink].kind == .checkpointing {
            let end = sinks[sink].rows.count
            sinks[sink].makeDurable(min(end, count == .max ? end : sinks[sink].durableCount + count))
        } else {
            let done = processes[process - 1].pending[sink].prefix(count)
            processes[process - 1].pending[sink].removeFirst(done.count)
            sinks[sink].append(durably: done)
        }
        if count != .max { throw fault?.code.error ?? ConnectorError(.retryable, "a part was done") }
    }

    /// What was accepted and not flushed survives the end of a process up to an arbitrary place.
    mutating func loseUnflushed(_ sink: Int, of process: Int) {
        let chance = Int(plan.draw(.flush, process, 7))
        if sinks[sink].kind == .checkpointing {
            let rows = sinks[sink].rows.count
            let surviving = sinks[sink].durableCount + chance % (rows - sinks[sink].durableCount + 1)
            sinks[sink].cut(to: surviving)
            sinks[sink].makeDurable(surviving)
        } else {
            let pending = processes[process - 1].pending[sink]
            sinks[sink].append(durably: pending.prefix(chance % (pending.count + 1)))
            processes[process - 1].pending[sink] = []
        }
    }

    mutating func restore(_ process: Int, _ sink: Int, to length: Int?) throws {
        guard let length else { return }
        guard length <= sinks[sink].rows.count else {
            violate("G4", "a checkpoint at \(length), but the output has \(sinks[sink].rows.count) rows")
            throw ConnectorError(.corruptOffsets, "the output does not reach the checkpoint")
        }
        // Cutting is durable, and so is what is left.
        sinks[sink].makeDurable(length)
        sinks[sink].cut(to: length)
    }
}

// MARK: Transactions

extension WorldState {
    /// A transaction of a position-keeping sink: all or nothing.
    mutating func transact(
        _ process: Int,
        _ put: SimulatedPut,
        _ advance: PositionAdvance,
        _ fault: SimulatedFault?
    ) throws -> PutResult {
        let (sink, refs) = (put.sink, put.refs)
        processes[process - 1].transaction = (put, advance.steps.map(\.new))
        guard advance.epoch.number >= sinks[sink].epoch else { throw ConnectorError(.fenced, "an old epoch") }
        for step in advance.steps {
            guard let ref = step.new.position.ref, sinks[sink].positions[ref.partition] == step.expected else {
                throw ConnectorError(.fenced, "the position of \(step.new.position.partition) is another one")
            }
        }
        try refuse(sink, refs)
        let (verdicts, accepted) = judge(process, sink, refs, fault)
        if case .partial? = fault?.effect { throw fault?.code.error ?? ConnectorError(.retryable, "rolled back") }
        guard verdicts.isEmpty else {
            // Nothing was applied; what was dropped or rejected does not come again.
            let last = verdicts.filter { $0.value.kind == .drop || $0.value.kind == .reject }
            let given = last.isEmpty ? verdicts : last
            if fault?.throwsAfter == nil { settle(process, put, given, andTheRest: false) }
            processes[process - 1].transaction = nil
            return .verdicts(given)
        }
        // The members of a group have equal rights.
        let own = processes[process - 1].epoch
        if own < sinks[sink].ownerEpoch, !plan.source.isGroup {
            violate("G12", "the process of an older epoch put into \(plan.sinks[sink].name)")
        }
        sinks[sink].ownerEpoch = max(own, sinks[sink].ownerEpoch)
        checkTransaction(sink, accepted, advance)
        sinks[sink].epoch = advance.epoch.number
        for step in advance.steps {
            if let ref = step.new.position.ref { sinks[sink].positions[ref.partition] = step.new }
        }
        sinks[sink].append(durably: accepted)
        if fault?.throwsAfter == nil {
            settle(process, put, [:])
            processes[process - 1].transaction = nil
        }
        return .delivered
    }

    /// The positions of a transaction fit its records: nothing is left out, and nothing comes again.
    private mutating func checkTransaction(_ sink: Int, _ refs: [RecordRef], _ advance: PositionAdvance) {
        var ends: [Int: Int] = [:]
        for step in advance.steps {
            guard let ref = step.new.position.ref else { continue }
            ends[ref.partition] = ref.number
            if !entry(ref).endsUnit { violate("G7", "a transaction ends inside a unit, at \(ref)") }
            if let expected = step.expected, step.new.sequence <= expected.sequence {
                violate("G6", "the count of partition \(ref.partition) does not grow: \(step.new.sequence)")
            }
            let inside = Set(refs)
            let from = sinks[sink].committed(ref.partition) + 1
            guard from <= ref.number else {
                violate("G6", "a transaction takes partition \(ref.partition) back to \(ref.number)")
                continue
            }
            for number in from...ref.number {
                let other = RecordRef(partition: ref.partition, number: number)
                let isThere = parts(of: other).allSatisfy { inside.contains($0) || isSafe($0, in: sink) }
                if !isThere, !isSafe(other) {
                    violate("G4", "a transaction moves the position to \(ref) without \(other)")
                }
            }
        }
        for ref in refs
        where ref.number > ends[ref.partition] ?? -1 || ref.number <= sinks[sink].committed(ref.partition) {
            let isCut = !refs.contains {
                $0.partition == ref.partition && $0.number >= ref.number && entry($0).endsUnit
            }
            violate(isCut ? "G7" : "G4", "a transaction holds \(ref), which its positions do not cover")
        }
    }
}

extension WorldState {
    /// A process asks what is kept: so it learns which of its puts took place.
    mutating func tellPositions(_ process: Int, _ sink: Int) {
        for partition in plan.partitions.indices {
            let committed = sinks[sink].committed(partition)
            processes[process - 1].claimed[partition] = committed < 0 ? nil : committed
        }
        guard let (put, ends) = processes[process - 1].transaction.take() else { return }
        let isKept = ends.allSatisfy { sinks[sink].positions.values.contains($0) }
        if !ends.isEmpty, isKept { settle(process, put, [:]) }
    }
}
