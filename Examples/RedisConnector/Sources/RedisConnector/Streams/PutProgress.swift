// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What is known of the records of one put.
struct PutProgress {
    private let batch: RecordBatch
    private var verdicts: [Int: RecordVerdict] = [:]
    private var failed: Set<RecordLane> = []

    init(_ batch: RecordBatch) { self.batch = batch }

    var result: PutResult { verdicts.isEmpty ? .delivered : .verdicts(verdicts) }

    /// Whether nothing of the record's lane has failed.
    func isOpen(_ index: Int) -> Bool { failed.isEmpty || !failed.contains(batch.lane(at: index)) }

    /// The first record of a lane that was not delivered; of those behind it nothing is tried.
    mutating func fail(_ index: Int, _ verdict: RecordVerdict) {
        guard failed.insert(batch.lane(at: index)).inserted else { return skip(index) }
        verdicts[index] = verdict
    }

    /// A record behind one that failed.
    mutating func skip(_ index: Int) { verdicts[index] = .notTried }

    /// Of this record and those behind it nothing is known to be added.
    mutating func leave(from index: Int) {
        for index in index..<batch.count { skip(index) }
    }
}
