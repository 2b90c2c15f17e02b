// SPDX-License-Identifier: Apache-2.0

/// How long a conformance suite waits, by the machine's clock.
///
/// The limits only matter for what breaks its contract: a connector that keeps it is never waited for that long. They
/// are generous, so that a busy machine accuses nobody.
public struct ConformanceLimits: Sendable, Hashable {
    /// How long a call may take, and a poll until it has the next record.
    public var call: Duration
    /// How long a call may take to return after it was cancelled.
    public var cancellation: Duration
    /// How long a whole check may take, what the author of the subject supplies included.
    public var check: Duration
    /// How long a poll is watched that has nothing to return.
    public var idle: Duration

    /// Limits; the defaults suit systems in memory, files, and servers nearby.
    public init(
        call: Duration = .seconds(5),
        cancellation: Duration = .seconds(2),
        check: Duration = .seconds(120),
        idle: Duration = .milliseconds(50)
    ) {
        self.call = call
        self.cancellation = cancellation
        self.check = check
        self.idle = idle
    }
}
