// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a poll returned at one place: a record, or input that could not become one.
struct PolledEntry: Sendable {
    let record: ConnectorRecord
    var rejection: ConnectorError?
}

/// Holds records back until their unit has ended, for a sink whose transactions must not end inside a unit.
struct UnitGatherer {
    private struct Beginning {
        var entries: [PolledEntry] = []
        /// What those entries hold that were there after the last poll.
        var charge = Charge()
        var chargedEntries = 0

        mutating func chargeRest() -> Charge {
            let rest = Charge(of: entries[chargedEntries...].map(\.record))
            charge += rest
            chargedEntries = entries.count
            return rest
        }
    }

    let isActive: Bool
    private var open: [RecordPartition: Beginning] = [:]
    /// What is held back.
    private(set) var charge = Charge()

    init(isActive: Bool) {
        self.isActive = isActive
    }

    /// The batch with whole units only: what is held back comes before the end of its unit.
    mutating func gather(_ batch: SourceBatch) -> SourceBatch {
        guard isActive, !open.isEmpty || batch.records.contains(where: { !$0.hasOffset }) else { return batch }
        var whole = batch
        whole.records = gather(batch.records.map { PolledEntry(record: $0) }).map(\.record)
        return whole
    }

    /// Lets go of the beginnings of units whose partition is gone.
    ///
    /// - Returns: how many records that were.
    mutating func forget(_ partitions: [RecordPartition]) -> Int {
        partitions.reduce(0) { $0 + take($1).count }
    }

    mutating func gather(_ entries: [PolledEntry]) -> [PolledEntry] {
        guard isActive else { return entries }
        var whole: [PolledEntry] = []
        var begun: Set<RecordPartition> = []
        for entry in entries {
            let partition = entry.record.partition
            guard entry.record.hasOffset else {
                open[partition, default: Beginning()].entries.append(entry)
                begun.insert(partition)
                continue
            }
            whole += take(partition)
            whole.append(entry)
        }
        for partition in begun { charge += open[partition]?.chargeRest() ?? Charge() }
        return whole
    }

    private mutating func take(_ partition: RecordPartition) -> [PolledEntry] {
        guard !open.isEmpty, let beginning = open.removeValue(forKey: partition) else { return [] }
        charge -= beginning.charge
        return beginning.entries
    }
}

extension SourceBatch {
    /// Records and rejected input in their order; rejected input is a record of the bytes that were read.
    var entries: [PolledEntry] {
        var entries: [PolledEntry] = []
        var rejected = rejected.sorted { $0.index < $1.index }[...]
        for index in 0...records.count {
            while let next = rejected.first, next.index <= index || index == records.count {
                let position = next.position
                let record = ConnectorRecord(.bytes(next.bytes), partition: position.partition, offset: position.offset)
                entries.append(PolledEntry(record: record, rejection: next.error))
                rejected.removeFirst()
            }
            if index < records.count { entries.append(PolledEntry(record: records[index])) }
        }
        return entries
    }
}
