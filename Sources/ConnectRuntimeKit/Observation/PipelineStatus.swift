// SPDX-License-Identifier: Apache-2.0

/// What a pipeline is doing at a moment.
public struct PipelineStatus: Sendable, Hashable {
    /// How far its life has come.
    public let state: PipelineState
    /// What was moved, in this run or, when it is stopped, in the one before.
    public let counts: DeliveryCounts
    /// The calls into connectors, functions and the offset store that have not returned, such as the `poll of the source`.
    ///
    /// The duration of a poll, of a put by the source's own task and of functions is not known: reading a clock for each
    /// of these would cost more than a small batch.
    public let calls: [RunningCall]
}
