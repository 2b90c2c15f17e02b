// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: a source with a reader for each partition", .timeLimit(.minutes(10)))
struct PartitionedSourceTests {
    private func entries(_ shard: String, _ range: Range<Int>) -> [String] { range.map { "\(shard)\($0)" } }

    private func pipeline(
        _ log: ShardedLog,
        _ output: ShardOutput,
        traits: SourceTraits = SourceTraits(),
        store: any OffsetStore = InMemoryOffsetStore(),
        options: DeliveryOptions = DeliveryOptions(),
        clock: ConnectorClock = .continuous
    ) -> Pipeline {
        Pipeline(
            "p",
            from: ShardedSource(log: log, traits: traits),
            to: ShardSink(output: output),
            offsets: store,
            options: options,
            clock: clock
        )
    }

    @Test("every partition is read to its end, in order, and committed; a next run goes on behind it")
    func readsAll() async throws {
        let log = ShardedLog(["a": entries("a", 0..<2500), "b": entries("b", 0..<10), "c": []])
        let output = ShardOutput()
        let store = InMemoryOffsetStore()
        let counts = try await pipeline(log, output, store: store).run()
        #expect(counts.delivered == 2510 && counts.committed == 2510)
        #expect(output["a"] == entries("a", 0..<2500) && output["b"] == entries("b", 0..<10))
        #expect(log.openReaders == 0 && log.shards.values.allSatisfy { $0.mostReaders == 1 })

        log.append(["b10"], to: "b", isClosed: true)
        #expect(try await pipeline(log, output, store: store).run().polled == 1)
        #expect(output["b"] == entries("b", 0..<11))
    }

    @Test("a reader that waits holds up no other, and a stop ends all of them")
    func waitingReader() async throws {
        let log = ShardedLog(["a": [], "b": []], isClosed: false)
        let output = ShardOutput()
        let pipeline = pipeline(log, output)
        async let counts = pipeline.run()
        try await log.wait { $0.openReaders == 2 }
        for number in 0..<50 {
            log.append(["b\(number)"], to: "b")
            try await output.wait(for: number + 1)
        }
        pipeline.stop()
        #expect(try await counts.committed == 50)
        #expect(output["b"] == entries("b", 0..<50) && log.openReaders == 0)
    }

    @Test(
        "S68 G5: the reader of a partition that is held back rests, then goes on, though all else waits"
    )
    func heldBack() async throws {
        let log = ShardedLog(["bad": entries("bad", 0..<400), "good": entries("good", 0..<200)], isClosed: false)
        let output = ShardOutput()
        output.refused = "bad"
        var options = DeliveryOptions()
        options.maxInFlightRecords = 80
        options.maxPollRecords = 5
        options.retry = .forever
        let clock = ManualClock()
        let pipeline = pipeline(log, output, options: options, clock: clock.connectorClock)
        let counts = try await clock.ticking(by: .milliseconds(2)) {
            async let counts = pipeline.run()
            try await output.wait(for: 200)
            let polls = log.shards["bad"]?.polls ?? 0
            #expect(polls * 5 <= 80, "the reader went on")
            output.refused = nil
            try await output.wait(for: 600)
            pipeline.stop()
            return try await counts
        }
        #expect(output["bad"] == entries("bad", 0..<400) && counts.committed == 600)
    }

    @Test(
        "partitions that are added are read; one that was away goes on where it was read to"
    )
    func changes() async throws {
        let log = ShardedLog(["a": entries("a", 0..<10)], isFinal: false, isClosed: false)
        let output = ShardOutput()
        let pipeline = pipeline(log, output)
        async let counts = pipeline.run()
        try await output.wait(for: 10)
        log.append(entries("b", 0..<5), to: "b")
        log.list(["a", "b"])
        try await output.wait(for: 15)
        log.list(["b"])
        try await log.wait { $0.shards["a"]?.openReaders == 0 }
        log.append(entries("a", 10..<20), to: "a", isClosed: true)
        log.append(entries("b", 5..<6), to: "b", isClosed: true)
        try await output.wait(for: 16)
        log.list(["b", "a"], isFinal: true)
        #expect(try await counts.committed == 26)
        #expect(output["a"] == entries("a", 0..<20) && output["b"] == entries("b", 0..<6))
    }

    @Test("G7: a partition taken off the list in the middle of a unit is read to the end of the unit")
    func closesBetweenUnits() async throws {
        let log = ShardedLog(["a": ["a0", "a1+"], "b": []], isFinal: false, isClosed: false)
        let output = ShardOutput()
        let pipeline = pipeline(log, output)
        async let counts = pipeline.run()
        try await output.wait(for: 2)
        log.list(["b"])
        log.append(["a2+"], to: "a")
        try await output.wait(for: 3)
        log.append(["a3"], to: "a")
        try await log.wait { $0.shards["a"]?.openReaders == 0 }
        log.append(["a4"], to: "a")
        try await output.wait(for: 4)
        pipeline.stop()
        #expect(try await counts.committed == 4)
        #expect(output["a"] == ["a0", "a1+", "a2+", "a3"])
    }

    @Test(
        "S59: partitions that come and go are claimed, and given back committed when they are not listed"
    )
    func claims() async throws {
        let log = ShardedLog(
            ["a": entries("a", 0..<10), "b": entries("b", 0..<10)],
            isFinal: false,
            isClosed: false
        )
        let output = ShardOutput()
        let store = InMemoryOffsetStore()
        var options = DeliveryOptions()
        options.commitInterval = .seconds(3600)
        let pipeline = pipeline(
            log,
            output,
            traits: SourceTraits(hasDynamicPartitions: true),
            store: store,
            options: options
        )
        async let counts = pipeline.run()
        try await output.wait(for: 20)
        let scope = ClaimScope(connector: "p", partition: RecordPartition("a"))
        await #expect(throws: ConnectorError.self) { try await store.claim(ClaimRequest(scope: scope)) }
        log.list(["b"])
        let claim = try await store.claim(ClaimRequest(scope: scope, policy: .wait))
        #expect(claim.positions.map(\.position.offset) == [RecordOffset(9)])
        try await store.release(claim.token)
        log.append(entries("a", 10..<12), to: "a")
        log.list(["a", "b"])
        try await output.wait(for: 22)
        pipeline.stop()
        #expect(try await counts.committed == 22)
        #expect(output["a"] == entries("a", 0..<12) && log.openReaders == 0)
    }

    @Test("S15 G9: a reader that fails is tried again, and the others go on meanwhile")
    func failingReader() async throws {
        let log = ShardedLog(["a": entries("a", 0..<10), "b": entries("b", 0..<10)]) { _, shard, poll in
            if shard == "a", poll <= 3 { throw ConnectorError(.retryable, "busy") }
        }
        let output = ShardOutput()
        var options = DeliveryOptions()
        options.retry = .forever
        let clock = ManualClock()
        let pipeline = pipeline(log, output, options: options, clock: clock.connectorClock)
        async let counts = pipeline.run()
        // Nobody has moved the clock.
        try await output.wait(for: 10)
        #expect(output["b"] == entries("b", 0..<10) && output["a"].isEmpty)
        try await clock.ticking(by: .milliseconds(20)) { try await output.wait(for: 20) }
        #expect(try await counts.committed == 20)
        #expect(log.shards["a"]?.polls == 4)
    }

    @Test("a reader that fails for good ends the pipeline with an error that names the partition")
    func failedReader() async throws {
        let log = ShardedLog(["a": [], "b": entries("b", 0..<10)], isClosed: false) { _, shard, _ in
            if shard == "a" { throw ConnectorError(.retryable, "no such shard") }
        }
        var options = DeliveryOptions()
        options.retry = RetryPolicy(maxAttempts: 1)
        let events = Journal()
        let pipeline = Pipeline(
            "p",
            from: ShardedSource(log: log),
            to: ShardSink(output: ShardOutput()),
            offsets: InMemoryOffsetStore(),
            options: options,
            observer: .events { events.note($0.message) }
        )
        let error = await failure(of: pipeline)
        #expect(error?.message.contains("no such shard") == true)
        #expect(log.openReaders == 0)
    }

    @Test("S17: a lost connection is restored once for all readers")
    func reconnects() async throws {
        let lost = Mutex<Set<String>>(["a", "b"])
        let early = Mutex(0)
        let both = Gate()
        let log = ShardedLog(["a": entries("a", 0..<10), "b": entries("b", 0..<10)]) { log, shard, _ in
            guard lost.withLock({ $0.remove(shard) }) != nil else {
                if log.reconnects == 0 { early.withLock { $0 += 1 } }
                return
            }
            if lost.withLock(\.isEmpty) { both.open() }
            try await both.pass()
            throw ConnectorError(.notConnected, "gone")
        }
        let output = ShardOutput()
        var options = DeliveryOptions()
        options.retry = .forever
        let clock = ManualClock()
        let pipeline = pipeline(log, output, options: options, clock: clock.connectorClock)
        let counts = try await clock.ticking(by: .milliseconds(20)) { try await pipeline.run() }
        #expect(counts.committed == 20 && log.reconnects == 1)
        #expect(early.withLock(\.self) == 0)
    }

    @Test("a reader that returns something of another partition is refused")
    func foreign() async throws {
        struct Stray: PartitionedSource {
            struct Reader: PartitionReader {
                func poll(_ request: PollRequest) async throws -> SourceBatch {
                    SourceBatch(records(1...1, partition: RecordPartition("b")))
                }
            }
            func partitions() async throws -> PartitionList { PartitionList([RecordPartition("a")]) }
            func reader(of: RecordPartition, from: RecordOffset?) async throws -> any PartitionReader { Reader() }
        }
        let pipeline = Pipeline(
            "p",
            from: Stray(),
            to: ShardSink(output: ShardOutput()),
            offsets: InMemoryOffsetStore()
        )
        let error = await failure(of: pipeline)
        #expect(error?.code == .fatal && error?.message.contains("\"b\"") == true)
    }

    @Test("G10: with a sink that hangs the readers read no more than what may be in flight")
    func bounded() async throws {
        let shards = (0..<8).map { "s\($0)" }
        let log = ShardedLog(Dictionary(uniqueKeysWithValues: shards.map { ($0, entries($0, 0..<1000)) }))
        let gate = Gate()
        let output = ShardOutput()
        output.gate = gate
        var options = DeliveryOptions()
        options.maxInFlightRecords = 160
        let pipeline = pipeline(log, output, options: options)
        async let counts = pipeline.run()
        await gate.arrivals(1)
        try await log.wait { log in log.shards.values.allSatisfy { $0.polls > 0 } }
        for _ in 0..<2000 { await Task.yield() }
        #expect(log.readEntries <= 160)
        gate.open()
        #expect(try await counts.committed == 8000)
    }

    @Test(
        "what the readers had returned before a stop is delivered, since not every source can replay it"
    )
    func takesRest() async throws {
        let log = ShardedLog(["a": entries("a", 0..<100), "b": entries("b", 0..<100)])
        let gate = Gate()
        let output = ShardOutput()
        output.gate = gate
        var options = DeliveryOptions()
        options.maxInFlightRecords = 16
        options.maxPollRecords = 4
        let traits = SourceTraits(positions: .nobody, isReplayable: false)
        let pipeline = pipeline(log, output, traits: traits, options: options)
        async let counts = pipeline.run()
        await gate.arrivals(1)
        try await log.wait { $0.readEntries >= 12 }
        pipeline.stop()
        gate.open()
        #expect(try await counts.delivered == log.readEntries)
        #expect(log.openReaders == 0)
        #expect(output["a"] + output["b"] == entries("a", 0..<output["a"].count) + entries("b", 0..<output["b"].count))
    }

    @Test("a partition that has come to its end ends nothing while the rest of what was read is handed over")
    func takesRestBehindAnEnd() async throws {
        let log = ShardedLog(["a": ["a0"], "b": ["b0"], "c": ["c0"]])
        let output = ShardOutput()
        let isStopping = Gate()
        let calls = Mutex(0)
        let function = InlineFunction { record in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call == 1 { try await isStopping.pass() }
            if call == 3 {
                try await output.wait(for: 2)
                // Long enough for a sink to find that it has nothing more to do.
                for _ in 0..<2000 { await Task.yield() }
            }
            return .record(record)
        }
        let run = PipelineRun(
            Pipeline(
                "p",
                from: ShardedSource(log: log, traits: SourceTraits(positions: .nobody, isReplayable: false)),
                through: [function],
                to: ShardSink(output: output),
                options: .with { $0.drainDeadline = .seconds(3600) }
            )
        )
        async let counts = run.execute()
        try await log.wait { $0.readEntries == 3 }
        run.stop.request()
        while run.state.withLock(\.handOver)?.step({ state, _ in state.phase }) == .running { await Task.yield() }
        isStopping.open()
        #expect(try await counts.delivered == 3)
        #expect(["a", "b", "c"].flatMap { output[$0] } == ["a0", "b0", "c0"])
    }

    @Test("G2 G4 G5 G7: units over many polls into a sink that keeps positions, ended anywhere", arguments: 0..<40)
    func randomRuns(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let table = TransactionalTable()
        let names = ["a", "b", "c", "d"]
        var shards: [String: [String]] = [:]
        for name in names {
            shards[name] = (0..<Int.random(in: 0...60, using: &generator)).map { index in
                "\(name)\(index)" + (Int.random(in: 0..<3, using: &generator) == 0 ? "+" : "")
            }
            shards[name]?.append("\(name)end")
        }
        let log = ShardedLog(shards) { _, _, poll in
            for _ in 0..<(poll * 7 % 5) { await Task.yield() }
        }
        var options = DeliveryOptions()
        options.maxInFlightRecords = Int.random(in: 2...40, using: &generator)
        options.maxPollRecords = Int.random(in: 1...10, using: &generator)
        let total = shards.values.reduce(0) { $0 + $1.count }
        while table.rows.count < total {
            let pipeline = Pipeline(
                "p",
                from: ShardedSource(log: log),
                to: TransactionalTable.Writer(table),
                offsets: InMemoryOffsetStore(),
                options: options
            )
            let patience = Int.random(in: 0...400, using: &generator)
            let isAbrupt = Bool.random(using: &generator)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await pipeline.run() }
                for _ in 0..<patience { await Task.yield() }
                if isAbrupt { group.cancelAll() } else { pipeline.stop() }
            }
        }
        for name in names {
            #expect(table.rows.filter { $0.hasPrefix(name) } == shards[name], "seed \(seed)")
        }
        #expect(log.openReaders == 0)
    }
}
