// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

/// Runs something while a manual clock moves on whenever the tasks let it.
func whileMoving<Result: Sendable>(
    _ clock: ManualClock,
    by step: Duration = .milliseconds(20),
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            while !Task.isCancelled {
                await Task.yield()
                clock.advance(by: step)
            }
            return nil
        }
        defer { group.cancelAll() }
        while let next = try await group.next() {
            if let next { return next }
        }
        throw CancellationError()
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
