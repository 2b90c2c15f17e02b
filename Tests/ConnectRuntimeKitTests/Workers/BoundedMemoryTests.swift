// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

/// What is in flight has a limit, whatever the sinks do, whatever is made of the records, wherever they wait.
@Suite("Pipeline: bounded memory", .timeLimit(.minutes(10)))
struct BoundedMemoryTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let name: String
        var sinks = 1
        var puts = 1
        var parts = 1
        var isInStep = false
        var retries = false
        var testDescription: String { name }
    }

    private static let shapes = [
        Shape(name: "one sink"),
        Shape(name: "four puts at a time", puts: 4),
        Shape(name: "three sinks", sinks: 3),
        Shape(name: "three sinks in step", sinks: 3, isInStep: true),
        Shape(name: "a split", parts: 4),
        Shape(name: "a split for two sinks", sinks: 2, parts: 3),
        Shape(name: "held back", retries: true),
        Shape(name: "held back at two sinks", sinks: 2, retries: true),
        Shape(name: "held back after a split", parts: 4, retries: true),
    ]

    private static let byteLimit = 8_500_000
    private static let recordLimit = 64
    private static let batch = 3

    @Test(
        "G10: with sinks that hang or refuse, what is in flight stays under its limit",
        arguments: shapes,
        [100, 1_000_000]
    )
    func hanging(shape: Shape, size: Int) async throws {
        let (hang, resting) = (Gate(), Gate())
        let clock = ManualClock()
        let source = numbered(size: size, resting)
        let sinks = (0..<shape.sinks).map { number in
            NamedSink("s\(number)", HangingSink(shape, hang))
        }
        let pipeline = Pipeline(
            "p",
            from: source,
            through: shape.parts == 1 ? [] : [.split { Self.parts(of: $0, shape.parts) }],
            to: shape.isInStep ? sinks.map(Self.inStep) : sinks,
            offsets: InMemoryOffsetStore(),
            options: .with { options in
                options.maxPollRecords = Self.batch
                options.maxInFlightRecords = Self.recordLimit
                options.maxInFlightBytes = Self.byteLimit
                options.laneShare = 1
                options.retry = .forever
            },
            clock: clock.connectorClock
        )
        let run = PipelineRun(pipeline)
        async let counts = run.execute()
        try await resting.pass()
        let polled = run.counts.polled - run.counts.delivered
        let copies = shape.parts == 1 ? 1 : 1 + shape.parts
        let overshoot = Self.batch * copies * size
        #expect(polled <= Self.recordLimit)
        #expect(polled * copies * size <= Self.byteLimit + (copies > 1 ? overshoot : 0))
        let isFull = polled == Self.recordLimit || (polled + Self.batch) * copies * size >= Self.byteLimit
        // The share of a lane counts the parts of a record, so that a lane of many parts is held back before that.
        #expect(isFull || shape.retries && shape.parts > 1, "\(polled)")
        hang.open()
        async let _: Void = move(clock)
        #expect(try await counts.delivered == 100)
    }

    private func move(_ clock: ManualClock) async {
        while !Task.isCancelled {
            await Task.yield()
            clock.advance(by: .milliseconds(100))
        }
    }

    private func numbered(size: Int, _ resting: Gate) -> RestingSource {
        let next = Mutex<Int64>(0)
        return RestingSource(resting: resting) { request in
            let room = min(request.maxRecords, max(1, request.maxBytes / size))
            let first = next.withLock { next in
                defer { next += Int64(room) }
                return next
            }
            let numbers = min(first, 100)..<min(first + Int64(room), 100)
            guard !numbers.isEmpty else { return .end }
            return SourceBatch(
                numbers.map { ConnectorRecord(.bytes(Array(repeating: 1, count: size)), offset: RecordOffset($0)) }
            )
        }
    }

    private static func parts(of record: ConnectorRecord, _ count: Int) -> [ConnectorRecord] {
        (0..<count).map { part in
            var made = record
            made.data = .bytes(Array(repeating: UInt8(part), count: record.data.count))
            return made
        }
    }

    private static func inStep(_ sink: NamedSink) -> NamedSink {
        NamedSink(sink.name, StepSink(RandomOutput()) { _ = try await sink.make().put(RecordBatch([])) })
    }

    @Test("G10: lines are charged with the whole buffer that they were cut from, once")
    func wholeBuffers() async throws {
        let (hang, resting) = (Gate(), Gate())
        let next = Mutex<Int64>(0)
        let source = RestingSource(resting: resting) { request in
            let number = next.withLock { next in
                next += 1
                return next
            }
            guard number <= 30 else { return .end }
            let buffer = SharedBytes(Array(repeating: UInt8(1), count: 1_000_000))
            return SourceBatch(
                (0..<10).map { line in
                    ConnectorRecord(
                        .bytes(buffer.slice(line * 10..<line * 10 + 10)),
                        offset: RecordOffset(number * 10 + Int64(line))
                    )
                }
            )
        }
        let pipeline = Pipeline(
            "p",
            from: source,
            to: [
                NamedSink("x", HangingSink(Shape(name: "", sinks: 2), hang)),
                NamedSink("y", HangingSink(Shape(name: "", sinks: 2), hang)),
            ],
            offsets: InMemoryOffsetStore(),
            options: .with { $0.maxInFlightBytes = Self.byteLimit }
        )
        async let counts = pipeline.run()
        try await resting.pass()
        #expect(pipeline.status.counts.polled == 80)
        hang.open()
        #expect(try await counts.delivered == 300)
    }

    @Test("G10: structured values are charged by what they hold, once, also behind a function", arguments: [0, 1])
    func structured(functions: Int) async throws {
        let (hang, resting) = (Gate(), Gate())
        let next = Mutex<Int64>(0)
        let source = RestingSource(resting: resting) { request in
            let number = next.withLock { next in
                next += 1
                return next
            }
            guard number <= 30 else { return .end }
            let row: StructuredObject = ["text": .string(String(repeating: "x", count: 1_000_000))]
            return SourceBatch([ConnectorRecord(.structured(.object(row)), offset: RecordOffset(number))])
        }
        let pipeline = Pipeline(
            "p",
            from: source,
            through: Array(repeating: .filter { _ in true }, count: functions),
            to: [
                NamedSink("x", HangingSink(Shape(name: "", sinks: 2), hang)),
                NamedSink("y", HangingSink(Shape(name: "", sinks: 2), hang)),
            ],
            offsets: InMemoryOffsetStore(),
            options: .with { $0.maxInFlightBytes = Self.byteLimit }
        )
        async let counts = pipeline.run()
        try await resting.pass()
        #expect(pipeline.status.counts.polled == 8)
        hang.open()
        let ended = try await counts
        #expect(ended.delivered == 30)
        #expect(ended.deliveredBytes >= 30_000_000)
    }

    @Test("G10: one record that is larger than the limit is let through alone")
    func oversized() async throws {
        let (hang, resting) = (Gate(), Gate())
        let source = numbered(size: 20_000_000 / 100, resting)
        let pipeline = Pipeline(
            "p",
            from: source,
            to: [NamedSink("x", HangingSink(Shape(name: "", sinks: 2), hang)), NamedSink("y", CountingSink())],
            offsets: InMemoryOffsetStore(),
            options: .with { $0.maxInFlightBytes = 100_000 }
        )
        async let counts = pipeline.run()
        try await resting.pass()
        #expect(pipeline.status.counts.polled == 1)
        hang.open()
        #expect(try await counts.delivered == 100)
    }

    @Test("G10 S10: partitions that are seen once leave nothing behind", arguments: [1, 3])
    func manyPartitions(puts: Int) async throws {
        let total = 30_000
        let next = Mutex(0)
        let source = ScriptedSource(
            journal: Journal(),
            traits: SourceTraits(positions: .upstream),
            onPoll: { request in
                let first = next.withLock { next in
                    defer { next += request.maxRecords }
                    return next
                }
                guard first < total else { return .end }
                return SourceBatch(
                    (first..<min(first + request.maxRecords, total)).map {
                        ConnectorRecord("x", partition: RecordPartition("\($0)"), offset: RecordOffset(0))
                    }
                )
            }
        )
        let failures = Mutex(0)
        let sink = ScriptedSink(
            journal: Journal(),
            traits: SinkTraits(maxConcurrentPuts: puts),
            onPut: { batch in
                // Some of them wait in a lane for a while.
                let isOdd = failures.withLock { count in
                    count += 1
                    return count % 5 == 0
                }
                return isOdd && batch.count > 1 ? .verdicts([batch.count / 2: .retry()]) : .delivered
            }
        )
        let pipeline = Pipeline(
            "p",
            from: source,
            to: sink,
            options: .with { options in
                options.maxUncommittedRecords = 5_000
                options.retry = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(1))
            }
        )
        let run = PipelineRun(pipeline)
        let counts = try await run.execute()
        #expect(counts.committed == total)
        guard let handOver = run.state.withLock({ $0.handOver }) else { throw CancellationError() }
        let left = handOver.step { state, _ in
            [
                state.ledger.partitionCount, state.shipments.count, state.desks[0].followed.count,
                state.desks[0].lanes.groups.count, state.desks[0].queue.records, state.watchers.count,
            ]
        }
        #expect(left[0] <= Ledger.partitionsKeptWhenIdle && left.dropFirst().allSatisfy { $0 == 0 }, "\(left)")
        #expect(handOver.step { state, _ in state.desks[0].lanes.isEmpty })
    }
}

/// Hangs until it is released, or refuses everything until then.
private struct HangingSink: Sink {
    private let shape: BoundedMemoryTests.Shape
    private let hang: Gate

    init(_ shape: BoundedMemoryTests.Shape, _ hang: Gate) {
        self.shape = shape
        self.hang = hang
    }

    var traits: SinkTraits { SinkTraits(maxConcurrentPuts: shape.puts) }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        if shape.retries, !hang.isOpen { return .stopped(at: 0, of: batch.count, .retry()) }
        try await hang.pass()
        return .delivered
    }

    func flush() async throws {}
}
