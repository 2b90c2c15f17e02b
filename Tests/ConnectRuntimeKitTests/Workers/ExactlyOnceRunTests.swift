// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Random runs into sinks that can be cut back, or that keep positions: each record is there exactly once.
@Suite("Pipeline: exactly once in random runs", .timeLimit(.minutes(10)))
struct ExactlyOnceRunTests {
    @Test("G4 G7: a sink that is cut back to its checkpoint has every record once", arguments: 0..<120)
    func checkpointing(seed: Int) async throws {
        let world = RandomWorld(seed: UInt64(seed))
        let output = RandomOutput()
        let store = InMemoryOffsetStore()
        for run in 0..<80 {
            let pipeline = Pipeline(
                "random",
                from: RandomSource(world),
                to: CutBackSink(world, output),
                offsets: store,
                options: world.options()
            )
            if await world.endsWork(pipeline, isLast: run > 60) { break }
        }
        let rows = output.rows
        for (partition, count) in world.counts.enumerated() {
            let numbers = rows.filter { $0.hasPrefix("\(partition):") }
            #expect(numbers == (0..<count).map { "\(partition):\($0)" }, "seed \(seed)")
        }
        #expect(output.restoredBeyondEnd == 0)
    }

    @Test(
        "G4 G7 S49 S54 S105: a sink that keeps positions has every record once, in transactions of whole units",
        arguments: 0..<120
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
        for run in 0..<200 {
            let pipeline = Pipeline(
                "random",
                from: RandomSource(world),
                to: TransactionalTable.Writer(table),
                options: world.options()
            )
            if await world.endsWork(pipeline, isLast: run > 150) { break }
        }
        #expect(table.rows.count == world.counts.reduce(0) { $0 + Int($1) }, "seed \(seed)")
        let expected = world.counts.flatMap { (0..<$0).map { "\($0)" } }
        #expect(table.rows.sorted() == expected.sorted(), "seed \(seed)")
    }
}

extension RandomWorld {
    /// Runs the pipeline, mostly not to its end; whether it came to its end.
    func endsWork(_ pipeline: Pipeline, isLast: Bool) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await pipeline.run() } catch { return false }
                return true
            }
            let ending = isLast ? 5 : random(0..<6)
            guard ending < 4 else { return await group.next() ?? false }
            group.addTask {
                for _ in 0..<self.random(1..<400) { await Task.yield() }
                return false
            }
            let first = await group.next() ?? false
            if !first { if ending == 0 { pipeline.stop() } else { group.cancelAll() } }
            _ = await group.next()
            return first
        }
    }
}

/// An output that can be cut back, and what was asked of it.
final class RandomOutput: Sendable {
    private let state = Mutex((rows: [String](), beyond: 0))

    var rows: [String] { state.withLock(\.rows) }
    var restoredBeyondEnd: Int { state.withLock(\.beyond) }

    func append(_ rows: [String]) { state.withLock { $0.rows += rows } }

    func cut(to count: Int) {
        state.withLock { state in
            if count > state.rows.count { state.beyond += 1 }
            state.rows.removeLast(max(0, state.rows.count - count))
        }
    }
}

/// A checkpointing sink over a random output; like a file, it keeps what was put although nobody committed it.
actor CutBackSink: CheckpointingSink {
    private let world: RandomWorld
    private let output: RandomOutput

    init(_ world: RandomWorld, _ output: RandomOutput) {
        self.world = world
        self.output = output
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        if world.random(0..<10) == 0 { await Task.yield() }
        let rows = batch.map { "\($0.partition.name):\($0.data.text ?? "")" }
        if world.random(0..<100) == 0 {
            output.append(Array(rows.prefix(world.random(0..<rows.count + 1))))
            throw ConnectorError(.retryable, "half a put")
        }
        output.append(rows)
        return .delivered
    }

    func flush() async throws {
        if world.random(0..<30) == 0 { throw ConnectorError(.fatal, "a flush failed") }
        if world.random(0..<3) == 0 { await Task.yield() }
    }

    func checkpoint() async throws -> SinkCheckpoint {
        SinkCheckpoint(SharedBytes(utf8: "\(output.rows.count)"))
    }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        output.cut(to: checkpoint.flatMap { Int(String(decodingUTF8: $0.bytes)) } ?? 0)
    }
}
