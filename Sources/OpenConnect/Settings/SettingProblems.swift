// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with a configuration.
public struct SettingProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The names that lead to it, such as `pipelines.orders.sinks[0].path`; empty for the configuration as a whole.
    public let keyPath: String
    /// Where it stands, if it was read from a text.
    public let place: SettingPlace?
    /// What is wrong, and what it should be. Never holds a secret.
    public let message: String

    /// A problem.
    public init(_ message: String, at keyPath: String = "", place: SettingPlace? = nil) {
        self.keyPath = keyPath
        self.place = place
        self.message = message
    }

    /// `FILE:LINE:COLUMN: key.path: message`, on one line.
    public var description: String {
        ((place.map { "\($0): " } ?? "") + (keyPath.isEmpty ? "" : "\(keyPath): ") + message).oneLine
    }
}

/// Everything that is wrong with a configuration.
public struct SettingProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// At least one, in the order of their places.
    public let problems: [SettingProblem]

    /// One or more problems.
    public init(_ problems: [SettingProblem]) {
        // The sort is stable: what has no place, or the same, stays in the order in which it was found.
        self.problems = problems.enumerated().sorted { left, right in
            guard let first = left.element.place, let second = right.element.place, first != second else {
                return left.offset < right.offset
            }
            return first < second
        }.map(\.element)
    }

    /// One problem.
    public init(_ problem: SettingProblem) { problems = [problem] }

    /// The problems, one on each line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }

    /// The problems on one line.
    var sentence: String { problems.map(\.description).joined(separator: "; ") }
}

extension ConnectorError {
    /// The error with the code `invalidConfiguration` that says everything that is wrong.
    public init(_ problems: SettingProblems) {
        self.init(.invalidConfiguration, problems.sentence, cause: problems)
    }
}
