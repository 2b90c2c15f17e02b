// SPDX-License-Identifier: Apache-2.0

/// What a pipeline is doing at a moment.
public struct PipelineStatus: Sendable, Hashable {
    /// How far the life of a run has come.
    public struct Phase: Sendable, Hashable, CustomStringConvertible {
        /// The name of the phase.
        public let description: String

        private init(_ name: String) { description = name }

        /// Claims the offsets and starts the connectors.
        public static let starting = Phase("starting")
        /// Moves records.
        public static let running = Phase("running")
        /// Polls no more; delivers and commits what was polled.
        public static let draining = Phase("draining")
        /// Stops the connectors.
        public static let stopping = Phase("stopping")
        /// Does not run.
        public static let stopped = Phase("stopped")
    }

    /// How far the life of the run has come.
    public let phase: Phase
    /// What was moved, in this run or, when it is stopped, in the one before.
    public let counts: DeliveryCounts
    /// The calls into connectors and the offset store that have not returned, such as `poll of the source`.
    public let calls: [String]
}
