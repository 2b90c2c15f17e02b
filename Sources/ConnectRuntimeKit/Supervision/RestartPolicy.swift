// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Whether and when a pipeline that failed is run again: after a random part of a delay that doubles from failure to
/// failure, from its committed positions, with connectors that are made anew.
public struct RestartPolicy: Sendable, Hashable {
    /// The longest wait after the first failure.
    public var firstDelay: Duration
    /// The longest wait after any failure.
    public var maxDelay: Duration
    /// How often a pipeline is run again that does not become healthy in between; `nil` for as often as it takes.
    public var maxRestarts: Int?
    /// How long a pipeline has to run for its earlier failures to be forgotten.
    public var healthyAfter: Duration

    /// A policy; delays below a millisecond count as one millisecond.
    public init(
        firstDelay: Duration = .seconds(1),
        maxDelay: Duration = .seconds(300),
        maxRestarts: Int? = 10,
        healthyAfter: Duration = .seconds(300)
    ) {
        self.firstDelay = firstDelay
        self.maxDelay = maxDelay
        self.maxRestarts = maxRestarts
        self.healthyAfter = healthyAfter
    }

    /// No pipeline is run again by itself.
    public static let never = RestartPolicy(maxRestarts: 0)
    /// Pipelines are run again until they stay up or are stopped.
    public static let forever = RestartPolicy(maxRestarts: nil)

    /// Whether a run that failed is followed by another one.
    ///
    /// - Parameter hasTurn: whether there may be work for it although somebody else has taken its place: for a standby when
    ///   that one ends, for a member of a group with the other partitions.
    func allows(_ error: ConnectorError, restarts: Int, hasTurn: Bool) -> Bool {
        guard restarts < maxRestarts ?? .max else { return false }
        switch error.code {
        // Nothing will change by itself.
        case .invalidConfiguration, .corruptOffsets: return false
        case .fenced: return hasTurn
        default: return true
        }
    }

    /// How long to wait before a restart, counted from 1.
    func delay(before restart: Int, _ randomness: PipelineRandomness) -> Duration {
        RetryPolicy(firstDelay: firstDelay, maxDelay: maxDelay, maxAttempts: nil)
            .delay(afterFailures: restart, randomness)
    }
}
