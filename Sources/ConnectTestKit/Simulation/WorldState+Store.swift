// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect

extension WorldState {
    /// A claim, which takes over from whoever has the scope: the owner is gone, or was declared so.
    mutating func claim(_ process: Int, _ request: ClaimRequest, lease: Duration?) -> OffsetClaim {
        let partition = request.scope.partition.flatMap { Int($0.name) }
        store.epoch += 1
        if partition == nil { store.owners = [:] } else { store.owners[nil] = nil }
        store.owners[partition] = (store.epoch, process)
        processes[process - 1].epoch = store.epoch
        let visible = store.positions.filter { partition == nil || $0.key == partition }
        if sinks.allSatisfy({ $0.kind != .positionKeeping }) || plan.source.isGroup {
            if let partition { processes[process - 1].claimed[partition] = nil }
            for (partition, _) in visible { processes[process - 1].claimed[partition] = store.committed(partition) }
        }
        return OffsetClaim(
            token: ClaimToken(scope: request.scope, epoch: Epoch(store.epoch)),
            lease: lease,
            positions: visible.sorted { $0.key < $1.key }.map(\.value),
            checkpoints: partition == nil ? store.checkpoints : [:]
        )
    }

    func checkOwner(_ process: Int, _ token: ClaimToken) throws {
        let owner = store.owners[token.scope.partition.flatMap { Int($0.name) }]
        guard owner?.epoch == token.epoch.number else {
            throw ConnectorError(.fenced, "epoch \(token.epoch) is outdated")
        }
    }

    mutating func save(_ process: Int, _ changes: OffsetChanges, _ token: ClaimToken) throws -> [RecordRef] {
        try checkOwner(process, token)
        if store.owners[token.scope.partition.flatMap { Int($0.name) }]?.process != process {
            violate("G12", "a process saved under the claim of another one")
        }
        var saved: [RecordRef] = []
        for position in changes.positions {
            guard let ref = position.position.ref else { continue }
            saved.append(ref)
            checkCommittable(ref, "saved")
            checkKept(ref)
            let old = store.positions[ref.partition]
            if let old, position.sequence < old.sequence || ref.number < store.committed(ref.partition) {
                violate("G6", "the position of partition \(ref.partition) goes back to \(ref.number)")
            }
            store.positions[ref.partition] = position
        }
        store.checkpoints.merge(changes.checkpoints) { $1 }
        for (name, checkpoint) in changes.checkpoints { check(checkpoint, of: name) }
        return saved.sorted { ($0.partition, $0.number) < ($1.partition, $1.number) }
    }

    /// The store keeps a copy of what a position-keeping sink has, and is never ahead of it.
    private mutating func checkKept(_ ref: RecordRef) {
        guard let sink = sinks.first(where: { $0.kind == .positionKeeping }) else { return }
        if ref.number > sink.committed(ref.partition) { violate("G1", "\(ref) was saved before the sink kept it") }
    }

    mutating func release(_ process: Int, _ token: ClaimToken) {
        let partition = token.scope.partition.flatMap { Int($0.name) }
        if store.owners[partition]?.epoch == token.epoch.number { store.owners[partition] = nil }
    }

    // MARK: Checks

    /// A position may be made durable when nothing at or before it is still needed.
    mutating func checkCommittable(_ ref: RecordRef, _ done: String) {
        let entries = plan.partitions[ref.partition]
        guard entries.indices.contains(ref.number) else { return violate("G2", "\(ref) was \(done): no such entry") }
        if !entries[ref.number].endsUnit { violate("G7", "\(ref) was \(done), but is inside a unit") }
        for number in 0...ref.number {
            let other = RecordRef(partition: ref.partition, number: number)
            if !isSafe(other) {
                return violate(guarantee(brokenBy: other, ref), "\(ref) was \(done), but \(other) is not safe")
            }
        }
    }

    /// Which guarantee it is that a record is committed and not safe.
    private func guarantee(brokenBy ref: RecordRef, _ end: RecordRef) -> String {
        if rejected.contains(where: { $0.ref.entry == ref }) { return "G8" }
        let isAccepted =
            processes.contains { $0.pending.contains { $0.contains { $0.entry == ref } } }
            || sinks.contains { $0.rows.dropFirst($0.durableCount).contains { $0.entry == ref } }
        if isAccepted { return "G1" }
        let later = (ref.number..<end.number).map { RecordRef(partition: ref.partition, number: $0 + 1) }
        guard later.contains(where: { !entry($0).isMark && isSafe($0) }) else { return "G2" }
        let isInUnit = !(ref.number..<end.number).contains { plan.partitions[ref.partition][$0].endsUnit }
        return isInUnit ? "G7" : "G6"
    }

    /// A checkpoint and the positions stored with it are of the same moment.
    private mutating func check(_ checkpoint: SinkCheckpoint, of name: String) {
        guard let index = plan.sinks.firstIndex(where: { $0.name == name }), let length = checkpoint.length else {
            return violate("G4", "a foreign checkpoint was saved for \(name)")
        }
        if length > sinks[index].durableCount {
            return violate("G1", "a checkpoint at \(length) was saved before it was flushed")
        }
        guard plan.storesPositions else { return }
        let covered = sinks[index].rows.prefix(length)
        if let ref = covered.first(where: { $0.number > store.committed($0.partition) }) {
            return violate("G4", "the checkpoint saved covers \(ref), the positions saved do not")
        }
        let rows = Set(covered)
        for partition in plan.partitions.indices {
            for number in plan.partitions[partition].indices.prefix(store.committed(partition) + 1) {
                let ref = RecordRef(partition: partition, number: number)
                guard !isSafeBeforeSinks(ref), sinksMeant(for: ref).contains(index) else { continue }
                guard let left = parts(of: ref).first(where: { !rows.contains($0) && !isGone($0, in: index) }) else {
                    continue
                }
                return violate("G4", "the checkpoint saved does not cover \(left), the positions saved do")
            }
        }
    }

    /// What has to be true when everything has come to its end.
    mutating func checkEnd() {
        if let ref = firstUnsafe { violate("G2", "\(ref) is lost") }
        for sink in sinks where sink.kind != .plain && plan.storesPositions { checkOnce(sink) }
    }

    private mutating func checkOnce(_ sink: SinkState) {
        var last: [RecordLaneKey: RecordRef] = [:]
        for ref in sink.rows {
            let lane = lane(of: ref)
            if let before = last[lane], (ref.number, ref.part) <= (before.number, before.part) {
                return violate("G4", "\(ref) is there again, or out of order")
            }
            last[lane] = ref
        }
    }
}

extension SinkCheckpoint {
    /// The length that a simulated sink has written into it.
    var length: Int? { Int(String(decodingUTF8: bytes)) }
}

extension WorldState {
    /// What the runner says at the end of a run is what has happened.
    mutating func check(_ counts: DeliveryCounts, of process: Int) {
        let this = processes[process - 1]
        guard this.isAlive else { return }
        if counts.polled != this.counts.polled {
            violate("G14", "polled \(this.counts.polled), said \(counts.polled)")
        }
        guard !this.isStopping, plan.isBounded else { return }
        check(counts, this)
        // A commit that the upstream keeps refusing is no failure of the run: the next one reads again what it covered.
        guard this.commitFailures < .max, newestAlive == process, !isComplete else { return }
        violate("G2", "the run ended, but not everything is committed")
    }

    private mutating func check(_ counts: DeliveryCounts, _ this: ProcessState) {
        if counts.inFlight != 0 { violate("G14", "at the end of the run \(counts.inFlight) are in flight: \(counts)") }
        // Nobody outside knows whether what failed as often as it may was tried again.
        guard this.mayBeGivenUp.isEmpty else { return }
        let said: [SettledAs: Int] = [
            .filtered: counts.filtered, .delivered: counts.delivered, .dropped: counts.dropped,
            .deadLettered: counts.deadLettered,
        ]
        for (kind, count) in said where count != this.counts.settled[kind, default: 0] {
            violate("G14", "\(this.counts), said \(counts)")
        }
    }
}
