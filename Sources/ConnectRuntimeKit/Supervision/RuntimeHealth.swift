// SPDX-License-Identifier: Apache-2.0

/// How the pipelines of a ``ConnectRuntime`` are, each and together.
public struct RuntimeHealth: Sendable, CustomStringConvertible {
    /// The health of each pipeline, in the order in which they were added.
    public let pipelines: [PipelineHealth]
    /// Whether the runtime is being stopped, or has ended: it delivers and commits what it has, and takes nothing new.
    public let isStopping: Bool

    /// Whether everything does what is wanted of it, and goes on doing so: what a readiness probe asks.
    public var isReady: Bool { level == .healthy && !isStopping }
    /// That of the pipeline that is worst off: running with a failed part is not healthy.
    public var level: HealthLevel { pipelines.map(\.level).max() ?? .healthy }
    /// What is wrong, a sentence for each pipeline.
    public var problems: [String] { pipelines.compactMap(\.problem) }

    /// The level, and what is wrong.
    public var description: String { ([level.description] + problems).joined(separator: "; ") }
}
