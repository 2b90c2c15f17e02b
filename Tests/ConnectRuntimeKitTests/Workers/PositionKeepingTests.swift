// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: positions kept with the data", .timeLimit(.minutes(10)))
struct PositionKeepingTests {
    private let a = RecordPartition("a")
    private let b = RecordPartition("b")

    @Test("G4: what was filtered out moves with the transaction behind it, also while another lane waits")
    func filteredWhileAnotherLaneWaits() async throws {
        let clock = ManualClock()
        let (isHeld, isDone) = (Gate(), Gate())
        let unit = ["a0", "a1", "a2"].enumerated().map { index, text in
            ConnectorRecord(.text(text), partition: a, offset: index == 2 ? RecordOffset(2) : nil)
        }
        let script = Script([SourceBatch([ConnectorRecord("b0", partition: b, offset: RecordOffset(0))])]) {
            try await isHeld.pass()
            return SourceBatch(unit, isEnd: true)
        }
        let table = TransactionalTable()
        let transactions = Transactions()
        let sink = WatchedTable(table, transactions) { batch in
            if batch.contains(where: { $0.text == "a0" }) { isDone.open() }
            guard batch.contains(where: { $0.text == "b0" }), clock.now == ManualClock().now else { return }
            isHeld.open()
            throw ConnectorError(.retryable, "busy")
        }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
            through: [.filter { $0.text != "a1" }],
            to: sink,
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock,
            randomness: .longest
        )
        async let counts = pipeline.run()
        try await isDone.pass()
        clock.advance(by: .seconds(1))
        #expect(try await counts.delivered == 3)
        #expect(transactions.all == ["a0,a2 a:2", "b0 b:0"])
    }

    private let log = (0..<8).map { unit in (0..<3).map { "t\(unit)-\($0)" } }

    /// Runs the log into the table until it is read to its end.
    private func run(
        _ table: TransactionalTable,
        _ transactions: Transactions,
        _ script: FaultScript,
        _ letters: LetterStore
    )
        async throws
    {
        for run in 0..<20 {
            let sink = WatchedTable(table, transactions) { batch in
                if batch.contains(where: { $0.text == "t5-1" }) { throw ConnectorError(.invalidRecord, "bad") }
            }
            let pipeline = Pipeline(
                "p",
                from: TransactionLog(log),
                to: FaultySink(sink, script),
                offsets: InMemoryOffsetStore(),
                deadLetters: .store(letters),
                options: .with { options in
                    options.onError = .deadLetter
                    options.maxPollRecords = 1 + run * 5
                    options.retry.firstDelay = .milliseconds(1)
                    options.outage.firstDelay = .milliseconds(1)
                }
            )
            if await failure(of: pipeline) == nil { return }
        }
        Issue.record("the work did not end")
    }

    @Test(
        "G4 G7: a bad record costs its unit, however it is told; lost answers and refusals leave units whole",
        arguments: 0..<30
    )
    func refusalsAndLostAnswers(seed: Int) async throws {
        let (table, transactions, letters) = (TransactionalTable(), Transactions(), LetterStore())
        let crash = ConnectorError(.fatal, "crash")
        let faults: [Fault] = [
            .busy, .lostAnswer, .disconnected, .losesAnswer(crash), .fails(crash), .tears(after: 1, crash),
            .retries { $0.text.hasSuffix("-1") },
        ]
        try await run(table, transactions, FaultScript(seed: UInt64(seed), oneIn: 4, [.put: faults]), letters)
        #expect(table.rows == log.filter { $0[0] != "t5-0" }.flatMap { $0 })
        #expect(Set(letters.texts) == Set(log[5]))
        #expect(table.transactions.allSatisfy { $0.count % 3 == 0 })
        #expect(transactions.all.allSatisfy { !$0.hasSuffix(" ") }, "each transaction moves a position")
    }

    @Test("G4 G7: a record that is refused alone leaves its unit, which moves on with the rest in one transaction")
    func refusedAlone() async throws {
        let (table, transactions, letters) = (TransactionalTable(), Transactions(), LetterStore())
        let pipeline = Pipeline(
            "p",
            from: TransactionLog(log),
            to: FaultySink(
                WatchedTable(table, transactions),
                FaultScript { $0.method == .put ? .rejects { ["t2-0", "t4-1", "t6-2"].contains($0.text) } : nil }
            ),
            deadLetters: .store(letters),
            options: .with { $0.onError = .deadLetter }
        )
        let counts = try await pipeline.run()
        #expect(counts.isBalanced && counts.deadLettered == 3)
        #expect(table.rows == log.flatMap { $0 }.filter { !["t2-0", "t4-1", "t6-2"].contains($0) })
        #expect(letters.texts == ["t2-0", "t4-1", "t6-2"])
        #expect(table.transactions.allSatisfy { ["-1", "-2"].contains($0.last?.suffix(2)) })
    }
}

/// The transactions that were asked for: their rows, and the positions that they move to.
final class Transactions: Sendable {
    private let state = Mutex<[String]>([])
    var all: [String] { state.withLock { $0 } }

    func note(_ batch: RecordBatch, _ advance: PositionAdvance) {
        let steps = advance.steps.map { "\($0.new.position.partition.name):\($0.new.position.offset)" }
        state.withLock { $0.append("\(batch.map(\.text).joined(separator: ",")) \(steps.joined(separator: ","))") }
    }
}

/// Writes a table, and notes what it was asked for; does before each put what a test wants.
actor WatchedTable: PositionKeepingSink {
    private let base: TransactionalTable.Writer
    private let transactions: Transactions
    private let beforePut: @Sendable (RecordBatch) async throws -> Void

    init(
        _ table: TransactionalTable,
        _ transactions: Transactions,
        beforePut: @escaping @Sendable (RecordBatch) async throws -> Void = { _ in }
    ) {
        base = TransactionalTable.Writer(table)
        self.transactions = transactions
        self.beforePut = beforePut
    }

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] { try await base.positions(in: scope) }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        try await beforePut(batch)
        transactions.note(batch, advance)
        return try await base.put(batch, advancing: advance)
    }

    func put(_ batch: RecordBatch) async throws -> PutResult { try await base.put(batch) }
}
