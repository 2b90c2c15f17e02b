// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A batch that was polled and is not accepted yet, and what was taken away of it meanwhile.
struct UnacceptedBatch: Sendable {
    /// What functions are at work on; empty before they begin.
    var records: [ConnectorRecord] = []
    /// Polling rests, and the batch is kept until it goes on.
    var isHeld = false
    /// The partitions that are left out when the batch is accepted.
    var withdrawn: Set<RecordPartition> = []
}

/// Partitions that come and go while a batch of them is in a poll, with functions, or kept during a pause.
extension HandOverState {
    /// Makes room for a partition that was assigned, going on from what is stored.
    mutating func open(_ partition: RecordPartition, from stored: StoredPosition?) {
        ledger.open(partition, from: stored)
        if isPolling {
            // What the poll returns of it was read after this.
            unaccepted?.withdrawn.remove(partition)
        } else {
            unaccepted?.withdrawn.insert(partition)
        }
    }

    /// Forgets partitions that are gone, also in a batch that is not accepted yet.
    mutating func takeAway(_ partitions: [RecordPartition], _ wake: inout Wakeups) {
        withdraw(partitions)
        close(partitions, &wake)
    }

    private mutating func withdraw(_ partitions: [RecordPartition]) {
        guard traits.losesPartitions, isPolling || unaccepted != nil else { return }
        unaccepted = unaccepted ?? UnacceptedBatch()
        unaccepted?.withdrawn.formUnion(partitions)
    }

    /// Whether functions are at work on records of partitions that are about to be given up.
    ///
    /// What a pause keeps of them is not waited for, since it may last for long: it is left out.
    mutating func isAtWork(on partitions: [RecordPartition]) -> Bool {
        guard let unaccepted else { return false }
        guard !unaccepted.isHeld else {
            withdraw(partitions)
            return false
        }
        let awaited = Set(partitions).subtracting(unaccepted.withdrawn)
        return unaccepted.records.contains { awaited.contains($0.partition) }
    }

    // MARK: The source's task

    /// Keeps a batch until polling goes on.
    mutating func hold(_ wake: inout Wakeups) -> AcceptStep {
        guard traits.losesPartitions else { return .held }
        unaccepted = unaccepted ?? UnacceptedBatch()
        unaccepted?.isHeld = true
        wakeWatchers(&wake)
        return .held
    }

    /// The poll has returned something that functions are to see; while polling rests, not yet.
    mutating func beginFunctions(_ records: [ConnectorRecord], _ wake: inout Wakeups) -> AcceptStep {
        isPolling = false
        guard !holdsBatches else { return hold(&wake) }
        if traits.losesPartitions {
            unaccepted = unaccepted ?? UnacceptedBatch()
            unaccepted?.records = records
            unaccepted?.isHeld = false
        }
        return .queued
    }

    /// The batch is accepted now; what is to be left out of it.
    mutating func endUnaccepted(_ wake: inout Wakeups) -> Set<RecordPartition> {
        guard let batch = unaccepted.take() else { return [] }
        wakeWatchers(&wake)
        return batch.withdrawn
    }

    /// The poll has failed, and there will be no other.
    mutating func endPolling() {
        isPolling = false
        unaccepted = nil
    }
}

extension StagedShipment {
    /// Leaves out the records and marks of partitions; how many records that were.
    mutating func leaveOut(_ partitions: Set<RecordPartition>) -> Int {
        progress.removeAll { partitions.contains($0.partition) }
        var kept: [ConnectorRecord] = []
        // Where each record is afterwards.
        var places: [Int?] = []
        for record in polled {
            let isKept = !partitions.contains(record.partition)
            places.append(isKept ? kept.count : nil)
            if isKept { kept.append(record) }
        }
        defer { polled = kept }
        filtered = filtered.compactMap { places[$0] }
        failures = failures.compactMap { failure in places[failure.index].map { failure.moved(to: $0) } }
        parts = parts.map { $0.moved(to: places) }.filter { !$0.records.isEmpty }
        return polled.count - kept.count
    }
}

extension StagedShipment.Part {
    fileprivate func moved(to places: [Int?]) -> Self {
        var moved = Self(sink: sink, records: [], origins: origins.map { _ in [] })
        for (number, record) in records.enumerated() {
            let origin = origins?[number]
            guard let place = places[origin.map { Int($0.index) } ?? number] else { continue }
            moved.records.append(record)
            guard let origin else { continue }
            moved.origins?.append(Parcel.Origin(index: Int32(place), part: origin.part, endsUnit: origin.endsUnit))
        }
        return moved
    }
}

extension StagedShipment.Failure {
    fileprivate func moved(to index: Int) -> Self {
        Self(index: index, stage: stage, error: error, attempts: attempts)
    }
}
