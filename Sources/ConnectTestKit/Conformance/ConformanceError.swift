// SPDX-License-Identifier: Apache-2.0

/// Says that a connector or a store does not keep its contract.
public struct ConformanceError: Error, Sendable {
    /// All that was found.
    public let report: ConformanceReport
}

extension ConformanceError: CustomStringConvertible {
    /// The table of the report.
    public var description: String { report.description }
}
