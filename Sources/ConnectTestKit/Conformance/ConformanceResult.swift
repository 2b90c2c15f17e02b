// SPDX-License-Identifier: Apache-2.0

/// The outcome of one check of a conformance suite.
public struct ConformanceResult: Sendable, Hashable {
    /// The name of the check, such as `source.order`. It stays the same over versions.
    public let name: String
    /// What was found.
    public let verdict: ConformanceVerdict
    /// One sentence: what holds, or what was expected, what was seen instead and what to do, or what is missing for the
    /// check.
    public let reason: String
}

extension ConformanceResult: CustomStringConvertible {
    /// Everything on one line.
    public var description: String { "\(name) \(verdict): \(reason)" }
}
