// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// How often the instances of a connector were started and stopped.
private final class StartLedger: Sendable {
    private let counts = Mutex((started: 0, stopped: 0))
    var balance: Int { counts.withLock { $0.started - $0.stopped } }
    var started: Int { counts.withLock(\.started) }
    func start() { counts.withLock { $0.started += 1 } }
    func stop() { counts.withLock { $0.stopped += 1 } }
}

/// A source without any ability that notes whether it is started and stopped.
private final class CountedSource: Source {
    private let base = PushQueue()
    private let ledger: StartLedger
    private let isStarted = Mutex(false)

    init(_ ledger: StartLedger) { self.ledger = ledger }

    var traits: SourceTraits { base.traits }

    func start(_ context: ConnectorContext) async throws {
        isStarted.withLock { $0 = true }
        ledger.start()
    }

    func stop() async {
        if isStarted.withLock(\.self) { ledger.stop() }
        await base.stop()
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch { try await base.poll(request) }
    func send(_ items: [String]) async throws {
        for item in items { try await base.send(ConnectorRecord(.text(item))) }
    }
}

/// A sink that notes whether it is started and stopped.
private final class CountedSink: Sink {
    private let base: InMemorySink
    private let ledger: StartLedger
    private let isStarted = Mutex(false)

    private let refuses: Bool

    init(_ log: InMemoryLog, _ ledger: StartLedger, refuses: Bool = false) {
        self.refuses = refuses
        base = InMemorySink(log)
        self.ledger = ledger
    }

    func start(_ context: ConnectorContext) async throws {
        isStarted.withLock { $0 = true }
        ledger.start()
    }

    func stop() async { if isStarted.withLock(\.self) { ledger.stop() } }
    func put(_ batch: RecordBatch) async throws -> PutResult {
        if refuses { throw ConnectorError(.fatal, "nothing is taken") }
        return try await base.put(batch)
    }
    func flush() async throws { try await base.flush() }
}

@Suite("The suite and what it starts", .timeLimit(.minutes(10)))
struct StoppedConnectorTests {
    @Test("Each sink that is started is stopped, also where a check turns out not to be applicable")
    func stopsWhatItStarts() async {
        let ledger = StartLedger()
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

    @Test("Each sink that is started is stopped once, whatever a check finds")
    func stopsSinks() async {
        let ledger = StartLedger()
        let report = await SinkConformance("CountedSink") {
            let log = InMemoryLog()
            return SinkSubject(makeSink: { CountedSink(log, ledger, refuses: true) }, durable: { [] })
        }.run()
        #expect(report.failures.count > 5, "\(report)")
        #expect(ledger.started > 5 && ledger.balance == 0, "\(ledger.balance) are not stopped")
    }

    @Test("Each source that is started is stopped once, whatever a check finds")
    func stopsSources() async {
        let ledger = StartLedger()
        // Each instance has a queue of its own, so that many checks fail in the middle.
        let limits = ConformanceLimits(call: .milliseconds(50), cancellation: .milliseconds(50))
        let report = await SourceConformance("CountedSource", limits: limits) {
            let source = Mutex(CountedSource(ledger))
            return SourceSubject(
                makeSource: {
                    let made = CountedSource(ledger)
                    source.withLock { $0 = made }
                    return made
                },
                write: { try await source.withLock(\.self).send($0) }
            )
        }.run()
        #expect(report.failures.count > 5, "\(report)")
        #expect(ledger.started > 5 && ledger.balance == 0, "\(ledger.balance) are not stopped")
    }
}
