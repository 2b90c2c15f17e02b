// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The metrics of several pipelines at one moment.
public struct RuntimeMetrics: Sendable {
    /// When they were taken, by the wall clock.
    public let time: RecordTimestamp
    /// Those of each pipeline.
    public let pipelines: [PipelineMetrics]

    /// All figures of all pipelines, for an exporter.
    public var samples: [MetricSample] { pipelines.flatMap(\.samples) }

    /// The metrics of pipelines at a moment.
    public init(time: RecordTimestamp, pipelines: [PipelineMetrics]) {
        self.time = time
        self.pipelines = pipelines
    }
}
