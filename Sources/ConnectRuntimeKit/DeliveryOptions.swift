// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// How much of a pipeline may be on its way, and when it is committed.
public struct DeliveryOptions: Sendable, Hashable {
    /// The most records that one poll may return.
    public var maxPollRecords = 1000
    /// How much may be polled in a second; `nil` for as much as the sinks take.
    public var rateLimit: RateLimit?
    /// The most records that may be polled and not settled.
    public var maxInFlightRecords = 100_000
    /// The most bytes, counted in whole buffers, that may be polled and not settled; what functions made of them counts.
    public var maxInFlightBytes = 32 * 1024 * 1024
    /// How long what is committable may wait to be committed.
    public var commitInterval: Duration = .seconds(1)
    /// The most records that may be polled and not committed: the bound of what is read again after a crash.
    public var maxUncommittedRecords = 1_000_000
    /// The most bytes of data that may be polled and not committed.
    public var maxUncommittedBytes = 1024 * 1024 * 1024
    /// The longest time without a commit while something that was polled is uncommitted; polling rests until the next one.
    public var maxUncommittedTime: Duration = .seconds(60)
    /// How long a graceful stop may take before the calls still running are cancelled.
    public var drainDeadline: Duration = .seconds(30)

    /// Which records keep their order among themselves.
    public var lanes = LaneOrder.partition
    /// What part of the in-flight limits the records behind a failing one of their lane may take up.
    public var laneShare = 0.25
    /// When a call that failed is made again.
    public var retry = RetryPolicy()
    /// When a call is made again that failed with `notConnected` or `throttled`: an outage, or a disk that is full, which
    /// says nothing about the data.
    public var outage = RetryPolicy(maxAttempts: nil, timeLimit: .seconds(600))
    /// What is done with a record that is rejected, or that no attempt could deliver.
    public var onError = ErrorTolerance.stop
    /// What is demanded of the delivery; `nil` for the best that source and sinks allow.
    public var guarantee: DeliveryGuarantee?
    /// What is done at the start, and when a partition is assigned, where somebody owns the offsets: fail, wait as a
    /// standby, or take over.
    public var claim = ClaimPolicy.failIfOwned

    /// The defaults.
    public init() {}

    /// What makes the options useless, if anything does.
    var defect: String? {
        let counts = [
            ("maxPollRecords", maxPollRecords), ("maxInFlightRecords", maxInFlightRecords),
            ("maxInFlightBytes", maxInFlightBytes), ("maxUncommittedRecords", maxUncommittedRecords),
            ("maxUncommittedBytes", maxUncommittedBytes),
        ]
        if let (name, count) = counts.first(where: { $0.1 < 1 }) { return "\(name) is \(count); give at least 1" }
        if maxUncommittedTime < .milliseconds(1) {
            return "maxUncommittedTime is \(maxUncommittedTime); give at least a millisecond"
        }
        if !(0...1).contains(laneShare) { return "laneShare is \(laneShare); give a number from 0 to 1" }
        return rateLimit?.defect
    }

    /// What part of a limit the records behind a failing one may take up.
    func laneShare(of limit: Int) -> Int {
        Int(exactly: (Double(limit) * laneShare).rounded(.down)) ?? limit
    }

    /// How long the source has to wait in one call before what is committable is committed early.
    var idleDelay: Duration { min(.milliseconds(10), commitInterval) }
}
