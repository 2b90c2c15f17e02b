// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit

extension SimulationPlan {
    /// Leaves out what is known to violate a guarantee at present, so that the rest can be tried. To become empty.
    mutating func leaveOutKnownFaults() {
        // A failed commit of positions that the upstream keeps counts as committed (G3), and is not repeated at the end.
        // A failed acknowledgement is not repeated unless something else is settled (G11).
        faults.removeAll { fault in
            switch fault.effect {
            case .fail, .loseAnswer: (fault.call == .commit && source != .pruning) || fault.call == .acknowledge
            default: false
            }
        }
        // The beginning of a unit is kept over the loss of its partition, and put in front of another unit (G5).
        // When a partition goes, what is queued of others stays charged for ever (G11).
        if source.isGroup {
            makeEachEntryAUnit()
            options.maxInFlightRecords = max(options.maxInFlightRecords, 1000)
        }
        // A commit of a partition that went and came again is saved under the new claim, behind what others saved (G6).
        if source == .storedGroup { incidents.removeAll { $0.kind == .revoke || $0.kind == .lose } }
    }

    private mutating func makeEachEntryAUnit() {
        for partition in partitions.indices {
            for number in partitions[partition].indices { partitions[partition][number].endsUnit = true }
        }
    }
}
