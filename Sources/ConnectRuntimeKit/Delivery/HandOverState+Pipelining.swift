// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Puts that were begun while others were on their way.
extension HandOverState {
    /// Acts on what became of a put that others may have been begun before: what has to be put again of a lane that is held
    /// back since one of them failed waits behind it.
    ///
    /// - Parameter isBehindFailure: whether one before it was not delivered, which is reason enough to try nothing of this one.
    mutating func finish(
        _ job: PutJob,
        behindHeldLanesOf sink: Int,
        _ report: PutReport,
        isBehindFailure: Bool,
        _ wake: inout Wakeups
    ) {
        guard report.mayLeaveSome else { return finish(job, of: sink, report, &wake) }
        let verdicts = report.verdicts
        var rest = job
        var others: [Int: RecordVerdict] = [:]
        (rest.parcels, rest.items) = ([], [])
        for (index, item) in job.allItems.enumerated() {
            let verdict = verdicts.map { $0[index] ?? .delivered } ?? .notTried
            let isPutAgain = verdict.kind == .retry || verdict.kind == .notTried
            let lane = LaneID(item, desks[sink].order)
            // Nothing is before it in a lane that it keeps for itself.
            if isPutAgain, !job.lanes.contains(lane), desks[sink].follow(item, in: lane) { continue }
            others[rest.items.count] = verdict
            rest.items.append(item)
        }
        rest.records = rest.items.map(\.record)
        let isUntried = isBehindFailure && verdicts != nil && others.values.allSatisfy { $0.kind == .notTried }
        // Whether what is bad is among the rest, its next put tells.
        let isUnjudged = report.isOfOneRecord && rest.items.count < job.records.count
        if rest.items.isEmpty || isUntried || isUnjudged {
            putAgain(Repeats(now: rest.items + job.rest, limit: job.limit), rest, of: sink, &wake)
            end(job, of: sink, report, &wake)
        } else {
            finish(rest, of: sink, verdicts == nil ? report : report.replacing(others), &wake)
        }
        // Before anybody else: what follows may be lost with its partition, and its shipment with it.
        settleFiltered(of: sink, &wake)
    }
}

extension PutReport {
    var isDelivered: Bool {
        if case .delivered = result { true } else { false }
    }

    /// Whether there may be records that have to be put again.
    fileprivate var mayLeaveSome: Bool {
        switch result {
        case .delivered: false
        case .verdicts: true
        case .failed(let error): [.invalidRecord, .notConnected, .throttled, .retryable].contains(error.code)
        }
    }

    /// Whether the put failed because of a record of which it is not said which one it is.
    fileprivate var isOfOneRecord: Bool {
        if case .failed(let error) = result { error.code == .invalidRecord } else { false }
    }

    /// The verdicts by index; `nil` where the put failed as a whole.
    fileprivate var verdicts: [Int: RecordVerdict]? {
        guard case .verdicts(let entries) = result else { return nil }
        return Dictionary(entries.map { ($0.index, $0.verdict) }) { first, _ in first }
    }

    fileprivate func replacing(_ verdicts: [Int: RecordVerdict]) -> PutReport {
        var report = self
        report.result = .verdicts(PutResult.verdicts(verdicts).exceptions)
        return report
    }
}
