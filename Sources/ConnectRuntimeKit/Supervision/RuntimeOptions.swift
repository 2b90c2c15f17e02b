// SPDX-License-Identifier: Apache-2.0

/// How a runtime looks after its pipelines.
public struct RuntimeOptions: Sendable, Hashable {
    /// Whether and when a pipeline that failed is run again.
    public var restart = RestartPolicy()
    /// How long a call into a connector or a store may take before it counts as stalled, and its pipeline as unhealthy.
    ///
    /// By default longer than client libraries wait by themselves: they report then what they have waited for.
    /// A poll may wait as long as it wants until it is cancelled. A call is noticed an eighth of the limit late at most.
    public var stallLimit: Duration = .seconds(180)
    /// How long after a stop of the runtime the observer is told which calls still have not returned.
    ///
    /// Longer than the longest `drainDeadline` of the pipelines, so that each has had its chance to cancel them.
    public var stopDeadline: Duration = .seconds(45)
    /// How often metrics go to the observer; `nil` for never. They can be asked for at any time.
    public var metricsInterval: Duration? = .seconds(10)
    /// Whether the runtime goes on when no pipeline is left that may do any more, because others may be added.
    public var staysWithoutWork = false

    /// The defaults.
    public init() {}
}
