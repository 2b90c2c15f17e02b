// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// What a check of a pipeline found, without a record having been moved.
public struct PipelineCheck: Sendable {
    /// What was found about one part of the pipeline.
    public struct Finding: Sendable, CustomStringConvertible {
        /// The part: `source`, the name of a sink, `offset store`, `dead letters`.
        public let part: String
        /// In a sentence.
        public let message: String
        /// What keeps the part from working; `nil` where nothing does.
        public let error: ConnectorError?

        /// Part, message and error.
        public var description: String { "\(part): \(message)" + (error.map { ": \($0.message)" } ?? "") }
    }

    /// The name of the pipeline.
    public let pipeline: String
    /// How often a record will reach a sink; `nil` where the make-up of the pipeline is not possible.
    public let guarantee: DeliveryGuarantee?
    /// Why it is not exactly once.
    public let reasons: [String]
    /// The parts, in the order in which they were looked at.
    public let findings: [Finding]

    /// Whether nothing keeps the pipeline from working.
    public var isPassed: Bool { findings.allSatisfy { $0.error == nil } }
}
