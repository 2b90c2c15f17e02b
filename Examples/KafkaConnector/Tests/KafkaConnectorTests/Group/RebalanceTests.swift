// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("Members of a consumer group", .timeLimit(.minutes(10)))
struct RebalanceTests {
    private let cluster: TestCluster
    private let topic: String
    private let events = EventLog()
    private let count = 300

    init() throws {
        cluster = try TestCluster()
        topic = try cluster.topic(partitions: 4)
    }

    private var names: [String] { (0..<4).map { "\(topic)/\($0)" } }

    private func write(_ range: Range<Int>) async throws {
        for partition in 0..<4 {
            try await cluster.plain.send(range.map { "\(partition):\($0)" }, to: topic, partition: Int32(partition))
        }
    }

    private func member(
        _ name: String,
        into sink: some Sink,
        _ options: KafkaSource.Options = .init(),
        offsets: (any OffsetStore)? = nil,
        client: ClientSettings? = nil,
        drainDeadline: Duration = .seconds(60)
    ) -> Pipeline {
        var delivery = DeliveryOptions()
        delivery.drainDeadline = drainDeadline
        delivery.commitInterval = .milliseconds(20)
        let (cluster, topic) = (cluster, topic)
        return Pipeline(
            name,
            from: cluster.source(topic, options, client: client),
            to: sink,
            offsets: offsets,
            options: delivery,
            observer: events.observer
        )
    }

    /// Commits only where it has to.
    private func storing(_ log: InMemoryLog, _ store: some OffsetStore) -> Pipeline {
        var delivery = DeliveryOptions()
        delivery.commitInterval = .seconds(3600)
        delivery.claim = .takeOver
        let source = cluster.source(topic, .init(offsets: .store))
        return Pipeline(
            "p",
            from: source,
            to: InMemorySink(log),
            offsets: store,
            options: delivery,
            observer: events.observer
        )
    }

    /// What there is of a range in a partition, and how much of it is missing.
    private func found(_ range: Range<Int>, _ partition: Int, in logs: [InMemoryLog])
        -> (texts: [String], missing: Int)
    {
        let expected = Set(range.map { "\(partition):\($0)" })
        let name = names[partition]
        let texts = logs.flatMap { $0.texts(of: [name])[name] ?? [] }.filter(expected.contains)
        return (texts, expected.subtracting(texts).count)
    }

    private func waitForAll(of range: Range<Int>, in logs: [InMemoryLog]) async throws {
        for _ in 0..<6_000 {
            if names.indices.allSatisfy({ found(range, $0, in: logs).missing == 0 }) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("not all of \(range) came")
    }

    private func expectAll(of range: Range<Int>, in logs: [InMemoryLog], mayRepeat: Bool = false) {
        for (partition, name) in names.enumerated() {
            let (texts, missing) = found(range, partition, in: logs)
            let repeated = texts.count - Set(texts).count
            #expect(missing == 0 && (repeated == 0 || mayRepeat), "\(name): \(missing) missing, \(repeated) repeated")
        }
    }

    @Test("what was committed is not read again by the member that a partition goes to")
    func handsOver() async throws {
        let (first, second) = (InMemoryLog(), InMemoryLog())
        try await write(0..<count)
        try await whileRunning([member("first", into: InMemorySink(first))]) {
            _ = try await first.waitForCount(4 * count)
            // The mock cluster takes no offsets once somebody joins.
            try await cluster.plain.waitForCommit(of: Int64(count), topic: topic, partitions: 4, group: "group")
            try await whileRunning([member("second", into: InMemorySink(second))]) {
                try await events.wait(for: "partitions were given up")
                try await write(count..<(2 * count))
                try await waitForAll(of: 0..<(2 * count), in: [first, second])
            }
        }
        #expect(second.count > 0)
        expectAll(of: 0..<count, in: [first, second])
        // What is read while a member joins cannot be committed here until it has: it may come again.
        expectAll(of: count..<(2 * count), in: [first, second], mayRepeat: true)
    }

    @Test("partitions that go to a new member are committed before: no record is lost and none comes twice")
    func commitsBeforeGiving() async throws {
        let (first, second, store) = (InMemoryLog(), InMemoryLog(), InMemoryOffsetStore())
        try await write(0..<count)
        try await whileRunning([storing(first, store)]) {
            _ = try await first.waitForCount(4 * count)
            try await whileRunning([storing(second, store)]) {
                try await events.wait(for: "partitions were given up")
                try await write(count..<(2 * count))
                try await Self.wait(for: 8 * count, in: first, second)
            }
        }
        #expect(second.count > 0)
        expectAll(of: 0..<(2 * count), in: [first, second])
    }

    @Test("a member whose offset store is away gives its partitions up nevertheless, and the group goes on")
    func answersWithoutStore() async throws {
        let (first, second, store) = (InMemoryLog(), InMemoryLog(), InMemoryOffsetStore())
        let script = FaultScript(.release, [.disconnected])
        try await write(0..<count)
        try await whileRunning([storing(first, FaultyOffsetStore(store, script))]) {
            _ = try await first.waitForCount(4 * count)
            try await whileRunning([storing(second, store)]) {
                try await events.wait(for: "partitions were given up")
                #expect(script.count(of: .release) > 0)
                try await write(count..<(2 * count))
                try await waitForAll(of: 0..<(2 * count), in: [first, second])
            }
        }
        #expect(second.count > 0)
        expectAll(of: 0..<(2 * count), in: [first, second], mayRepeat: true)
    }

    private static func wait(for count: Int, in logs: InMemoryLog...) async throws {
        for _ in 0..<60_000 {
            if logs.reduce(0, { $0 + $1.count }) >= count { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("there were not \(count) records")
    }

    @Test("what the broker keeps is where the next run begins")
    func resumes() async throws {
        let log = InMemoryLog()
        for run in 0..<2 {
            try await write((run * count)..<((run + 1) * count))
            try await whileRunning([member("p", into: InMemorySink(log))]) {
                _ = try await log.waitForCount(4 * (run + 1) * count)
            }
        }
        expectAll(of: 0..<(2 * count), in: [log])
    }

    @Test("with offsets in the store the group keeps none, and a run begins where the store says")
    func storedOffsets() async throws {
        let (log, store) = (InMemoryLog(), InMemoryOffsetStore())
        for run in 0..<2 {
            try await write((run * count)..<((run + 1) * count))
            try await whileRunning([member("p", into: InMemorySink(log), .init(offsets: .store), offsets: store)]) {
                _ = try await log.waitForCount(4 * (run + 1) * count)
            }
        }
        expectAll(of: 0..<(2 * count), in: [log])
        let others = InMemoryLog()
        try await whileRunning([member("q", into: InMemorySink(others))]) {
            _ = try await others.waitForCount(8 * count)
        }
    }

    @Test("while the sink hangs a new member gets its share nevertheless, after the drain deadline")
    func handsOverAtRest() async throws {
        let (gate, first, second) = (Gate(), InMemoryLog(), InMemoryLog())
        try await write(0..<count)
        let hanging = member("hanging", into: GatedSink(log: first, gate: gate), drainDeadline: .milliseconds(200))
        try await whileRunning([hanging]) {
            await gate.arrivals(1)
            try await whileRunning([member("second", into: InMemorySink(second))]) {
                _ = try await second.waitForCount(2 * count)
                gate.open()
            }
        }
        let both = Set(names.flatMap { name in [first, second].flatMap { $0.texts(of: [name])[name] ?? [] } })
        #expect(both.count == 4 * count)
    }

    @Test("a member that is thrown out drops what is in flight of its partitions, and reads them again")
    func losesPartitions() async throws {
        let (gate, log) = (Gate(), InMemoryLog())
        try await write(0..<count)
        try await whileRunning([member("p", into: GatedSink(log: log, gate: gate))]) {
            await gate.arrivals(1)
            // Heartbeats (12) are answered with UNKNOWN_MEMBER_ID (25).
            cluster.mock.failRequests(api: 12, code: 25, count: 1)
            try await events.wait(for: "partitions were lost")
            gate.open()
            try await events.wait(for: "partitions were assigned", count: 2)
            for _ in 0..<60_000 {
                if Set(log.texts(of: names).values.joined()).count == 4 * count { return }
                try await Task.sleep(for: .milliseconds(2))
            }
            Issue.record("not all records were read")
        }
    }

    @Test("a member whose place another one takes ends, and says what to do")
    func fenced() async throws {
        let log = InMemoryLog()
        try await write(0..<count)
        var client = cluster.client
        client.properties["group.instance.id"] = Secret("first")
        let pipeline = member("p", into: InMemorySink(log), client: client)
        let error = await #expect(throws: ConnectorError.self) {
            try await whileRunning([pipeline]) {
                _ = try await log.waitForCount(4 * count)
                // A heartbeat (12) is answered with FENCED_INSTANCE_ID (82).
                cluster.mock.failRequests(api: 12, code: 82, count: 1)
                try await events.wait(for: "a 'group.instance.id' of its own")
            }
        }
        #expect(error?.code == .fatal)
        #expect(error?.message.contains("FENCED_INSTANCE_ID") == true, "\(error as Any)")
        #expect(error?.message.contains("a 'group.instance.id' of its own") == true, "\(error as Any)")
    }

    @Test("brokers that go away and come back are an outage: it is told, and nothing is lost or read twice")
    func outage() async throws {
        let log = InMemoryLog()
        try await write(0..<count)
        try await whileRunning([member("p", into: InMemorySink(log))]) {
            _ = try await log.waitForCount(4 * count)
            try cluster.mock.setReachable(false)
            try await events.wait(for: "ALL_BROKERS_DOWN")
            try cluster.mock.setReachable(true)
            try await write(count..<(2 * count))
            _ = try await log.waitForCount(8 * count)
        }
        expectAll(of: 0..<(2 * count), in: [log])
    }
}
