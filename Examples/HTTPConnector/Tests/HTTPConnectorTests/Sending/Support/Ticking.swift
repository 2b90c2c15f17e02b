// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit

extension ManualClock {
    /// Moves the clock on by itself while the body runs.
    func ticking<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    for _ in 0..<4 { await Task.yield() }
                    self.advance(by: .milliseconds(1))
                }
                return nil
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() ?? nil else { throw CancellationError() }
            return result
        }
    }
}
