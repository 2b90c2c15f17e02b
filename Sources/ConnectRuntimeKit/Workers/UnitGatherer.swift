// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Holds records back until their unit has ended, for a sink whose transactions must not end inside a unit.
struct UnitGatherer {
    let isActive: Bool
    private var open: [RecordPartition: [ConnectorRecord]] = [:]

    init(isActive: Bool) {
        self.isActive = isActive
    }

    /// The batch with whole units only: what is held back comes before the end of its unit.
    mutating func gather(_ batch: SourceBatch) -> SourceBatch {
        guard isActive, !open.isEmpty || batch.records.contains(where: { !$0.hasOffset }) else { return batch }
        var whole = batch
        whole.records = []
        for record in batch.records {
            guard record.hasOffset else {
                open[record.partition, default: []].append(record)
                continue
            }
            if let held = open.removeValue(forKey: record.partition) { whole.records.append(contentsOf: held) }
            whole.records.append(record)
        }
        return whole
    }
}
