// SPDX-License-Identifier: Apache-2.0

/// The metrics of one pipeline at one moment.
public struct PipelineMetrics: Sendable {
    /// The name of the pipeline.
    public let pipeline: String
    /// How far its life has come.
    public let state: PipelineState
}
