// SPDX-License-Identifier: Apache-2.0

/// How far the life of a pipeline has come.
public struct PipelineState: Sendable, Hashable, CustomStringConvertible {
    /// The name of the state.
    public let description: String

    static let all = [created, starting, running, paused, draining, stopped, failed, restarting]

    private init(_ name: String) { description = name }

    /// Has never run.
    public static let created = PipelineState("created")
    /// Claims the offsets and starts the connectors.
    public static let starting = PipelineState("starting")
    /// Moves records.
    public static let running = PipelineState("running")
    /// Polls no more for the time being.
    public static let paused = PipelineState("paused")
    /// Polls no more; delivers and commits what was polled, and stops the connectors.
    public static let draining = PipelineState("draining")
    /// Does not run: it has come to its end, or was asked to stop.
    public static let stopped = PipelineState("stopped")
    /// Does not run, because something failed.
    public static let failed = PipelineState("failed")
    /// Waits for its next run, because something failed.
    public static let restarting = PipelineState("restarting")
}
