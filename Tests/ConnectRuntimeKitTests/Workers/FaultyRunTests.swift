// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Random runs with functions, bad records and passing errors into sinks that can be cut back, or that keep positions.
///
/// Whatever happens and wherever a run ends, what is good reaches the sink exactly once and in order, and what is bad
/// reaches the dead letters.
@Suite("Pipeline: exactly once in random runs with bad records", .timeLimit(.minutes(10)))
struct FaultyRunTests {
    /// A few of them each time; more than a thousand were run.
    private static let seeds = 0..<24

    @Test(
        "G4 G5 G8 S105: a sink that keeps positions, with functions, retries, verdicts, lost answers and dead letters",
        arguments: FaultyRunTests.seeds
    )
    func positionKeeping(seed: Int) async throws {
        let world = RandomWorld(seed: UInt64(seed))
        let table = TransactionalTable { _ in
            switch world.random(0..<40) {
            case 0: .lostAfterCommit
            case 1: .lostBeforeCommit
            default: .arrives
            }
        }
        let letters = try await run(world, seed) { [NamedSink("x", FaultyWriter(world, table))] }
        check(table.rows, letters, world, full: seed % 2 == 0, "seed \(seed)")
    }

    @Test(
        "G4 G5 G8: a sink that is cut back, with functions, retries, verdicts and dead letters",
        arguments: FaultyRunTests.seeds
    )
    func checkpointing(seed: Int) async throws {
        let world = RandomWorld(seed: UInt64(seed))
        let output = RandomOutput()
        let letters = try await run(world, seed) { [NamedSink("x", FaultyCutBackSink(world, output))] }
        check(output.rows, letters, world, full: seed % 2 == 0, "seed \(seed)")
        #expect(output.restoredBeyondEnd == 0)
    }

    @Test("G4 G1: two sinks that are cut back stay in step with each other", arguments: FaultyRunTests.seeds)
    func fanOut(seed: Int) async throws {
        let world = RandomWorld(seed: UInt64(seed))
        let (first, second) = (RandomOutput(), RandomOutput())
        let letters = try await run(world, seed) {
            [NamedSink("x", FaultyCutBackSink(world, first)), NamedSink("y", FaultyCutBackSink(world, second))]
        }
        check(first.rows, letters, world, full: seed % 2 == 0, "first, seed \(seed)")
        check(second.rows, letters, world, full: seed % 2 == 0, "second, seed \(seed)")
    }

    /// Runs until the work is done; the records in the dead letters, or `nil` where bad ones were dropped.
    private func run(_ world: RandomWorld, _ seed: Int, _ sinks: () -> [NamedSink]) async throws -> Set<String>? {
        let store = InMemoryOffsetStore()
        let letters = LetterStore { _ in
            for _ in 0..<world.random(0..<40) { await Task.yield() }
            if world.random(0..<30) == 0 { throw ConnectorError(.retryable, "no letter today") }
        }
        var isOver = false
        for run in 0..<300 where !isOver {
            var options = world.options()
            options.onError = seed % 3 == 0 ? .drop : .deadLetter
            options.retry.firstDelay = .milliseconds(1)
            options.outage.firstDelay = .milliseconds(1)
            options.guarantee = .exactlyOnce
            let pipeline = Pipeline(
                "random",
                from: RandomSource(world),
                through: seed % 2 == 0 ? Self.functions : [Self.functions[0]],
                to: sinks(),
                offsets: store,
                deadLetters: .store(letters),
                options: options
            )
            isOver = await world.endsWork(pipeline, isLast: run > 200)
            #expect(pipeline.audit.isBalanced, "seed \(seed): \(pipeline.audit.faults)")
            if isOver { #expect(pipeline.status.counts.isBalanced, "seed \(seed): \(pipeline.status.counts)") }
        }
        #expect(isOver, "seed \(seed)")
        return seed % 3 == 0 ? nil : Set(letters.letters.map { "\($0.record.partition.name):\($0.record.text)" })
    }

    private static let functions: [any RecordFunction] = [
        .map { record in
            var record = record
            record.data = .text("\(record.partition.name):\(record.text)")
            return record
        },
        .filter { Row($0.text).fate != .filtered },
        InlineFunction { record in
            let row = Row(record.text)
            if row.fate == .failsInFunction { throw ConnectorError(.invalidRecord, "bad") }
            guard row.fate == .split else { return .record(record) }
            var second = record
            second.data = .text("\(record.text)+")
            return .split([record, second])
        },
    ]

    private func check(_ rows: [String], _ letters: Set<String>?, _ world: RandomWorld, full: Bool, _ comment: Comment)
    {
        for (partition, count) in world.counts.enumerated() {
            let all = (0..<count).map { Row("\(partition):\($0)") }
            let expected = all.flatMap { $0.rows(full: full) }
            #expect(rows.filter { $0.hasPrefix("\(partition):") } == expected, comment)
            guard let letters else { continue }
            let bad = all.filter { $0.isBad(full: full) }.map(\.text)
            #expect(letters.filter { $0.hasPrefix("\(partition):") } == Set(bad), comment)
        }
    }
}

/// What is to become of a row, by its number alone.
struct Row {
    enum Fate { case good, filtered, failsInFunction, split, rejected }
    let text: String
    let fate: Fate

    init(_ text: String) {
        self.text = text
        let digits = text.split(separator: ":").last?.prefix { $0 != "+" } ?? ""
        switch (Int(digits) ?? 0) % 29 {
        case 3, 4: fate = .filtered
        case 8: fate = .failsInFunction
        case 12, 20: fate = .split
        case 17, 18: fate = .rejected
        default: fate = .good
        }
    }

    /// The rows that a sink is to have, with all functions or with none that does more than rename.
    func rows(full: Bool) -> [String] {
        switch fate {
        case .rejected: []
        case .filtered, .failsInFunction: full ? [] : [text]
        case .split: full ? [text, text + "+"] : [text]
        case .good: [text]
        }
    }

    func isBad(full: Bool) -> Bool { fate == .rejected || full && fate == .failsInFunction }
}

extension RecordBatch {
    fileprivate var firstRejected: Int? { firstIndex { Row($0.text).fate == .rejected } }
}

/// Writes a table; rejects bad rows in one of several ways, and sometimes fails.
private actor FaultyWriter: PositionKeepingSink {
    private let world: RandomWorld
    private let base: TransactionalTable.Writer

    init(_ world: RandomWorld, _ table: TransactionalTable) {
        self.world = world
        base = TransactionalTable.Writer(table)
    }

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] { try await base.positions(in: scope) }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        switch world.random(0..<60) {
        case 0: throw ConnectorError(.retryable, "busy")
        case 1 where !batch.isEmpty:
            return .stopped(at: world.random(0..<batch.count), of: batch.count, .retry())
        case 2..<8: await Task.yield()
        default: break
        }
        guard let index = batch.firstRejected else { return try await base.put(batch, advancing: advance) }
        let verdict = RecordVerdict.reject(ConnectorError(.invalidRecord, "bad"))
        if world.unitSizes.allSatisfy({ $0 == 1 }), world.random(0..<2) == 0 {
            throw ConnectorError(.invalidRecord, "bad")
        }
        if world.random(0..<2) == 0 { return .stopped(at: index, of: batch.count, verdict) }
        let bad = batch.indices.filter { Row(batch[$0].text).fate == .rejected }
        return .verdicts(Dictionary(uniqueKeysWithValues: bad.map { ($0, verdict) }))
    }

    func put(_ batch: RecordBatch) async throws -> PutResult { try await base.put(batch) }
}

/// The same for an output that is cut back.
private actor FaultyCutBackSink: CheckpointingSink {
    private let world: RandomWorld
    private let output: RandomOutput

    init(_ world: RandomWorld, _ output: RandomOutput) {
        self.world = world
        self.output = output
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        if world.random(0..<10) == 0 { await Task.yield() }
        let verdict = RecordVerdict.reject(ConnectorError(.invalidRecord, "bad"))
        let bad = batch.indices.filter { Row(batch[$0].text).fate == .rejected }
        switch world.random(0..<60) {
        case 0:
            output.append(batch[..<world.random(0..<batch.count + 1)].map(\.text))
            throw ConnectorError(.retryable, "half a put")
        case 1:
            let index = bad.first ?? world.random(0..<batch.count)
            output.append(batch[..<index].map(\.text))
            return .stopped(at: index, of: batch.count, bad.isEmpty ? .retry() : verdict)
        case 2..<20 where !bad.isEmpty:
            throw ConnectorError(.invalidRecord, "bad")
        default:
            output.append(batch.indices.filter { !bad.contains($0) }.map { batch[$0].text })
            return .verdicts(Dictionary(uniqueKeysWithValues: bad.map { ($0, verdict) }))
        }
    }

    func flush() async throws {
        if world.random(0..<40) == 0 { throw ConnectorError(.retryable, "a flush failed") }
        if world.random(0..<3) == 0 { await Task.yield() }
    }

    func checkpoint() async throws -> SinkCheckpoint { SinkCheckpoint(SharedBytes(utf8: "\(output.rows.count)")) }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        output.cut(to: checkpoint.flatMap { Int(String(decodingUTF8: $0.bytes)) } ?? 0)
    }
}
