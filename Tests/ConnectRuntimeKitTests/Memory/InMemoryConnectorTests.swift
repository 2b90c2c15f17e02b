// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("In-memory source and sinks", .timeLimit(.minutes(10)))
struct InMemoryConnectorTests {
    private let input = InMemoryLog()
    private let output = InMemoryLog()
    private let store = InMemoryOffsetStore()

    private func pipeline(_ name: String = "p", _ options: DeliveryOptions = DeliveryOptions()) -> Pipeline {
        Pipeline(
            name,
            from: InMemorySource(input),
            to: InMemorySink(output),
            offsets: store,
            options: options
        )
    }

    @Test("a finished log is copied to its end")
    func finished() async throws {
        let log = InMemoryLog(["a", "b", "c"])
        try await Pipeline("p", from: InMemorySource(log), to: InMemorySink(output), offsets: store).run()
        #expect(output.texts == ["a", "b", "c"])
        #expect(output.records.map(\.position) == [.at(0), .at(1), .at(2)])
        #expect(log.committed() == [.at(2)])
    }

    @Test("the next run goes on behind what is committed, also with what was appended after the end")
    func resume() async throws {
        input.append("a")
        input.finish()
        try await pipeline().run()
        input.append("b")
        input.append("c", to: RecordPartition("other"))
        try await pipeline().run()
        #expect(output.texts == ["a", "b", "c"])
        try await pipeline("another").run()
        #expect(output.count == 6, "each pipeline has offsets of its own")
        #expect(input.committed(by: "p") == [.at(1), .at(0, in: "other")])
    }

    @Test("what is appended while it runs is delivered, and a test can wait for delivery and commit")
    func running() async throws {
        try await withThrowingTaskGroup { group in
            let pipeline = pipeline()
            group.addTask { _ = try await pipeline.run() }
            for number in 0..<5 {
                input.append("\(number)", to: RecordPartition("\(number % 2)"))
                #expect(try await output.waitForCount(number + 1).last?.data.text == "\(number)")
            }
            try await input.waitForCommit()
            #expect(input.committed(by: "p") == [.at(2, in: "0"), .at(1, in: "1")])
            try await input.waitForCommit(of: .at(1, in: "0"), by: "p")
            input.finish()
            try await group.waitForAll()
        }
    }

    @Test("several tasks append at the same time, and nothing is lost or out of order")
    func concurrentAppends() async throws {
        try await withThrowingTaskGroup { group in
            let pipeline = pipeline("p", .with { $0.maxInFlightRecords = 50 })
            group.addTask { _ = try await pipeline.run() }
            for writer in 0..<8 {
                group.addTask { [input] in
                    for number in 0..<200 {
                        input.append("\(number)", to: RecordPartition("\(writer)"))
                        if number % 32 == 0 { await Task.yield() }
                    }
                }
            }
            try await output.waitForCount(1600)
            input.finish()
            try await group.waitForAll()
        }
        for writer in 0..<8 {
            let texts = output.records(of: RecordPartition("\(writer)")).map { $0.data.text }
            #expect(texts == (0..<200).map { "\($0)" })
        }
    }

    @Test("G7: a unit that a filter cuts short is committed as a whole")
    func units() async throws {
        input.append(unit: [ConnectorRecord("a1"), ConnectorRecord("a2"), ConnectorRecord("a3")])
        input.append(unit: [ConnectorRecord("b1")])
        input.finish()
        let source = InMemorySource(input)
        try await source.start(.resuming())
        let batch = try await source.poll(.hundred)
        #expect(batch.records.map(\.offset?.sequence) == [nil, nil, 2, 3])
        #expect(batch.isEnd)
        try await Pipeline(
            "p",
            from: InMemorySource(input),
            through: [InlineFunction.filter { $0.data.text != "a3" }],
            to: InMemorySink(output),
            offsets: store
        ).run()
        #expect(output.texts == ["a1", "a2", "b1"] && input.committed() == [.at(3)])
    }

    @Test(
        "a poll takes what the request allows",
        arguments: [
            (PollRequest(maxRecords: 3), ["a0", "a1", "a2"]),
            (PollRequest(maxRecords: 100, maxBytes: 5), ["a0", "a1"]),
            (PollRequest(maxRecords: 100, maxBytes: 1), ["a0"]),
            (PollRequest(maxRecords: 100, heldBack: [RecordPartition("a")]), ["b0", "b1"]),
            (PollRequest(maxRecords: 5), ["a0", "a1", "a2", "b0", "b1"]),
        ]
    )
    func request(_ request: PollRequest, _ expected: [String]) async throws {
        for number in 0..<3 { input.append("a\(number)", to: RecordPartition("a")) }
        for number in 0..<2 { input.append("b\(number)", to: RecordPartition("b")) }
        let source = InMemorySource(input)
        try await source.start(.resuming())
        #expect(try await source.poll(request).records.map(\.text) == expected)
    }

    @Test("structured values take the room that their size asks for")
    func structured() async throws {
        let text = String(repeating: "x", count: 1000)
        for _ in 0..<3 { input.append(.structured(.string(text))) }
        let source = InMemorySource(input)
        try await source.start(.resuming())
        #expect(try await source.poll(PollRequest(maxRecords: 9, maxBytes: 2500)).records.count == 2)
    }

    @Test("partitions have turns: one with much in it keeps no other waiting")
    func turns() async throws {
        for number in 0..<10 { input.append("a\(number)", to: RecordPartition("a")) }
        input.append("b0", to: RecordPartition("b"))
        let source = InMemorySource(input)
        try await source.start(.resuming())
        _ = try await source.poll(PollRequest(maxRecords: 4))
        #expect(try await source.poll(PollRequest(maxRecords: 1)).records.map(\.text) == ["b0"])
        #expect(try await source.lag() == [RecordPartition("a"): 6, RecordPartition("b"): 0])
    }

    @Test("a poll that waits ends when its task is cancelled, and when another partition is no longer held back")
    func waiting() async throws {
        let source = InMemorySource(input)
        try await source.start(.resuming())
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await source.poll(.hundred)) == nil }
            group.cancelAll()
            #expect(await group.next() == true)
        }
        input.append("a", to: RecordPartition("a"))
        let holds = HeldBackPartitions([RecordPartition("a")])
        async let batch = source.poll(PollRequest(maxRecords: 10, maxBytes: .max, holds: holds))
        await Task.yield()
        holds.current = []
        await source.heldBackPartitionsChanged(to: [])
        #expect(try await batch.records.map(\.text) == ["a"])
    }

    @Test("G13: a log that does not have what follows the committed offset is an error, not a start from somewhere")
    func otherLog() async throws {
        for offset in [RecordOffset(3), RecordOffset(-1), RecordOffset("x"), RecordOffset(0, incarnation: 7)] {
            input.append("a")
            let source = InMemorySource(input)
            let position = RecordPosition(offset: offset)
            let error = await #expect(throws: ConnectorError.self) {
                try await source.start(.resuming(from: [position]))
            }
            #expect(error?.code == .corruptOffsets)
            let edit = await #expect(throws: ConnectorError.self) {
                try await source.willEditOffsets([.single: offset])
            }
            #expect(edit?.code == .invalidConfiguration)
        }
        try await InMemorySource(input).willEditOffsets([.single: RecordOffset(1), RecordPartition("x"): nil])
    }

    @Test("a bounded log drops the oldest records, and counts them; a source that needs them says so")
    func bounded() async throws {
        let log = InMemoryLog(capacity: 100)
        for number in 0..<1000 { log.append("\(number)", to: RecordPartition("\(number % 3)")) }
        #expect(log.texts == (900..<1000).map(String.init))
        #expect(log.count == 1000 && log.droppedCount == 900)
        #expect(try await log.waitForCount(500).count == 100)
        let source = InMemorySource(log)
        await #expect(throws: ConnectorError.self) { try await source.start(.resuming(from: [.at(5, in: "0")])) }
        let late = InMemorySource(log)
        try await late.start(.resuming())
        #expect(try await late.poll(PollRequest(maxRecords: 1)).records.map(\.text) == ["900"])
        for number in 0..<1000 { log.append("\(number)", to: RecordPartition("0")) }
        await #expect(throws: ConnectorError.self) { try await late.poll(.hundred) }
    }

    @Test("records are appended as they are, with their own attributes and without those of another record")
    func attributes() async throws {
        let named = RecordPartition("a", defaults: RecordDefaults(type: "named"))
        input.append("1", to: named)
        input.append("2", to: RecordPartition("a"))
        #expect(input.records.map(\.type) == ["named", nil])
        #expect(input.records(of: named).count == 2)
    }

    @Test("a chain: what one pipeline writes is read by the next")
    func chain() async throws {
        let between = InMemoryLog()
        input.append(contentsOf: (0..<100).map { ConnectorRecord(.text("\($0)")) })
        input.finish()
        try await Pipeline("first", from: InMemorySource(input), to: InMemorySink(between), offsets: store).run()
        between.finish()
        try await Pipeline("second", from: InMemorySource(between), to: InMemorySink(output), offsets: store).run()
        #expect(output.texts == (0..<100).map(String.init))
    }
}

@Suite("In-memory transactional sink", .timeLimit(.minutes(10)))
struct InMemoryTransactionalSinkTests {
    private let input = InMemoryLog((0..<50).map { .text("\($0)") })
    private let output = InMemoryLog()

    @Test("G4: runs that are cut off at any put bring each record once", arguments: [true, false])
    func exactlyOnce(hasStore: Bool) async throws {
        let store = InMemoryOffsetStore()
        var options = DeliveryOptions.with { $0.guarantee = .exactlyOnce }
        options.maxPollRecords = 7
        options.retry = .never
        var runs = 0
        repeat {
            let script = FaultScript(.put, [nil, .fails(ConnectorError(.fatal, "the process ends"))])
            let pipeline = Pipeline(
                "p",
                from: InMemorySource(input),
                to: FaultySink(InMemoryTransactionalSink(output), script),
                offsets: hasStore ? store : nil,
                options: options
            )
            _ = try? await pipeline.run()
            runs += 1
        } while input.committed() != [.at(49)] && runs < 100
        #expect(runs > 3 && runs < 100)
        #expect(output.texts == (0..<50).map(String.init))
    }

    @Test("G12: an older epoch, or a position that is not the expected one, is refused with the records")
    func fenced() async throws {
        let sink = InMemoryTransactionalSink(output)
        let scope = ClaimScope(connector: "p")
        func put(_ epoch: UInt64, from expected: UInt64?, to sequence: UInt64) async throws {
            let step = PositionAdvance.Step(
                from: expected.map { StoredPosition(.at(Int64($0)), sequence: $0) },
                to: StoredPosition(.at(Int64(sequence)), sequence: sequence)
            )
            let advance = PositionAdvance(scope: scope, epoch: Epoch(epoch), steps: [step])
            _ = try await sink.put(RecordBatch([ConnectorRecord("\(sequence)")]), advancing: advance)
        }
        try await put(2, from: nil, to: 1)
        for (epoch, expected) in [(1, 1), (2, nil), (3, 5)] as [(UInt64, UInt64?)] {
            let error = await #expect(throws: ConnectorError.self) { try await put(epoch, from: expected, to: 9) }
            #expect(error?.code == .fenced)
        }
        try await put(3, from: 1, to: 2)
        #expect(output.texts == ["1", "2"])
        #expect(try await sink.positions(in: scope).map(\.sequence) == [2])
        await #expect(throws: ConnectorError.self) { try await sink.put(RecordBatch([])) }
    }
}
