// SPDX-License-Identifier: Apache-2.0

import OpenConnect

// MARK: Puts

extension WorldState {
    /// A put begins: each lane goes on where it was left, and nobody else is at it.
    mutating func beginPut(_ process: Int, _ sink: Int, _ refs: [RecordRef]) {
        let this = processes[process - 1]
        if this.isFlushing[sink] { violate("contract", "a put together with a flush of \(plan.sinks[sink].name)") }
        if this.puts[sink] > 0 { violate("contract", "two puts at once into \(plan.sinks[sink].name)") }
        var seen: [RecordLaneKey: Int] = [:]
        for ref in refs {
            processes[process - 1].putting[ref] = this.generations[ref.partition]
            let lane = lane(of: ref)
            let index = seen[lane, default: 0]
            seen[lane] = index + 1
            let waiting = this.lanes[sink][lane] ?? []
            guard index < waiting.count, waiting[index] == ref else {
                if waiting.contains(ref) {
                    violate("G5", "\(ref) was put before \(waiting[index])")
                } else {
                    violate("G5", "\(ref) was put, but it was settled, lost or never polled")
                }
                break
            }
            if ref.number <= this.begin[ref.partition], plan.source != .queue {
                violate("G3", "\(ref) was put, although it was committed when the process began")
            }
        }
        if !this.busyLanes[sink].isDisjoint(with: seen.keys) { violate("G5", "two puts of one lane at once") }
        processes[process - 1].busyLanes[sink].formUnion(seen.keys)
        processes[process - 1].puts[sink] += 1
    }

    mutating func endPut(_ process: Int, _ sink: Int, _ refs: [RecordRef]) {
        processes[process - 1].busyLanes[sink].subtract(refs.map { lane(of: $0) })
        processes[process - 1].puts[sink] -= 1
    }

    /// What a sink without transactions does with a batch.
    mutating func put(_ process: Int, _ sink: Int, _ refs: [RecordRef], _ fault: SimulatedFault?) throws -> PutResult {
        let (verdicts, accepted) = judge(sink, refs, fault)
        if plan.sinks[sink].kind == .checkpointing {
            sinks[sink].rows += accepted
        } else {
            processes[process - 1].pending[sink] += accepted
        }
        if case .partial? = fault?.effect { throw fault?.code.error ?? ConnectorError(.retryable, "a part was done") }
        if fault?.throwsAfter == nil { settle(process, sink, refs, verdicts) }
        return .verdicts(verdicts)
    }

    /// The verdicts of a put, and what it accepts.
    private mutating func judge(_ sink: Int, _ refs: [RecordRef], _ fault: SimulatedFault?) -> (
        [Int: RecordVerdict], [RecordRef]
    ) {
        var verdicts: [Int: RecordVerdict] = [:]
        var accepted: [RecordRef] = []
        var stopped: Set<RecordLaneKey> = []
        var untried = Int.max
        for (index, ref) in refs.enumerated() {
            if case .partial(let count)? = fault?.effect, index >= count { break }
            if case .notTried(let from)? = fault?.effect, index == from % refs.count { untried = index }
            if index >= untried || stopped.contains(lane(of: ref)) {
                verdicts[index] = .notTried
            } else if case .retry(let at, let delay)? = fault?.effect, index == at % refs.count {
                verdicts[index] = .retry(fault?.code.error, after: delay)
                stopped.insert(lane(of: ref))
            } else if let verdict = lastVerdict(sink, ref) {
                verdicts[index] = verdict
            } else {
                accepted.append(ref)
            }
        }
        return (verdicts, accepted)
    }

    private mutating func lastVerdict(_ sink: Int, _ ref: RecordRef) -> RecordVerdict? {
        switch entry(ref).fate {
        case .drop:
            sinks[sink].dropped.insert(ref)
            return .drop
        case .reject:
            rejected.insert(ref.entry)
            return .reject(ConnectorError(.invalidRecord, "nobody can use \(ref)"))
        case .deliver, .filter, .fail:
            return nil
        }
    }

    /// One part of an entry is done with in one sink; with the last one, the entry is settled.
    mutating func settlePart(_ process: Int, _ ref: RecordRef, isDropped: Bool = false) {
        guard let left = processes[process - 1].unsettled[ref.entry] else { return }
        processes[process - 1].unsettled[ref.entry] = left == 1 ? nil : left - 1
        if isDropped { processes[process - 1].partlyDropped.insert(ref.entry) }
        guard left == 1 else { return }
        // An entry that became several counts once.
        if processes[process - 1].partlyDropped.remove(ref.entry) != nil {
            processes[process - 1].counts.dropped += 1
            processes[process - 1].settledAsDropped.insert(ref.entry)
        } else {
            processes[process - 1].counts.delivered += 1
        }
    }

    private mutating func unsettlePart(_ process: Int, _ ref: RecordRef, isDropped: Bool) {
        let wasDropped = processes[process - 1].settledAsDropped.remove(ref.entry) != nil
        if processes[process - 1].unsettled[ref.entry] == nil {
            if wasDropped {
                processes[process - 1].counts.dropped -= 1
                processes[process - 1].partlyDropped.insert(ref.entry)
            } else {
                processes[process - 1].counts.delivered -= 1
            }
        }
        if isDropped { processes[process - 1].partlyDropped.remove(ref.entry) }
        processes[process - 1].unsettled[ref.entry, default: 0] += 1
    }

    /// The books of a process after a put whose answer arrives.
    mutating func settle(
        _ process: Int,
        _ sink: Int,
        _ refs: [RecordRef],
        _ verdicts: [Int: RecordVerdict],
        andTheRest isApplied: Bool = true
    ) {
        for (index, ref) in refs.enumerated() {
            let kind = verdicts[index]?.kind ?? (isApplied ? .delivered : .notTried)
            guard kind == .delivered || kind == .drop || kind == .reject else { continue }
            let generation = processes[process - 1].generations[ref.partition]
            guard processes[process - 1].putting[ref] ?? generation == generation else { continue }
            processes[process - 1].lanes[sink][lane(of: ref)]?.removeAll { $0 == ref }
            if sinks[sink].kind == .checkpointing {
                processes[process - 1].sinceCheckpoint[sink].append((ref, kind))
            }
            // What is rejected is settled only when its dead letter is durable.
            if kind != .reject { settlePart(process, ref, isDropped: kind == .drop) }
        }
    }
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
            if kind != .reject { unsettlePart(process, ref, isDropped: kind == .drop) }
        }
        processes[process - 1].sinceCheckpoint[sink] = []
    }
}

// MARK: Flushes and checkpoints

extension WorldState {
    mutating func beginFlush(_ process: Int, _ sink: Int) {
        let this = processes[process - 1]
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
        _ sink: Int,
        _ refs: [RecordRef],
        _ advance: PositionAdvance,
        _ fault: SimulatedFault?
    ) throws -> PutResult {
        guard advance.epoch.number >= sinks[sink].epoch else { throw ConnectorError(.fenced, "an old epoch") }
        for step in advance.steps {
            guard let ref = step.new.position.ref, sinks[sink].positions[ref.partition] == step.expected else {
                throw ConnectorError(.fenced, "the position of \(step.new.position.partition) is another one")
            }
        }
        let (verdicts, accepted) = judge(sink, refs, fault)
        if case .partial? = fault?.effect { throw fault?.code.error ?? ConnectorError(.retryable, "rolled back") }
        guard verdicts.isEmpty else {
            // Nothing was applied; what was dropped or rejected does not come again.
            let last = verdicts.filter { $0.value.kind == .drop || $0.value.kind == .reject }
            let given = last.isEmpty ? verdicts : last
            if fault?.throwsAfter == nil { settle(process, sink, refs, given, andTheRest: false) }
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
        if fault?.throwsAfter == nil { settle(process, sink, refs, [:]) }
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
                if !inside.isSuperset(of: parts(of: other)), !isSafe(other) {
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
        let lanes = processes[process - 1].lanes[sink].values.joined()
        let known = lanes.filter { $0.number <= sinks[sink].committed($0.partition) }
        settle(process, sink, known, [:])
    }
}
