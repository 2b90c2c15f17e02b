// SPDX-License-Identifier: Apache-2.0

/// What a check of a conformance suite found.
public struct ConformanceVerdict: Sendable, Hashable, CustomStringConvertible {
    /// The name of the verdict, as it stands in the table.
    public let description: String

    private init(_ name: String) { description = name }

    /// The contract was kept.
    public static let passed = ConformanceVerdict("passed")
    /// The contract was broken.
    public static let failed = ConformanceVerdict("failed")
    /// The check is about something that the subject does not have, or that its author gave no way to see.
    public static let notApplicable = ConformanceVerdict("not applicable")
}
