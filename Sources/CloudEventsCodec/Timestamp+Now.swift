// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Timestamp {
    /// The present instant by the system's clock, in UTC, with microseconds.
    ///
    /// - Precondition: the clock is in the years 0000 to 9999, which is all that RFC 3339 can write.
    public static func now() -> Timestamp {
        let interval = Date.now.timeIntervalSince1970
        let seconds = interval.rounded(.down)
        let microseconds = Int32(((interval - seconds) * 1_000_000).rounded(.down))
        do throws(CloudEventError) {
            return try Timestamp(secondsSince1970: Int64(seconds), nanoseconds: min(microseconds, 999_999) * 1000)
        } catch {
            preconditionFailure("the system's clock is in a year that RFC 3339 cannot write: \(error)")
        }
    }
}
