// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// What a poll takes from the simulated upstream.
package struct PollAnswer: Sendable {
    var records: [RecordRef] = []
    var marks: [RecordRef] = []
    /// Input that could not become a record, in front of the record at the index.
    var rejected: (index: Int, ref: RecordRef)?
    var isEnd = false
    var quiet: Duration?

    var isEmpty: Bool { records.isEmpty && marks.isEmpty && rejected == nil && !isEnd }
    var refs: [RecordRef] { records + marks + (rejected.map { [$0.ref] } ?? []) }
}

// MARK: Polled

extension WorldState {
    /// A poll may begin while the limits are kept.
    mutating func beginPoll(_ process: Int, _ request: PollRequest) {
        let this = processes[process - 1]
        if this.isPolling { violate("S103", "two polls at once") }
        processes[process - 1].isPolling = true
        let open = openUnits(this)
        let limit = plan.options.maxInFlightRecords
        // The beginnings of units wait for a sink that keeps positions; alone they may exceed the limit.
        let held = sinks.contains { $0.kind == .positionKeeping } ? open : 0
        let inFlight = this.unsettled.count - (plan.dropsBadRecords ? dropped(this) : 0)
        if inFlight + request.maxRecords > limit, held == 0 || inFlight > held {
            violate("G10", "a poll for \(request.maxRecords) with \(inFlight) in flight of at most \(limit)")
        }
        guard plan.source != .queue, (try? checkSession(process)) != nil else { return }
        let uncommitted = plan.partitions.indices.reduce(0) { sum, partition in
            guard let next = this.next[partition] else { return sum }
            return sum + max(0, next - 1 - max(committed(partition), this.begin[partition]))
        }
        // A unit is read to its end; while it is open a checkpoint cannot be taken for any partition.
        let isWaiting = sinks.contains { $0.kind == .checkpointing } ? open > 0 : uncommitted <= open
        if uncommitted >= plan.options.maxUncommittedRecords, !isWaiting {
            violate("G3", "a poll with \(uncommitted) uncommitted of at most \(plan.options.maxUncommittedRecords)")
        }
    }

    /// How many records may have been dropped, all attempts having failed.
    private func dropped(_ process: ProcessState) -> Int {
        guard !process.mayBeGivenUp.isEmpty else { return 0 }
        return process.unsettled.values.count { process.mayBeGivenUp.isSuperset(of: $0) }
    }

    /// How many records of units that have not ended were polled last.
    func openUnits(_ process: ProcessState) -> Int {
        plan.partitions.indices.reduce(0) { $0 + openUnit(process, $1) }
    }

    /// How many records of a unit that has not ended were polled last from a partition.
    private func openUnit(_ process: ProcessState, _ partition: Int) -> Int {
        guard var number = process.next[partition].map({ $0 - 1 }), number > process.begin[partition] else { return 0 }
        var count = 0
        while number > process.begin[partition], !plan.partitions[partition][number].endsUnit {
            count += 1
            number -= 1
        }
        return count
    }

    /// Reads on, as much as the request allows and the plan wants.
    mutating func poll(_ process: Int, _ request: PollRequest, _ fault: SimulatedFault?, _ seed: UInt64) -> PollAnswer {
        var generator = SeededGenerator(seed: seed)
        let most = max(1, min(request.maxRecords, plan.pollSize))
        let wanted = Int.random(in: 1...most, using: &generator)
        var answer = PollAnswer()
        if generator.next() % 16 == 0 { answer.quiet = .milliseconds(Int64(generator.next() % 3) * 20) }
        if plan.source == .queue {
            take(process, wanted, &answer)
        } else {
            read(process, wanted, request.heldBack, &answer, &generator)
        }
        if case .rejectInput? = fault?.effect { reject(&answer) }
        note(polled: answer, process)
        return answer
    }

    private mutating func take(_ process: Int, _ wanted: Int, _ answer: inout PollAnswer) {
        answer.records = Array(upstream.ready.prefix(wanted))
        upstream.ready.removeFirst(answer.records.count)
        for ref in answer.records { upstream.taken[ref] = process }
        answer.isEnd = plan.isBounded && upstream.isDrained
    }

    private mutating func read(
        _ process: Int,
        _ wanted: Int,
        _ heldBack: [RecordPartition],
        _ answer: inout PollAnswer,
        _ generator: inout SeededGenerator
    ) {
        var next = processes[process - 1].next
        let leftOut = plan.leavesOutHeldBack ? Set(heldBack.compactMap { Int($0.name) }) : []
        var open = plan.partitions.indices.filter {
            next[$0] ?? .max < plan.partitions[$0].count && !leftOut.contains($0)
        }
        while answer.records.count < wanted, let partition = open.randomElement(using: &generator) {
            let entries = plan.partitions[partition]
            for _ in 0...Int.random(in: 0..<10, using: &generator) {
                guard let number = next[partition], number < entries.count, answer.records.count < wanted else { break }
                guard !entries[number].isMark else { break }
                answer.records.append(RecordRef(partition: partition, number: number))
                next[partition] = number + 1
            }
            // Marks stand behind all records of their partition, so nothing of it follows them.
            while let number = next[partition], number < entries.count, entries[number].isMark {
                answer.marks.append(RecordRef(partition: partition, number: number))
                next[partition] = number + 1
                open.removeAll { $0 == partition }
            }
            if next[partition] ?? 0 >= entries.count { open.removeAll { $0 == partition } }
            if generator.next() % 4 == 0 { break }
        }
        processes[process - 1].next = next
        let isRead = plan.partitions.indices.allSatisfy { next[$0] == plan.partitions[$0].count }
        answer.isEnd = plan.isBounded && isRead && (answer.isEmpty || generator.next() % 2 == 0)
    }

    /// Makes the first record that is a unit of its own one that cannot be read.
    private mutating func reject(_ answer: inout PollAnswer) {
        let index = answer.records.firstIndex { ref in
            self.entry(ref).endsUnit && (ref.number == 0 || plan.partitions[ref.partition][ref.number - 1].endsUnit)
        }
        guard let index else { return }
        let ref = answer.records.remove(at: index)
        answer.rejected = (index, ref)
    }

    private mutating func note(polled answer: PollAnswer, _ process: Int) {
        for ref in answer.records {
            let lane = lane(of: ref)
            let isForSinks = entry(ref).fate != .filter && entry(ref).fate != .fail
            var keys: Set<LetterKey> = []
            for sink in isForSinks ? sinksMeant(for: ref) : [] {
                let parts = parts(of: ref)
                processes[process - 1].lanes[sink][lane, default: []] += parts
                keys.formUnion(parts.map { LetterKey(ref: $0, sink: sink) })
            }
            open(process, ref, keys)
        }
        processes[process - 1].counts.polled += answer.records.count
        guard plan.options.onError != .stop, let (_, ref) = answer.rejected else { return }
        processes[process - 1].counts.polled += 1
        open(process, ref, [])
        giveUp(process, LetterKey(ref: ref, sink: nil))
    }

    /// An entry begins its way through a process.
    private mutating func open(_ process: Int, _ ref: RecordRef, _ keys: Set<LetterKey>) {
        let whole = LetterKey(ref: ref, sink: nil)
        for key in keys.union([whole]) {
            processes[process - 1].failures[key] = nil
            processes[process - 1].mayBeGivenUp.remove(key)
        }
        processes[process - 1].unsettled[ref] = keys.isEmpty ? [whole] : keys
        processes[process - 1].outcomes[ref] = nil
        processes[process - 1].settled[ref] = nil
    }

    /// What a poll took and could not return was never polled.
    mutating func unpoll(_ process: Int, _ answer: PollAnswer) {
        for ref in answer.refs.reversed() {
            forget(process, ref)
            if plan.source == .queue {
                upstream.taken[ref] = nil
                upstream.ready.insert(ref, at: 0)
            } else if let next = processes[process - 1].next[ref.partition] {
                processes[process - 1].next[ref.partition] = min(next, ref.number)
            }
        }
        let isRejectedCounted = plan.options.onError != .stop && answer.rejected != nil
        processes[process - 1].counts.polled -= answer.records.count + (isRejectedCounted ? 1 : 0)
    }

    func lane(of ref: RecordRef) -> RecordLaneKey {
        RecordLaneKey(partition: ref.partition, key: plan.hasKeyLanes ? entry(ref).key : 0)
    }

    /// Takes a record out of the books of a process, in every sink.
    mutating func forget(_ process: Int, _ ref: RecordRef) {
        if let settled = processes[process - 1].settled.removeValue(forKey: ref) {
            processes[process - 1].counts.settled[settled, default: 0] -= 1
        }
        guard processes[process - 1].unsettled.removeValue(forKey: ref) != nil else { return }
        let lane = lane(of: ref)
        for sink in sinks.indices { processes[process - 1].lanes[sink][lane]?.removeAll { $0.entry == ref } }
    }
}

// MARK: Started and told

extension WorldState {
    /// Where a source begins, and whether that is where it has to begin.
    mutating func begin(_ process: Int, _ positions: [RecordPosition]) {
        let found = Dictionary(positions.compactMap { $0.ref }.map { ($0.partition, $0.number) }) { first, _ in first }
        upstream.reader = process
        for partition in plan.partitions.indices where !plan.source.isGroup {
            beginPartition(process, partition, at: found[partition] ?? -1)
        }
    }

    mutating func beginPartition(_ process: Int, _ partition: Int, at number: Int) {
        var number = number
        if plan.source == .upstreamKept || plan.source == .group {
            number = upstream.committed[partition]
        } else if plan.source != .queue, number != processes[process - 1].claimed[partition] ?? -1 {
            let told = processes[process - 1].claimed[partition] ?? -1
            violate("G13", "partition \(partition) is begun behind \(number), but the position kept was \(told)")
        }
        // Who was replaced meanwhile may come too late.
        if plan.source == .pruning, number < upstream.committed[partition], store.owners[nil]?.process == process {
            violate(
                "G2",
                "partition \(partition) is begun behind \(number), pruned to \(upstream.committed[partition])"
            )
        }
        processes[process - 1].begin[partition] = number
        processes[process - 1].next[partition] = number + 1
    }

    /// An upstream that keeps positions has one reader: a new one puts an end to the session of the old one.
    func checkSession(_ process: Int) throws {
        guard plan.source == .upstreamKept, upstream.reader != process else { return }
        throw ConnectorError(.fenced, "another reader has begun")
    }

    /// The source is told what is committed.
    mutating func commit(_ process: Int, _ positions: [RecordPosition]) throws {
        try checkSession(process)
        for ref in positions.compactMap({ $0.ref }) {
            if plan.source == .upstreamKept || plan.source == .group {
                // The broker does not listen to members that lost the partition.
                guard plan.source != .group || upstream.owners[ref.partition] == process else { continue }
                checkCommittable(ref, "committed to the upstream")
            } else if ref.number > committed(ref.partition) {
                violate("G1", "the source was told of \(ref) before that position was durable")
            }
            upstream.committed[ref.partition] = max(upstream.committed[ref.partition], ref.number)
        }
    }

    mutating func acknowledge(_ process: Int, _ acknowledgements: [(ref: RecordRef, outcome: RecordOutcome)]) {
        for (ref, outcome) in acknowledgements {
            guard upstream.taken[ref] == process else { continue }
            let isTrue =
                switch outcome {
                case .delivered: isSafe(ref) && entry(ref).fate != .filter
                case .dropped:
                    isSafe(ref)
                        && (sinks.contains { $0.dropped.contains { $0.entry == ref } }
                            || plan.dropsBadRecords && rejected.contains { $0.ref.entry == ref })
                case .deadLettered: isSafe(ref) && letters.contains { $0.ref.entry == ref }
                default: entry(ref).fate == .filter
                }
            if !isTrue {
                violate(outcome == .deadLettered ? "G8" : "G1", "\(ref) was acknowledged as \(outcome), but is not")
            }
            upstream.taken[ref] = nil
        }
    }
}

// MARK: Partitions that come and go

extension WorldState {
    /// Another member reads a few units of what this one no longer has.
    mutating func consumeElsewhere(_ partition: Int, _ count: Int) {
        let entries = plan.partitions[partition]
        let from = committed(partition) + 1
        guard from < entries.count else { return }
        let last = entries.indices[min(entries.count - 1, from + count)...].first { entries[$0].endsUnit } ?? from
        for number in from...last {
            let ref = RecordRef(partition: partition, number: number)
            for sink in sinksMeant(for: ref) where !entries[number].isMark {
                sinks[sink].append(durably: parts(of: ref))
            }
        }
        let position = RecordPosition(partition: RecordPartition("\(partition)"), offset: RecordOffset(Int64(last)))
        if plan.source == .storedGroup {
            // It has a claim of its own.
            expel(partition)
            let kept = sinks.compactMap { $0.positions[partition]?.sequence }.max() ?? 0
            let sequence = max(kept, store.positions[partition]?.sequence ?? 0) + UInt64(last + 1 - from)
            store.positions[partition] = StoredPosition(position, sequence: sequence)
            for sink in sinks.indices where sinks[sink].kind == .positionKeeping {
                sinks[sink].positions[partition] = StoredPosition(position, sequence: sequence)
            }
        }
        upstream.committed[partition] = last
        note(0, .note("another member reads partition \(partition) up to \(last)"))
    }

    /// A process has a partition no more.
    mutating func give(up partition: Int, _ process: Int) {
        for ref in processes[process - 1].unsettled.keys.filter({ $0.partition == partition }) {
            forget(process, ref)
            processes[process - 1].counts.lost += 1
        }
        processes[process - 1].next[partition] = nil
        processes[process - 1].generations[partition] += 1
        upstream.owners[partition] = nil
    }
}

extension RecordPosition {
    /// Which entry of the simulated upstream it names.
    var ref: RecordRef? {
        guard let partition = Int(partition.name), let number = offset.sequence else { return nil }
        return RecordRef(partition: partition, number: Int(number))
    }
}
