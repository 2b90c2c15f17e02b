// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Generator source", .timeLimit(.minutes(10)))
struct GeneratorSourceTests {
    private let clock = ManualClock()

    private func started(
        _ source: GeneratorSource,
        from positions: [RecordPosition] = []
    ) async throws -> GeneratorSource {
        try await source.start(.resuming(from: positions, clock: clock.connectorClock))
        return source
    }

    /// Everything of a bounded source without a rate.
    private func all(of source: GeneratorSource, by limit: Int = 7) async throws -> [ConnectorRecord] {
        var records: [ConnectorRecord] = []
        while true {
            let batch = try await source.poll(PollRequest(maxRecords: limit))
            records += batch.records
            if batch.isEnd { return records }
        }
    }

    private static let payloads: [(String, GeneratedPayload)] = [
        ("text", .text(bytes: 30)), ("texts", .text(bytes: 0...50)), ("bytes", .bytes(count: 16)),
        ("sizes", .bytes(count: 1...99)), ("structured", .structured()),
        ("custom", .custom { .text("\($0.partition.name) \($0.number) \($0.randomness)") }),
    ]

    @Test("a replay brings the same records, in whatever batches, and another seed brings others", arguments: payloads)
    func deterministic(_ name: String, _ payload: GeneratedPayload) async throws {
        func make(seed: UInt64) -> GeneratorSource {
            GeneratorSource(payload, count: 100, partitions: 3, keys: 5, eventAttributes: true, seed: seed)
        }
        let first = try await all(of: started(make(seed: 1)))
        #expect(try await all(of: started(make(seed: 1)), by: 100) == first)
        #expect(try await all(of: started(make(seed: 2))).map(\.data) != first.map(\.data))
        #expect(Set(first.map(\.data)).count > 50, "they are not all the same")
        #expect(Set(first.map(\.id)).count == 100 && Set(first.map { $0.key?.text }).count == 5)
        for (number, offset) in first.filter({ $0.partition.name == "2" }).map(\.offset?.sequence).enumerated() {
            #expect(offset == Int64(number))
        }
    }

    @Test(
        "G2: it goes on exactly behind what is committed, also where partitions are not equally far",
        arguments: payloads
    )
    func resumes(_ name: String, _ payload: GeneratedPayload) async throws {
        func make() -> GeneratorSource { GeneratorSource(payload, count: 50, partitions: 3, seed: 9) }
        let whole = try await all(of: started(make()))
        let rest = try await all(of: started(make(), from: [.at(4, in: "0"), .at(16, in: "1")]))
        for (partition, next) in [("0", 5), ("1", 17), ("2", 0)] as [(String, Int64)] {
            let expected = whole.filter { $0.partition.name == partition && $0.offset?.sequence ?? 0 >= next }
            #expect(rest.filter { $0.partition.name == partition } == expected)
        }
        #expect(
            try await all(of: started(make(), from: [.at(16, in: "0"), .at(16, in: "1"), .at(15, in: "2")])).isEmpty
        )
    }

    @Test("a text says which record it is, and has exactly its size")
    func texts() async throws {
        let records = try await all(of: started(GeneratorSource(.text(bytes: 20), count: 3)))
        #expect(records.map { $0.text.prefix(4) } == ["0:0 ", "0:1 ", "0:2 "])
        #expect(records.allSatisfy { $0.data.form == .text && $0.data.count == 20 && $0.partition == .single })
        let sizes = try await all(of: started(GeneratorSource(.text(bytes: 3...9), count: 500))).map(\.data.count)
        #expect(Set(sizes) == Set(3...9))
        let structured = try await all(of: started(GeneratorSource(.structured(textBytes: 5...5), count: 2)))
        guard case .object(let object) = try structured[1].data.structured else { throw CancellationError() }
        #expect(object["number"] == .integer(1))
    }

    @Test(
        "a poll takes what the request allows",
        arguments: [
            (PollRequest(maxRecords: 3), 3), (PollRequest(maxRecords: 100, maxBytes: 55), 5),
            (PollRequest(maxRecords: 100, maxBytes: 1), 1),
        ],
        [GeneratedPayload.text(bytes: 10), .custom { _ in .text("0123456789") }]
    )
    func request(_ limit: (request: PollRequest, count: Int), _ payload: GeneratedPayload) async throws {
        let source = try await started(GeneratorSource(payload))
        for poll in 0..<3 {
            let records = try await source.poll(limit.request).records
            #expect(records.map(\.offset?.sequence) == (0..<limit.count).map { Int64(poll * limit.count + $0) })
        }
    }

    @Test("structured values take the room that their size asks for")
    func structured() async throws {
        let text = String(repeating: "x", count: 1000)
        let source = try await started(GeneratorSource(.custom { _ in .structured(.string(text)) }))
        #expect(try await source.poll(PollRequest(maxRecords: 9, maxBytes: 2500)).records.count == 2)
    }

    @Test("partitions have turns, also where a poll has room for one record")
    func turns() async throws {
        let source = try await started(GeneratorSource(.text(bytes: 10), partitions: 3))
        var names: [String] = []
        for _ in 0..<6 {
            names += try await source.poll(PollRequest(maxRecords: 9, maxBytes: 15)).records.map(\.partition.name)
        }
        #expect(names == ["0", "1", "2", "0", "1", "2"])
    }

    @Test("held-back partitions are left out, and read when they are not held back any more")
    func heldBack() async throws {
        let source = try await started(GeneratorSource(count: 6, partitions: 2))
        let held = PollRequest(maxRecords: 100, heldBack: [RecordPartition("0")])
        #expect(try await source.poll(held).records.map(\.partition.name) == ["1", "1", "1"])
        let holds = HeldBackPartitions([RecordPartition("0")])
        async let batch = source.poll(PollRequest(maxRecords: 100, maxBytes: .max, holds: holds))
        await Task.yield()
        holds.current = []
        await source.heldBackPartitionsChanged(to: [])
        let last = try await batch
        #expect(last.records.count == 3 && last.isEnd)
    }

    // MARK: Rates

    @Test("a rate gives as many records as are due, by the clock alone")
    func rate() async throws {
        let source = try await started(GeneratorSource(rate: .constant(10)))
        for poll in 0..<3 {
            async let batch = source.poll(.hundred)
            await clock.sleepers()
            clock.advance(by: .milliseconds(99))
            clock.advance(by: .milliseconds(1))
            #expect(try await batch.records.map(\.offset?.sequence) == [Int64(poll)])
        }
        clock.advance(by: .milliseconds(500))
        #expect(try await source.poll(.hundred).records.count == 5)
    }

    @Test("a high rate comes in batches, so that it does not wake up for each record")
    func batches() async throws {
        let source = try await started(GeneratorSource(rate: .constant(100_000)))
        var counts: [Int] = []
        for _ in 0..<4 {
            async let batch = source.poll(PollRequest(maxRecords: 10_000))
            await clock.sleepers()
            clock.advance(by: .milliseconds(5))
            counts.append(try await batch.records.count)
        }
        #expect(counts == [500, 500, 500, 500])
        let now = clock.connectorClock.now
        let schedule = GeneratorSchedule(.constant(100_000), from: now)
        #expect(schedule.next(after: now) == now.advanced(by: .milliseconds(5)))
    }

    @Test("after a pause it makes up for one second, and nothing is left out")
    func catchUp() async throws {
        let source = try await started(GeneratorSource(rate: .constant(100)))
        clock.advance(by: .seconds(3600))
        let first = try await source.poll(PollRequest(maxRecords: 10_000)).records
        #expect((100...101).contains(first.count))
        async let next = source.poll(PollRequest(maxRecords: 10_000))
        await clock.sleepers()
        clock.advance(by: .milliseconds(10))
        #expect(try await next.records.first?.offset?.sequence == Int64(first.count))
    }

    @Test("a burst that is taken slowly is taken whole, and the next one comes later")
    func slowBurst() async throws {
        let source = try await started(GeneratorSource(rate: .burst(of: 10, every: .seconds(5))))
        for number in 0..<10 {
            let records = try await source.poll(PollRequest(maxRecords: 1)).records
            #expect(records.map(\.offset?.sequence) == [Int64(number)])
            clock.advance(by: .seconds(2))
        }
        async let next = source.poll(.hundred)
        await clock.sleepers()
        clock.advance(by: .seconds(5))
        #expect(try await next.records.count == 10)
    }

    @Test("one whose rate ends at nothing waits, and is cancelled like any other")
    func noRate() async throws {
        let source = try await started(GeneratorSource(rate: .constant(0)))
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await source.poll(.hundred)) == nil }
            group.cancelAll()
            #expect(await group.next() == true)
        }
    }

    @Test(
        "the shapes give what their formulas say after so many seconds",
        arguments: [
            (GeneratorRate.constant(3.5), [0, 7, 35, 3500], [0, 2, 10, 1000]),
            (.burst(of: 10, every: .seconds(3)), [10, 10, 20, 40], [0, 2, 3, 9]),
            (.ramp(from: 0, to: 100, over: .seconds(10)), [0, 125, 500, 1500], [0, 5, 10, 20]),
            (.ramp(from: 20, to: 0, over: .seconds(10)), [0, 75, 100, 100], [0, 5, 10, 1000]),
            (.wave(from: 0, to: 20, period: .seconds(8)), [0, 7, 40, 80], [0, 2, 4, 8]),
        ] as [(GeneratorRate, [Int64], [Int64])]
    )
    func shapes(_ rate: GeneratorRate, _ expected: [Int64], _ seconds: [Int64]) {
        #expect(seconds.map { rate.due(after: $0 * 1_000_000_000) } == expected)
    }

    @Test("of each shape, what is due never falls, and a record is due when it is said to be, and not before")
    func inverse() throws {
        var randomness = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let (low, high) = (
                Double.random(in: 0...50, using: &randomness), Double.random(in: 0...5000, using: &randomness)
            )
            let time = Duration.milliseconds(Int.random(in: 1...20_000, using: &randomness))
            let shapes: [GeneratorRate] = [
                .constant(high), .burst(of: Int(low) + 1, every: time), .ramp(from: low, to: high, over: time),
                .ramp(from: high, to: low, over: time), .wave(from: low, to: high, period: time),
            ]
            for rate in shapes {
                let count = Int64.random(in: 1...100_000, using: &randomness)
                guard let instant = rate.time(ofRecord: count) else { continue }
                #expect(rate.due(after: instant) >= count && rate.due(after: instant - 1) < count, "\(rate) \(count)")
                #expect(rate.due(after: instant + 1) >= rate.due(after: instant))
            }
        }
        #expect(GeneratorRate.ramp(from: 20, to: 0, over: .seconds(10)).time(ofRecord: 101) == nil)
        #expect(GeneratorRate.constant(0).time(ofRecord: 1) == nil)
    }

    // MARK: In a pipeline

    @Test("G4: runs that are cut off bring every record once, as if there had been one run")
    func runs() async throws {
        let output = InMemoryLog()
        func pipeline() -> Pipeline {
            Pipeline(
                "p",
                from: GeneratorSource(.structured(), count: 300, partitions: 4, keys: 3, seed: 5),
                to: FaultySink(
                    InMemoryTransactionalSink(output),
                    FaultScript(.put, [nil, .fails(ConnectorError(.fatal, "the process ends"))])
                ),
                options: .with { $0.maxPollRecords = 37 }
            )
        }
        var runs = 1
        while await failure(of: pipeline()) != nil, runs < 100 { runs += 1 }
        #expect(output.count == 300 && runs > 3)
        let whole = try await all(
            of: started(GeneratorSource(.structured(), count: 300, partitions: 4, keys: 3, seed: 5))
        )
        for partition in 0..<4 {
            let name = RecordPartition("\(partition)")
            #expect(output.records(of: name) == whole.filter { $0.partition == name })
        }
    }

    @Test("G13: offsets of another source, or of more partitions, are refused")
    func foreign() async throws {
        for position in [.at(0, in: "7"), .at(-1, in: "0"), RecordPosition(offset: RecordOffset(1))] as [RecordPosition]
        {
            let source = GeneratorSource(partitions: 4)
            let error = await #expect(throws: ConnectorError.self) {
                try await source.start(.resuming(from: [position]))
            }
            #expect(error?.code == .corruptOffsets)
            let edit = await #expect(throws: ConnectorError.self) {
                try await source.willEditOffsets([position.partition: position.offset])
            }
            #expect(edit?.code == .invalidConfiguration)
        }
        try await GeneratorSource().willEditOffsets([.single: RecordOffset(7)])
    }
}
