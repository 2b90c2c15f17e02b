// SPDX-License-Identifier: Apache-2.0

/// Counts bad records among the last ones, to tell a bad record from bad data.
struct FailureWindow: Sendable {
    private let limit: ErrorTolerance.Limit?
    /// How many records were settled when each of the last bad ones was noted.
    private var failures: [Int] = []

    init(_ limit: ErrorTolerance.Limit?) { self.limit = limit }

    /// Notes a bad record; whether that is one too many.
    ///
    /// - Parameter settled: how many records have come to their end before, bad ones included.
    mutating func note(settled: Int) -> Bool {
        guard let limit else { return false }
        let number = settled
        failures.append(number)
        failures.removeAll { $0 <= number - max(limit.records, 1) }
        return failures.count >= max(limit.failures, 1)
    }
}
