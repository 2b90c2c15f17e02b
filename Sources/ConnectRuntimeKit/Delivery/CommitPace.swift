// SPDX-License-Identifier: Apache-2.0

/// Judges by the duration of the last commit whether the next one would hold up polling if the source's task did it.
struct CommitPace: Sendable {
    /// Waking the committer, and the source's task meeting it, costs as much as this.
    private static let allowance = Duration.microseconds(50)

    /// Not before the first commit, of which nothing is known.
    private(set) var isQuick = false

    mutating func note(_ duration: Duration) { isQuick = duration <= Self.allowance }
}
