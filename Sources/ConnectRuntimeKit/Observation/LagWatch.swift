// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Asks a source how far behind it is, when somebody wants to know, and never twice at once.
///
/// Who asks for the metrics gets the newest answer there is: a source that takes its time, fails or hangs keeps nobody
/// waiting.
final class LagWatch: Sendable {
    private let newest = Lock<[RecordPartition: Int64]?>(nil)
    private let wanted = Bell()

    private static let leastInterval = Duration.seconds(1)

    /// The newest answer; another one is asked for.
    func read() -> [RecordPartition: Int64]? {
        wanted.ring()
        return newest.withLock { $0 }
    }

    /// Answers until the task is cancelled.
    func run(_ source: any LagReporting, _ clock: ConnectorClock, _ calls: CallRegister) async {
        while !Task.isCancelled {
            await wanted.wait()
            guard !Task.isCancelled else { return }
            let lag = try? await calls.noting("lag", of: "source") { try await source.lag() }
            newest.withLock { $0 = lag }
            try? await clock.sleep(for: Self.leastInterval)
        }
    }
}
