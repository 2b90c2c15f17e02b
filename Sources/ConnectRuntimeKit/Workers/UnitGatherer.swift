// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Holds records back until their unit has ended, for a sink whose transactions must not end inside a unit.
struct UnitGatherer {
    private struct Entry {
        let record: ConnectorRecord
        let rejection: ConnectorError?
    }

    private struct Beginning {
        var entries: [Entry] = []
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
        whole.records = gather(PolledInput(records: batch.records)).records
        return whole
    }

    /// Lets go of the beginnings of units whose partition is gone.
    ///
    /// - Returns: how many records that were.
    mutating func forget(_ partitions: [RecordPartition]) -> Int {
        partitions.reduce(0) { $0 + take($1).count }
    }

    mutating func gather(_ input: PolledInput) -> PolledInput {
        guard isActive else { return input }
        var whole = PolledInput(records: [])
        var begun: Set<RecordPartition> = []
        for (index, record) in input.records.enumerated() {
            let rejection = input.rejections[index]
            guard record.hasOffset else {
                open[record.partition, default: Beginning()].entries.append(Entry(record: record, rejection: rejection))
                begun.insert(record.partition)
                continue
            }
            for entry in take(record.partition) { whole.append(entry.record, entry.rejection) }
            whole.append(record, rejection)
        }
        for partition in begun { charge += open[partition]?.chargeRest() ?? Charge() }
        return whole
    }

    private mutating func take(_ partition: RecordPartition) -> [Entry] {
        guard !open.isEmpty, let beginning = open.removeValue(forKey: partition) else { return [] }
        charge -= beginning.charge
        return beginning.entries
    }
}
