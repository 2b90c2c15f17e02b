// SPDX-License-Identifier: Apache-2.0

/// How far the life of a pipeline has come.
public struct PipelineState: Sendable, Hashable, CustomStringConvertible {
    /// The name of the state.
    public let description: String
    /// The number by which metrics tell the state.
    let number: Int

    private init(_ name: String, _ number: Int) {
        description = name
        self.number = number
    }

    /// Has never run.
    public static let created = PipelineState("created", 0)
    /// Claims the offsets and starts the connectors.
    public static let starting = PipelineState("starting", 1)
    /// Moves records.
    public static let running = PipelineState("running", 2)
    /// Polls no more for the time being.
    public static let paused = PipelineState("paused", 3)
    /// Polls no more; delivers and commits what was polled, and stops the connectors.
    public static let draining = PipelineState("draining", 4)
    /// Does not run: it has come to its end, or was asked to stop.
    public static let stopped = PipelineState("stopped", 5)
    /// Does not run, because something failed.
    public static let failed = PipelineState("failed", 6)
    /// Waits for its next run, because something failed.
    public static let restarting = PipelineState("restarting", 7)
}
