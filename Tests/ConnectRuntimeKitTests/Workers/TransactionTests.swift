// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Pipeline: transactions that hold records and their positions", .timeLimit(.minutes(10)))
struct TransactionTests {
    private static let bad = ConnectorError(.invalidRecord, "bad")

    private let clock = ManualClock()
    private let journal = Journal()

    /// Records named by partition and number; one whose name ends with `-` does not end its unit.
    private func batch(_ names: String..., marks: String...) -> SourceBatch {
        var batch = SourceBatch(
            names.map { name in
                let place = Self.place(name)
                var record = ConnectorRecord(.text(place.text), partition: place.position.partition)
                if !name.hasSuffix("-") { record.offset = place.position.offset }
                return record
            }
        )
        batch.progress = marks.map { Self.place($0).position }
        return batch
    }

    private static func place(_ name: String) -> (text: String, position: RecordPosition) {
        let text = String(name.prefix { $0 != "-" })
        let offset = RecordOffset(Int64(text.dropFirst()) ?? 0)
        return (text, RecordPosition(partition: RecordPartition(String(text.prefix(1))), offset: offset))
    }

    /// What was put, each transaction with the positions that it moves.
    private func run(
        _ batches: [SourceBatch],
        _ functions: [any RecordFunction] = [],
        preferred: Int? = nil,
        letters: LetterStore = LetterStore(),
        options: DeliveryOptions = DeliveryOptions(),
        onPut: @escaping @Sendable ([String]) throws -> PutResult = { _ in .delivered }
    ) async throws -> (transactions: [String], outcome: Outcome) {
        let script = Script(batches)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
            through: functions,
            to: TransactionSink(journal: journal, preferred: preferred, onPut: onPut),
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(letters),
            options: options,
            clock: clock.connectorClock
        )
        let outcome = try await clock.ticking { await ending(of: pipeline) }
        return (journal.entries, outcome)
    }

    @Test("G4 G7: a transaction that holds a whole unit covers what was filtered out of it")
    func filteredInsideUnit() async throws {
        let (transactions, outcome) = try await run(
            [batch("a0-", "a1-", "a2", "a3", "a4")],
            [.filter { $0.text != "a1" }],
            preferred: 2
        )
        #expect(transactions == ["a0 a2 → a2", "a3 a4 → a4"])
        #expect(outcome.counts.filtered == 1 && outcome.counts.isBalanced)
    }

    @Test("G7: the search for a bad record does not cut units")
    func halving() async throws {
        let options = DeliveryOptions.with { $0.onError = .drop }
        let (transactions, outcome) = try await run([batch("a0", "a1-", "a2-", "a3")], options: options) { names in
            if names.contains("a3") { throw Self.bad }
            return .delivered
        }
        // The unit cannot be parted, so that all of it is bad.
        #expect(transactions == ["a0 → a0", "→ a3"])
        #expect(outcome.counts.dropped == 3 && outcome.counts.isBalanced)
    }

    @Test("G7: the search for a bad record parts units whose last record was filtered out")
    func halvingWithoutEnds() async throws {
        let options = DeliveryOptions.with { $0.onError = .drop }
        let ends: Set<String> = ["a1", "a3", "a5"]
        let (transactions, outcome) = try await run(
            [batch("a0-", "a1", "a2-", "a3", "a4-", "a5")],
            [.filter { !ends.contains($0.text) }],
            options: options
        ) { names in
            if names.contains("a2") { throw Self.bad }
            return .delivered
        }
        #expect(transactions == ["a0 → a1", "a4 → a5"])
        #expect(outcome.counts.dropped == 1 && outcome.counts.delivered == 2 && outcome.counts.isBalanced)
    }

    @Test("G7: when a function fails inside a unit, nothing of the unit is put")
    func failingFunction() async throws {
        let fail = InlineFunction { record in
            guard record.text != "a2" else { throw Self.bad }
            return .record(record)
        }
        let (transactions, outcome) = try await run([batch("a0", "a1-", "a2-", "a3")], [fail])
        #expect(transactions == ["a0 → a0"])
        #expect(outcome.error?.code == .invalidRecord && outcome.counts.inFlight == 3)
    }

    @Test("G4 G5: a mark does not wait behind records of another partition", arguments: [true, false])
    func marksOfOthers(isRejected: Bool) async throws {
        let gate = Gate()
        let (transactions, outcome) = try await run(
            [batch("b0", marks: "a0"), batch("b1", marks: "a1"), batch("a2")],
            letters: LetterStore { _ in try await gate.pass() },
            options: .with { $0.onError = .deadLetter }
        ) { [journal] names in
            if names == ["a2"] { gate.open() }
            guard names.contains("b0"), !journal.entries.contains("a2 → a2") else { return .delivered }
            return .verdicts([0: isRejected ? .reject(Self.bad) : .retry()])
        }
        #expect(transactions.first == "a2 → a2")
        #expect(outcome.error == nil && outcome.counts.isBalanced)
    }
}

/// Notes each transaction that takes place.
private struct TransactionSink: PositionKeepingSink {
    let journal: Journal
    let preferred: Int?
    let onPut: @Sendable ([String]) throws -> PutResult

    var traits: SinkTraits { SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: preferred)) }

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] { [] }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        let names = batch.map(\.text)
        let result = try onPut(names)
        guard result.isDelivered else { return result }
        let ends = advance.steps.map { "\($0.new.position.partition.name)\($0.new.position.offset)" }.sorted()
        journal.note((names + ["→"] + ends).joined(separator: " "))
        return result
    }

    func put(_ batch: RecordBatch) async throws -> PutResult { throw ConnectorError(.fatal, "without positions") }
}
