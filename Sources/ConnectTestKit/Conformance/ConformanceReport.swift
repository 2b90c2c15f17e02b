// SPDX-License-Identifier: Apache-2.0

/// What a conformance suite found, check by check.
public struct ConformanceReport: Sendable, Hashable {
    /// What was checked, in the words of its author.
    public let subject: String
    /// The results in the order of the checks.
    public let results: [ConformanceResult]
    /// How long it took.
    public let elapsed: Duration

    /// The checks that failed.
    public var failures: [ConformanceResult] { results.filter { $0.verdict == .failed } }

    /// Whether nothing failed.
    public var isPassed: Bool { failures.isEmpty }

    /// The result of the check with a name, or `nil` where it was not run.
    public subscript(name: String) -> ConformanceResult? { results.first { $0.name == name } }

    /// Ends a test with the table of results where anything failed.
    ///
    /// - Throws: ``ConformanceError``, whose description is the table.
    public func check() throws {
        if !isPassed { throw ConformanceError(report: self) }
    }
}

extension ConformanceReport: CustomStringConvertible {
    /// A headline, and a line for each check: name, verdict and reason in columns.
    public var description: String {
        let names = results.map(\.name.count).max() ?? 0
        let verdicts = results.map(\.verdict.description.count).max() ?? 0
        let lines = results.map { result in
            "\(result.name.padded(to: names))  \(result.verdict.description.padded(to: verdicts))  \(result.reason)"
        }
        return ([headline] + lines).joined(separator: "\n")
    }

    private var headline: String {
        let passed = results.count { $0.verdict == .passed }
        return "\(subject): \(passed) passed, \(failures.count) failed, "
            + "\(results.count - passed - failures.count) not applicable"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
