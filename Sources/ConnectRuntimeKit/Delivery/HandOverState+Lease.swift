// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// How many batches the source's task may move without the lock from here on, the next poll being due.
    mutating func leaseLength() -> Int {
        guard phase == .running, desks.count == 1, desks[0].isPlain, desks[0].takesDirectPuts, desks[0].pace.isSteady,
            shipments.isEmpty, watchers.isEmpty, !traits.losesPartitions
        else {
            return 0
        }
        // The timer is at work already: it has seen that something is committable.
        guard canCommit, parked.timer == nil, seal == nil, ledger.style == .cumulative, !ledger.isEachRecordAUnit else {
            return 0
        }
        let records = (options.maxUncommittedRecords - ledger.uncommittedRecords) / options.maxPollRecords
        let bytes = (options.maxUncommittedBytes - ledger.uncommittedBytes) / Self.leaseBytesPerBatch
        return min(Self.longestLease, records, bytes)
    }

    private static let longestLease = 64
    private static let leaseBytesPerBatch = 1 << 20

    /// The put that was running when the lease ended is done.
    @inline(__always)
    mutating func endLeasedPut(_ wake: inout Wakeups) {
        desks[0].pace.measureNext()
        noteSettled(isQuiet: false, &wake)
        releaseSink(0, &wake)
    }

    /// A put under the lease had something else to report than that all is delivered.
    mutating func endLeasedPut(_ records: [ConnectorRecord], _ report: PutReport, _ wake: inout Wakeups) {
        inlineProgress = []
        inlineIsQuiet = false
        desks[0].runningPuts = 1
        meterInline(records.count)
        endInlinePut(records, report, &wake)
    }
}
