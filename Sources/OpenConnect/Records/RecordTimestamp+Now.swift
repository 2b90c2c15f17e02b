// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension RecordTimestamp {
    /// The present instant of the system's clock, to the microsecond.
    public static var now: RecordTimestamp {
        RecordTimestamp(nanosecondsSince1970: Int64(Date.now.timeIntervalSince1970 * 1_000_000) * 1000)
    }

    /// The instant a while later, or earlier for a negative duration.
    public func advanced(by duration: Duration) -> RecordTimestamp {
        let (sum, overflow) = nanosecondsSince1970.addingReportingOverflow(duration.wholeNanoseconds)
        return RecordTimestamp(nanosecondsSince1970: overflow ? (duration < .zero ? .min : .max) : sum)
    }
}
