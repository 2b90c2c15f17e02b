// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

extension ManualClock {
    /// Moves the clock on by itself while the body runs.
    func ticking<Result: Sendable>(
        by step: Swift.Duration = .milliseconds(1),
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    for _ in 0..<4 { await Task.yield() }
                    self.advance(by: step)
                }
                return nil
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() ?? nil else { throw CancellationError() }
            return result
        }
    }
}

extension PipelineRandomness {
    /// No jitter: each delay is as long as it can be.
    static let longest = PipelineRandomness { .max }
}

extension DeadLetter {
    /// The text of the record, and why it is here.
    var summary: String { "\(record.data.text ?? "?") \(stage) \(sink ?? "-") \(parts) \(attempts) \(errorCode)" }
}
