// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Many runs of pipelines whose source, sink and store behave at random, each ended at a random moment and continued.
///
/// Whatever happens, each partition reaches the sink in order, the committed position never runs ahead of what was
/// flushed, and the run that ends the work has delivered everything.
@Suite("Pipeline: random runs", .timeLimit(.minutes(10)))
struct RandomRunTests {
    @Test("S106 G1 G2 G3 G5 G6 G7: nothing is lost, repeats are bounded, order is kept", arguments: 0..<150)
    func randomRun(seed: Int) async throws {
        let world = RandomWorld(seed: UInt64(seed))
        let store = InMemoryOffsetStore()
        var runs = 0
        while !world.isComplete, runs < 60 {
            runs += 1
            let pipeline = Pipeline(
                "random",
                from: RandomSource(world),
                to: RandomSink(world),
                offsets: store,
                options: world.options()
            )
            await run(pipeline, world)
            let stored = try await store.stored("random")
            world.checkCommitted(stored)
        }
        #expect(world.isComplete, "seed \(seed): the work did not end in \(runs) runs")
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems.prefix(3))")
    }

    /// Runs to the end, or stops or cancels somewhere on the way.
    private func run(_ pipeline: Pipeline, _ world: RandomWorld) async {
        world.beginRun()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                _ = try? await pipeline.run()
                return true
            }
            let ending = world.random(0..<6)
            if ending < 4 {
                group.addTask {
                    for _ in 0..<world.random(1..<400) { await Task.yield() }
                    return false
                }
                if await group.next() == false {
                    if ending < 2 { pipeline.stop() } else { group.cancelAll() }
                }
            }
            await group.waitForAll()
        }
    }
}

/// What the random source has, what the random sink got, and what was wrong.
final class RandomWorld: Sendable {
    private struct State {
        var generator: SeededGenerator
        var delivered: [Int: [Int64]] = [:]
        var deliveredInRun: [Int: Int64] = [:]
        /// The newest entry of each partition that a flush has made durable.
        var flushed: [Int: Int64] = [:]
        var problems: [String] = []
    }

    let partitions: [RecordPartition]
    let counts: [Int64]
    /// The number of records in each unit of a partition.
    let unitSizes: [Int64]
    private let state: Mutex<State>

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...5, using: &generator)
        partitions = (0..<count).map { RecordPartition("\($0)") }
        counts = (0..<count).map { _ in Int64.random(in: 0...300, using: &generator) }
        unitSizes = (0..<count).map { _ in [1, 1, 1, 3, 7][Int.random(in: 0..<5, using: &generator)] }
        state = Mutex(State(generator: generator))
    }

    func random(_ range: Range<Int>) -> Int { state.withLock { Int.random(in: range, using: &$0.generator) } }

    func options() -> DeliveryOptions {
        var options = DeliveryOptions()
        options.maxPollRecords = random(1..<40)
        options.maxInFlightRecords = random(1..<200)
        options.maxUncommittedRecords = random(1..<300)
        options.commitInterval = .microseconds(random(1..<3000))
        return options
    }

    var problems: [String] { state.withLock(\.problems) }

    var isComplete: Bool {
        state.withLock { state in
            partitions.indices.allSatisfy { Set(state.delivered[$0] ?? []).count == counts[$0] }
        }
    }

    func beginRun() {
        state.withLock { $0.deliveredInRun = [:] }
    }

    func deliver(_ records: ArraySlice<ConnectorRecord>) {
        state.withLock { state in
            for record in records {
                guard let partition = Int(record.partition.name), let number = record.data.text.flatMap({ Int64($0) })
                else { continue }
                if let last = state.deliveredInRun[partition], number != last + 1 {
                    state.problems.append("partition \(partition): \(number) after \(last)")
                }
                state.deliveredInRun[partition] = number
                state.delivered[partition, default: []].append(number)
            }
        }
    }

    func flush() {
        state.withLock { state in
            state.flushed.merge(state.deliveredInRun) { max($0, $1) }
        }
    }

    /// What is committed was delivered and flushed before, up to the end of a unit, without a gap.
    func checkCommitted(_ positions: [StoredPosition]) {
        state.withLock { state in
            for position in positions {
                guard let partition = Int(position.position.partition.name),
                    let number = position.position.offset.sequence
                else { continue }
                if number > state.flushed[partition] ?? -1 {
                    state.problems.append("partition \(partition): committed \(number), flushed \(state.flushed)")
                }
                if (number + 1) % unitSizes[partition] != 0, number + 1 != counts[partition] {
                    state.problems.append("partition \(partition): \(number) is inside a unit")
                }
                let delivered = Set(state.delivered[partition] ?? [])
                if delivered.filter({ $0 <= number }).count != number + 1 {
                    state.problems.append("partition \(partition): committed \(number) with a gap before it")
                }
            }
        }
    }

    func problem(_ text: String) { state.withLock { $0.problems.append(text) } }
}

/// Reads the world's partitions in turns, in batches of random size, and sometimes fails.
actor RandomSource: CommittingSource {
    private let world: RandomWorld
    private var next: [Int64] = []
    private var isPolling = false

    init(_ world: RandomWorld) { self.world = world }

    func start(_ context: ConnectorContext) async throws {
        for partition in world.partitions {
            next.append(try await context.offset(of: partition)?.sequence.map { $0 + 1 } ?? 0)
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        if isPolling { world.problem("two polls at once") }
        isPolling = true
        defer { isPolling = false }
        try Task.checkCancellation()
        let mood = world.random(0..<100)
        if mood < 20 { await Task.yield() }
        if mood == 99 { throw ConnectorError(.retryable, "a poll failed") }
        if mood == 98 { try await Task.sleep(for: .milliseconds(world.random(1..<15))) }
        var records: [ConnectorRecord] = []
        let wanted = world.random(1..<request.maxRecords + 1)
        while records.count < wanted, let partition = next.indices.first(where: { next[$0] < world.counts[$0] }) {
            let turns = world.random(1..<20)
            for _ in 0..<min(turns, wanted - records.count) where next[partition] < world.counts[partition] {
                records.append(record(partition))
            }
            if world.random(0..<3) == 0 { break }
        }
        let isEnd = next.indices.allSatisfy { next[$0] >= world.counts[$0] }
        let quiet: Duration? = world.random(0..<10) == 0 ? .zero : nil
        return SourceBatch(records, isEnd: isEnd && records.isEmpty, quiet: quiet)
    }

    private func record(_ partition: Int) -> ConnectorRecord {
        let number = next[partition]
        next[partition] += 1
        let endsUnit = (number + 1) % world.unitSizes[partition] == 0 || number + 1 == world.counts[partition]
        return ConnectorRecord(
            .text("\(number)"),
            partition: world.partitions[partition],
            offset: endsUnit ? RecordOffset(number) : nil
        )
    }

    func commit(_ positions: [RecordPosition]) async throws {
        if world.random(0..<20) == 0 { throw ConnectorError(.notConnected, "could not take note") }
    }
}

/// Takes batches at random speed, sometimes only a part of them, and sometimes fails.
actor RandomSink: Sink {
    private let world: RandomWorld
    private var isBusy = false

    init(_ world: RandomWorld) { self.world = world }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        try enter("a put")
        defer { isBusy = false }
        let mood = world.random(0..<200)
        if mood < 40 { await Task.yield() }
        if mood == 199 { throw ConnectorError(.retryable, "a put failed") }
        if mood == 198 { try await Task.sleep(for: .milliseconds(1)) }
        if mood == 197 {
            let index = world.random(0..<batch.count)
            world.deliver(batch.records[..<index])
            return .stopped(at: index, of: batch.count, .reject(ConnectorError(.invalidRecord, "bad")))
        }
        world.deliver(batch.records[...])
        return .delivered
    }

    func flush() async throws {
        try enter("a flush")
        defer { isBusy = false }
        if world.random(0..<50) == 0 { throw ConnectorError(.retryable, "a flush failed") }
        if world.random(0..<3) == 0 { await Task.yield() }
        world.flush()
    }

    private func enter(_ call: String) throws {
        if isBusy { world.problem("\(call) together with another call") }
        isBusy = true
    }
}
