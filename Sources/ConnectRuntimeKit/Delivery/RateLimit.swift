// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How much a pipeline may poll in a second: records, bytes of their data, or both.
///
/// What is not used is saved up to be polled at once later, as much as comes together in ``burst``; a run begins with all of
/// it. A poll asks the source for no more than there is at the moment, in portions of at least a twentieth of a second's
/// worth. What a source returns beyond that, such as a record that is larger than all that can be saved up, goes through
/// and is paid for by waiting afterwards. Readers of single partitions read one batch ahead of the limit.
///
/// While it waits the pipeline delivers and commits as usual, and stops and pauses at once.
public struct RateLimit: Sendable, Hashable {
    /// Records in a second, rejected input included; may be less than one. `nil` for any number.
    public var recordsPerSecond: Double?
    /// Bytes of data in a second, as polled. `nil` for any number.
    public var bytesPerSecond: Double?
    /// How long a pipeline that polls nothing saves up; at least one record and one byte.
    public var burst: Duration

    /// A limit of records, of bytes, or of both.
    public init(recordsPerSecond: Double? = nil, bytesPerSecond: Double? = nil, burst: Duration = .seconds(1)) {
        self.recordsPerSecond = recordsPerSecond
        self.bytesPerSecond = bytesPerSecond
        self.burst = burst
    }

    /// What is wrong with it, if anything.
    var defect: String? {
        for rate in [recordsPerSecond, bytesPerSecond] {
            if let rate, !(rate > 0 && rate.isFinite) {
                return "the rate limit is \(rate) in a second; make it more than 0"
            }
        }
        if recordsPerSecond == nil, bytesPerSecond == nil {
            return "the rate limit limits nothing; give it records or bytes in a second"
        }
        return burst < .zero ? "the burst of the rate limit is negative" : nil
    }
}
