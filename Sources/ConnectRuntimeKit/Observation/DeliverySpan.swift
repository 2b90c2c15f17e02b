// SPDX-License-Identifier: Apache-2.0

/// A step on the way of records from the source to their commit, for distributed tracing.
public struct DeliverySpan: Sendable {
    /// The name of the pipeline.
    public let pipeline: String
}
