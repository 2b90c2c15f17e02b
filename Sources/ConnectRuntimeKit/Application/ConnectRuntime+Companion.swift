// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension ConnectRuntime {
    /// Runs the pipelines, and something beside them that is cancelled when they have come to their end.
    ///
    /// - Throws: what the companion throws, once the pipelines are stopped; else what the pipelines end with.
    func run(beside companion: @escaping @Sendable (ConnectRuntime) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await companion(self)
                    return nil
                } catch {
                    guard !Task.isCancelled else { return nil }
                    self.stop()
                    return error
                }
            }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await run()) } catch { outcome = .failure(error) }
            group.cancelAll()
            if let error = try await group.next() ?? nil { throw error }
            try outcome.get()
        }
    }
}
