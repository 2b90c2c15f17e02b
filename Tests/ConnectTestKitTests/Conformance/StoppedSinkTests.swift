// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// A sink that notes whether it is started and stopped.
private final class CountedSink: Sink {
    final class Ledger: Sendable {
        private let counts = Mutex((started: 0, stopped: 0))
        var balance: Int { counts.withLock { $0.started - $0.stopped } }
        var started: Int { counts.withLock(\.started) }
        func start() { counts.withLock { $0.started += 1 } }
        func stop() { counts.withLock { $0.stopped += 1 } }
    }

    private let base: InMemorySink
    private let ledger: Ledger
    private let isStarted = Mutex(false)

    init(_ log: InMemoryLog, _ ledger: Ledger) {
        base = InMemorySink(log)
        self.ledger = ledger
    }

    func start(_ context: ConnectorContext) async throws {
        isStarted.withLock { $0 = true }
        ledger.start()
    }

    func stop() async { if isStarted.withLock(\.self) { ledger.stop() } }
    func put(_ batch: RecordBatch) async throws -> PutResult { try await base.put(batch) }
    func flush() async throws { try await base.flush() }
}

@Suite("The suite and what it starts", .timeLimit(.minutes(10)))
struct StoppedSinkTests {
    @Test("Each sink that is started is stopped, also where a check turns out not to be applicable")
    func stopsWhatItStarts() async {
        let ledger = CountedSink.Ledger()
        let report = await SinkConformance("CountedSink") {
            let log = InMemoryLog()
            return SinkSubject(
                makeSink: { CountedSink(log, ledger) },
                durable: { log.records.map { $0.data.text ?? "" } }
            )
        }.run()
        #expect(report.isPassed, "\(report)")
        #expect(ledger.started > 5 && ledger.balance == 0, "\(ledger.balance) are not stopped")
    }
}
