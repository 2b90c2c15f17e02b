// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

/// Returns as many records as it is asked for, or more, and notes when.
private actor EagerSource: Source {
    struct Poll: Sendable {
        let request: PollRequest
        let count: Int
        let time: Duration
    }

    nonisolated let journal = Mutex<[Poll]>([])
    private let clock: ConnectorClock
    private let total: Int
    private let text: String
    private let least: Int
    private var next = 0

    init(_ clock: ConnectorClock, total: Int, bytes: Int = 1, atLeast least: Int = 1) {
        self.clock = clock
        self.total = total
        self.least = least
        text = String(repeating: "x", count: bytes)
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        let fitting = min(request.maxRecords, max(1, request.maxBytes / max(1, text.utf8.count)))
        let count = min(max(fitting, least), total - next)
        let time = clock.now.since(ConnectorClock.Instant(nanoseconds: 0))
        journal.withLock { $0.append(Poll(request: request, count: count, time: time)) }
        let records = (next..<next + count).map { ConnectorRecord(.text(text), offset: RecordOffset(Int64($0))) }
        next += count
        return SourceBatch(records, isEnd: next == total)
    }
}

@Suite("Pipeline: rate limit", .timeLimit(.minutes(10)))
struct RateLimitTests {
    private let clock = ManualClock()
    private let output = Output()

    private func pipeline(_ source: any Source, _ limit: RateLimit?, functions: [any RecordFunction] = []) -> Pipeline {
        Pipeline(
            "p",
            from: source,
            through: functions,
            to: ScriptedSink(
                journal: Journal(),
                onPut: { [output] batch in
                    output.append(batch)
                    return .delivered
                }
            ),
            offsets: InMemoryOffsetStore(),
            options: .with { $0.rateLimit = limit },
            clock: clock.connectorClock
        )
    }

    private func run(_ source: EagerSource, _ limit: RateLimit?) async throws -> (Outcome, [EagerSource.Poll], Pipeline)
    {
        let pipeline = pipeline(source, limit)
        let outcome = try await clock.ticking(by: .milliseconds(5)) { await ending(of: pipeline) }
        return (outcome, source.journal.withLock { $0 }, pipeline)
    }

    /// Whether no more was polled by any moment than flowed in.
    private func check(_ polls: [EagerSource.Poll], size: Int = 1, rate: Double, burst: Double, excess: Double = 0) {
        var sum = 0.0
        for poll in polls {
            sum += Double(poll.count * size)
            let seconds = Double(poll.time.wholeNanoseconds) / 1e9
            #expect(sum <= burst + rate * seconds + excess + 1e-3, "\(sum) at \(poll.time)")
        }
    }

    @Test(
        "Records: a burst at once, then as many as flow in",
        arguments: [(100.0, 1.0, 350), (1000, 0.1, 600), (10, 0, 8), (0.5, 4, 4), (5000, 1, 7000), (7, 0.5, 20)]
    )
    func records(rate: Double, burst: Double, total: Int) async throws {
        let start = clock.now
        let source = EagerSource(clock.connectorClock, total: total)
        let limit = RateLimit(recordsPerSecond: rate, burst: .milliseconds(Int(burst * 1000)))
        let (outcome, polls, pipeline) = try await run(source, limit)
        #expect(outcome.error == nil && outcome.counts.committed == total && output.count == total)
        check(polls, rate: rate, burst: max(1, rate * burst))
        #expect(Double(polls[0].count) == min(max(1, (rate * burst).rounded(.down)), Double(total), 1000))
        let waited = try #require(pipeline.metrics.rateLimitedTime)
        // The clock goes on whether there was work or not: on a slow machine a high limit is never in the way.
        #expect(waited > .zero || rate > 10)
        #expect(waited <= start.duration(to: clock.now))
        #expect(pipeline.metrics.samples.contains { $0.metric.name == "openconnect_rate_limited_seconds_total" })
    }

    @Test("Bytes: counted as data, and asked for", arguments: [(1000.0, 10), (1000, 1), (200, 20)])
    func bytes(rate: Double, size: Int) async throws {
        let total = 150
        let source = EagerSource(clock.connectorClock, total: total, bytes: size)
        let (outcome, polls, _) = try await run(source, RateLimit(bytesPerSecond: rate, burst: .milliseconds(200)))
        #expect(outcome.error == nil && outcome.counts.committed == total)
        check(polls, size: size, rate: rate, burst: rate * 0.2, excess: Double(size))
        #expect(polls.allSatisfy { Double($0.request.maxBytes) <= rate * 0.2 })
    }

    @Test("Both: the tighter one counts")
    func both() async throws {
        let source = EagerSource(clock.connectorClock, total: 100, bytes: 10)
        let limit = RateLimit(recordsPerSecond: 1000, bytesPerSecond: 500, burst: .milliseconds(100))
        let (_, polls, _) = try await run(source, limit)
        check(polls, size: 10, rate: 500, burst: 50, excess: 10)
    }

    @Test("What is larger than the burst goes through, and is paid for afterwards")
    func oversized() async throws {
        let source = EagerSource(clock.connectorClock, total: 5, bytes: 1000)
        let (outcome, polls, _) = try await run(source, RateLimit(bytesPerSecond: 100, burst: .milliseconds(100)))
        #expect(outcome.error == nil && polls.count == 5)
        for (index, poll) in polls.enumerated() where index > 0 {
            // A record of 10 seconds, and a portion of 50 milliseconds that has to be there; 100 of them there were.
            #expect(poll.time >= .seconds(10 * index) - .milliseconds(50), "\(index) at \(poll.time)")
        }
    }

    @Test("A source that returns more than it is asked for is held up for it")
    func excess() async throws {
        let source = EagerSource(clock.connectorClock, total: 400, atLeast: 100)
        let (_, polls, _) = try await run(source, RateLimit(recordsPerSecond: 100, burst: .milliseconds(100)))
        check(polls, rate: 100, burst: 10, excess: 100)
        #expect(polls.count == 4)
    }

    @Test("Functions and what they drop do not change what a poll costs")
    func filtered() async throws {
        let source = EagerSource(clock.connectorClock, total: 300)
        let pipeline = pipeline(source, RateLimit(recordsPerSecond: 100), functions: [.filter { _ in false }])
        let outcome = try await clock.ticking(by: .milliseconds(5)) { await ending(of: pipeline) }
        #expect(outcome.counts.filtered == 300)
        check(source.journal.withLock { $0 }, rate: 100, burst: 100)
    }

    @Test("Without a limit nothing waits, and no metric tells of it")
    func unlimited() async throws {
        let (_, polls, pipeline) = try await run(EagerSource(clock.connectorClock, total: 5000), nil)
        #expect(polls.map(\.count) == [1000, 1000, 1000, 1000, 1000])
        #expect(pipeline.metrics.rateLimitedTime == nil)
        #expect(!pipeline.metrics.samples.contains { $0.metric.name == "openconnect_rate_limited_seconds_total" })
    }

    // MARK: While it waits, on a clock that stands still

    private func waiting() async -> (EagerSource, Pipeline) {
        let source = EagerSource(clock.connectorClock, total: 10)
        return (source, pipeline(source, RateLimit(recordsPerSecond: 0.001, burst: .zero)))
    }

    private func untilDelivered(_ count: Int) async {
        while output.count < count { await Task.yield() }
    }

    @Test("A stop ends the wait at once")
    func stop() async throws {
        let (source, pipeline) = await waiting()
        async let counts = pipeline.run()
        await untilDelivered(1)
        pipeline.stop()
        #expect(try await counts.committed == 1)
        #expect(source.journal.withLock { $0.count } == 1)
    }

    @Test("Cancelling ends the wait at once")
    func cancel() async throws {
        let (_, pipeline) = await waiting()
        let error = await withTaskGroup(of: ConnectorError?.self) { group in
            group.addTask { await failure(of: pipeline) }
            await untilDelivered(1)
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error?.code == .cancelled)
    }

    @Test("A pause commits at once, and polling goes on afterwards when it is due, not before")
    func pause() async throws {
        let (source, pipeline) = await waiting()
        async let counts = pipeline.run()
        await untilDelivered(1)
        #expect(await pipeline.pause())
        #expect(pipeline.status.counts.committed == 1)
        pipeline.resume()
        clock.advance(by: .seconds(999))
        for _ in 0..<100 { await Task.yield() }
        #expect(source.journal.withLock { $0.count } == 1)
        while output.count < 2 {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        pipeline.stop()
        #expect(try await counts.committed == 2)
    }

    @Test("A limit that limits nothing, or everything, is refused at the start")
    func refused() async throws {
        let limits = [
            RateLimit(), RateLimit(recordsPerSecond: 0), RateLimit(bytesPerSecond: -1),
            RateLimit(recordsPerSecond: .nan),
            RateLimit(recordsPerSecond: .infinity), RateLimit(recordsPerSecond: 1, burst: .seconds(-1)),
        ]
        for limit in limits {
            let error = await failure(of: pipeline(EagerSource(clock.connectorClock, total: 1), limit))
            #expect(error?.code == .invalidConfiguration && error?.message.contains("rate limit") == true)
        }
    }

    @Test(
        "Neither more nor less flows in than the limit says, however it is drawn",
        arguments: [(100.0, 1.0), (1000, 0.01), (10, 0), (0.5, 4), (1e6, 0.2), (7, 0.5)],
        [1, 3, 1000]
    )
    func exactRate(limit: (rate: Double, burst: Double), most: Int) {
        var now = ConnectorClock.Instant(nanoseconds: 17)
        let (rate, burst) = limit
        let limit = RateLimit(recordsPerSecond: rate, burst: .milliseconds(Int(burst * 1000)))
        var gate = RateGate(limit, at: now)
        let capacity = max(1, rate * burst)
        var (sum, waits) = (0.0, 0)
        for _ in 0..<3000 {
            guard let grant = gate.grant(at: now) else {
                let due = gate.due(at: now)
                #expect(due > now && gate.grant(at: due) != nil, "it is due when it says so")
                now = due
                waits += 1
                continue
            }
            #expect(Double(grant.records) <= capacity + 1e-3 && grant.bytes == .max)
            let count = min(grant.records, most)
            gate.charge(records: count, bytes: 5000, at: now)
            sum += Double(count)
            let seconds = Double(now.nanoseconds - 17) / 1e9
            #expect(sum <= capacity + rate * seconds + 1e-3)
            // What is not drawn at once stays, and never more than that.
            #expect(sum + capacity + 1 >= rate * seconds)
        }
        #expect(waits > 0 || Double(most) * 3000 < capacity)
        if rate >= 100, most == 1000 { #expect(waits < 1501, "portions, not single records") }
    }

    @Test("Extreme limits neither trap nor stand still")
    func extremes() {
        let start = ConnectorClock.Instant(nanoseconds: 0)
        for rate in [Double.leastNonzeroMagnitude, 1e-9, 1, 1e18, .greatestFiniteMagnitude] {
            for burst in [Duration.zero, .seconds(1), .seconds(Int64.max)] {
                var gate = RateGate(RateLimit(recordsPerSecond: rate, bytesPerSecond: rate, burst: burst), at: start)
                #expect(gate.grant(at: start) != nil)
                gate.charge(records: .max, bytes: .max, at: start)
                let due = gate.due(at: start)
                #expect(due >= start)
                _ = gate.grant(at: due)
                _ = gate.grant(at: ConnectorClock.Instant(nanoseconds: .max))
            }
        }
    }
}
