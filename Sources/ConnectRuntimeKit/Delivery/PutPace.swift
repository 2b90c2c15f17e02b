// SPDX-License-Identifier: Apache-2.0

/// Judges by the duration of puts whether a sink keeps up, so that handing batches to another task would only cost.
struct PutPace {
    private var consecutiveSlow = 0
    private var putsUntilMeasured = 0
    private(set) var isSlow = false

    private static let allowance: Int64 = 50_000
    private static let allowancePerRecord: Int64 = 250
    private static let smallBatch = 64
    private static let smallPutsPerMeasurement = 16

    /// Whether the next put should be timed: reading the clock twice costs as much as a small put.
    mutating func shouldMeasure(_ recordCount: Int) -> Bool {
        guard recordCount < Self.smallBatch, consecutiveSlow == 0, !isSlow else { return true }
        putsUntilMeasured -= 1
        guard putsUntilMeasured < 0 else { return false }
        putsUntilMeasured = Self.smallPutsPerMeasurement
        return true
    }

    /// Whether nothing hints at a sink that does not keep up.
    var isSteady: Bool { consecutiveSlow == 0 }

    /// Has the next put timed: many were not.
    mutating func measureNext() {
        putsUntilMeasured = 0
    }

    mutating func note(nanoseconds: Int64, recordCount: Int) {
        guard nanoseconds > Self.allowance + Self.allowancePerRecord * Int64(recordCount) else {
            consecutiveSlow = 0
            isSlow = false
            return
        }
        consecutiveSlow += 1
        // One slow put may be the scheduler's doing.
        if consecutiveSlow > 1 { isSlow = true }
    }
}
