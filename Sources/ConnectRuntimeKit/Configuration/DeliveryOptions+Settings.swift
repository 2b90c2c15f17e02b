// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The object `delivery` of a pipeline.
extension DeliveryOptions: SettingStructure {
    private enum Lanes: String, CaseIterable, SettingValue { case partition, partitionAndKey }
    private enum Action: String, CaseIterable, SettingValue { case stop, deadLetter, drop }
    private enum Claim: String, CaseIterable, SettingValue { case fail, wait, takeOver }
    private enum Guarantee: String, CaseIterable, SettingValue { case atLeastOnce, exactlyOnce }

    private static let defaults = DeliveryOptions()
    private static let maxPollRecords = Setting<Int>(
        "maxPollRecords",
        "The most records that one poll may return.",
        default: defaults.maxPollRecords
    ).range(1...10_000_000)
    private static let rateLimit = Setting<RateLimit?>(
        "rateLimit",
        "How much may be polled in a second; as much as the sinks take without it."
    )
    private static let maxInFlightRecords = Setting<Int>(
        "maxInFlightRecords",
        "The most records that may be polled and not settled.",
        default: defaults.maxInFlightRecords
    ).range(1...)
    private static let maxInFlightBytes = Setting<ByteSize>(
        "maxInFlightBytes",
        "The most bytes that may be polled and not settled.",
        default: ByteSize(bytes: defaults.maxInFlightBytes)
    ).range(ByteSize(bytes: 1)...)
    private static let commitInterval = Setting<Duration>(
        "commitInterval",
        "How long what is committable may wait to be committed.",
        default: defaults.commitInterval
    )
    private static let maxUncommittedRecords = Setting<Int>(
        "maxUncommittedRecords",
        "The most records that may be polled and not committed: the bound of what is read again after a crash.",
        default: defaults.maxUncommittedRecords
    ).range(1...)
    private static let maxUncommittedBytes = Setting<ByteSize>(
        "maxUncommittedBytes",
        "The most bytes of data that may be polled and not committed.",
        default: ByteSize(bytes: defaults.maxUncommittedBytes)
    ).range(ByteSize(bytes: 1)...)
    private static let maxUncommittedTime = Setting<Duration>(
        "maxUncommittedTime",
        "The longest time without a commit while something is uncommitted; polling rests until the next one.",
        default: defaults.maxUncommittedTime
    ).range(.milliseconds(1)...)
    private static let drainDeadline = Setting<Duration>(
        "drainDeadline",
        "How long a graceful stop may take before the calls still running are cancelled.",
        default: defaults.drainDeadline
    )
    private static let lanes = Setting<Lanes>(
        "lanes",
        "Which records keep their order among themselves.",
        default: .partition
    )
    private static let laneShare = Setting<Double>(
        "laneShare",
        "What part of the limits in flight the records behind a failing one of their lane may take up.",
        default: defaults.laneShare
    ).range(0...1)
    private static let retry = Setting<RetryPolicy>(
        "retry",
        "When a call that failed is made again.",
        default: defaults.retry
    )
    private static let outage = Setting<OutagePolicy>(
        "outage",
        "When a call is made again that failed because the system cannot be reached.",
        default: OutagePolicy(policy: defaults.outage)
    )
    private static let onError = Setting<Action>(
        "onError",
        "What is done with a record that is rejected, or that no attempt could deliver.",
        default: .stop
    )
    private static let errorLimit = Setting<ErrorTolerance.Limit?>(
        "errorLimit",
        "How many bad records among the last ones stop the pipeline, whatever is done with each."
    )
    private static let guarantee = Setting<Guarantee?>(
        "guarantee",
        "What is demanded of the delivery; the best that source and sinks allow without it."
    )
    private static let claim = Setting<Claim>(
        "claim",
        "What is done where somebody owns the offsets: fail, wait as a standby, or take over.",
        default: .fail
    )

    /// Everything about how records are delivered.
    public static var settings: SettingGroup {
        SettingGroup(
            maxPollRecords,
            maxInFlightRecords,
            maxInFlightBytes,
            commitInterval,
            maxUncommittedRecords,
            maxUncommittedBytes,
            maxUncommittedTime,
            drainDeadline
        ).adding(SettingGroup(lanes, laneShare, retry, outage, onError, errorLimit, guarantee, claim, rateLimit))
    }

    /// The configured options.
    public init(_ values: SettingValues) throws {
        self.init()
        maxPollRecords = values[Self.maxPollRecords]
        maxInFlightRecords = values[Self.maxInFlightRecords]
        maxInFlightBytes = values[Self.maxInFlightBytes].bytes
        commitInterval = values[Self.commitInterval]
        maxUncommittedRecords = values[Self.maxUncommittedRecords]
        maxUncommittedBytes = values[Self.maxUncommittedBytes].bytes
        maxUncommittedTime = values[Self.maxUncommittedTime]
        drainDeadline = values[Self.drainDeadline]
        laneShare = values[Self.laneShare]
        retry = values[Self.retry]
        outage = values[Self.outage].policy
        rateLimit = values[Self.rateLimit]
        chooseKinds(values)
    }

    private mutating func chooseKinds(_ values: SettingValues) {
        lanes = values[Self.lanes] == .partition ? .partition : .partitionAndKey
        onError =
            switch values[Self.onError] {
            case .stop: .stop
            case .deadLetter: .deadLetter
            case .drop: .drop
            }
        onError.limit = values[Self.errorLimit]
        guarantee = values[Self.guarantee].map { $0 == .atLeastOnce ? .atLeastOnce : .exactlyOnce }
        claim =
            switch values[Self.claim] {
            case .fail: .failIfOwned
            case .wait: .wait
            case .takeOver: .takeOver
            }
    }
}

extension RetryPolicy: SettingStructure {
    private static let firstDelay = Setting<Duration>(
        "firstDelay",
        "The longest wait after the first failure.",
        default: RetryPolicy().firstDelay
    )
    private static let maxDelay = Setting<Duration>(
        "maxDelay",
        "The longest wait after any failure.",
        default: RetryPolicy().maxDelay
    )
    private static let maxAttempts = Setting<Int?>(
        "maxAttempts",
        "How often a call is made in all; null for as often as it takes.",
        default: RetryPolicy().maxAttempts
    ).range(1...)
    private static let timeLimit = Setting<Duration?>(
        "timeLimit",
        "For how long after the first failure attempts are begun; null for as long as it takes."
    )

    /// Delays and limits.
    public static var settings: SettingGroup { SettingGroup(firstDelay, maxDelay, maxAttempts, timeLimit) }

    /// The configured policy.
    public init(_ values: SettingValues) throws {
        self.init(
            firstDelay: values[Self.firstDelay],
            maxDelay: values[Self.maxDelay],
            maxAttempts: values[Self.maxAttempts],
            timeLimit: values[Self.timeLimit]
        )
    }
}

/// The policy for outages, which has defaults of its own.
private struct OutagePolicy: SettingStructure {
    let policy: RetryPolicy

    private static let defaults = DeliveryOptions().outage
    private static let firstDelay = Setting<Duration>(
        "firstDelay",
        "The longest wait after the first failure.",
        default: defaults.firstDelay
    )
    private static let maxDelay = Setting<Duration>(
        "maxDelay",
        "The longest wait after any failure.",
        default: defaults.maxDelay
    )
    private static let maxAttempts = Setting<Int?>(
        "maxAttempts",
        "How often a call is made in all; null for as often as it takes.",
        default: defaults.maxAttempts
    ).range(1...)
    private static let timeLimit = Setting<Duration?>(
        "timeLimit",
        "For how long after the first failure attempts are begun; null for as long as it takes.",
        default: defaults.timeLimit
    )

    static var settings: SettingGroup { SettingGroup(firstDelay, maxDelay, maxAttempts, timeLimit) }

    init(policy: RetryPolicy) { self.policy = policy }

    init(_ values: SettingValues) throws {
        policy = RetryPolicy(
            firstDelay: values[Self.firstDelay],
            maxDelay: values[Self.maxDelay],
            maxAttempts: values[Self.maxAttempts],
            timeLimit: values[Self.timeLimit]
        )
    }
}

extension ErrorTolerance.Limit: SettingStructure {
    private static let failures = Setting<Int>("failures", "How many bad records are too many.").range(1...)
    private static let records = Setting<Int>("records", "Among how many records that were settled last.").range(1...)

    /// Failures and records.
    public static var settings: SettingGroup { SettingGroup(failures, records) }

    /// The configured limit.
    public init(_ values: SettingValues) throws {
        guard values[Self.failures] <= values[Self.records] else {
            throw values.problem(Self.failures, "is more than \"records\", so the limit would never be reached")
        }
        self.init(values[Self.failures], ofLast: values[Self.records])
    }
}
