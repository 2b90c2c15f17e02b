// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: attempts and verdicts", .serialized, .timeLimit(.minutes(10)))
struct RetryRunTests {
    private let journal = Journal()
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()

    private var puts: [String] { journal.entries.filter { $0.hasPrefix("sink.put") }.map { String($0.dropFirst(9)) } }

    private func run(
        _ batches: [SourceBatch],
        letters: LetterBoxStore? = nil,
        change: (inout DeliveryOptions) -> Void = { _ in },
        traits: SinkTraits = SinkTraits(),
        onPut: @escaping @Sendable (RecordBatch) async throws -> PutResult
    ) async throws -> DeliveryCounts {
        let script = Script(batches)
        var options = DeliveryOptions()
        change(&options)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal, traits: traits, onPut: onPut),
            offsets: store,
            deadLetters: letters.map { .store($0) },
            options: options,
            clock: clock.connectorClock,
            randomness: .longest
        )
        let counts = try await clock.ticking(by: .milliseconds(20)) { try await pipeline.run() }
        #expect(counts.polled == counts.settled + counts.lost + counts.inFlight)
        return counts
    }

    /// Fails the first puts with an error each.
    private func failing(_ errors: [ConnectorError]) -> @Sendable (RecordBatch) async throws -> PutResult {
        let left = Mutex(errors)
        return { _ in
            if let error = left.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw error }
            return .delivered
        }
    }

    @Test("S37 S58 S78: a batch that failed in a way that may pass is put again as it was, before later ones")
    func wholeBatch() async throws {
        let errors = [ConnectorError(.retryable, "busy"), ConnectorError(.retryable, "busy")]
        let counts = try await run([SourceBatch(records(1...2)), SourceBatch(records(3...3))], onPut: failing(errors))
        #expect(puts == ["1,2", "1,2", "1,2", "3"])
        #expect(counts.delivered == 3 && counts.retried == 4)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(3))
    }

    @Test("S37: what waits behind a batch that failed is put as it was polled, where that is not small")
    func behindFailed() async throws {
        let batches = (0..<4).map { records(($0 * 100 + 1)...($0 * 100 + 100)) }
        let allPolled = Gate()
        let script = Script(batches.map { SourceBatch($0) }) {
            allPolled.open()
            return .end
        }
        let run = PipelineRun(
            Pipeline(
                "p",
                from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
                to: ScriptedSink(journal: journal, onPut: failing([ConnectorError(.retryable, "busy")])),
                offsets: store,
                clock: clock.connectorClock
            )
        )
        async let counts = run.execute()
        try await allPolled.pass()
        while run.waitingRecords != 0 { await Task.yield() }
        clock.advance(by: .seconds(60))
        #expect(try await counts.committed == 400)
        #expect(puts == ([batches[0]] + batches).map { $0.map(\.text).joined(separator: ",") })
    }

    @Test(
        "S37 G5: what was filtered out of batches behind a failing record leaves room for others",
        arguments: [true, false]
    )
    func filteredBehindFailed(countsRecords: Bool) async throws {
        let (a, b) = (RecordPartition("a"), RecordPartition("b"))
        let behind = (0..<8).map { SourceBatch(records(($0 * 10 + 1)...($0 * 10 + 10), partition: a)) }
        let script = Script(behind + [SourceBatch(records(10...10, partition: b))])
        var options = DeliveryOptions()
        if countsRecords { options.maxInFlightRecords = 40 } else { options.maxInFlightBytes = 60 }
        let other = Gate()
        let isFirst = Mutex(true)
        let run = PipelineRun(
            Pipeline(
                "p",
                from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
                through: [.filter { $0.text.hasSuffix("0") }],
                to: ScriptedSink(
                    journal: journal,
                    onPut: { batch in
                        if batch.contains(where: { $0.partition == b }) { other.open() }
                        let fails = isFirst.withLock { isFirst in
                            defer { isFirst = false }
                            return isFirst
                        }
                        return fails ? .verdicts([0: .retry()]) : .delivered
                    }
                ),
                offsets: store,
                options: options,
                clock: clock.connectorClock
            )
        )
        async let counts = run.execute()
        try await other.pass()
        #expect(puts == ["10", "10"], "the other partition waited")
        clock.advance(by: .seconds(60))
        #expect(try await counts.delivered == 9)
    }

    @Test("What is filtered out of a batch behind a failed record makes room, however little it is")
    func fewFilteredBehindFailed() throws {
        let b = RecordPartition("b")
        let behind = (0..<4).map { SourceBatch(records(($0 * 10 + 1)...($0 * 10 + 10))) }
        var options = DeliveryOptions()
        // Four batches, of which 28 records wait.
        options.maxInFlightRecords = 31
        options.laneShare = 1
        for seed: UInt64 in 0..<60 {
            let executor = SimulationExecutor(seed: seed)
            let script = Script(behind + [SourceBatch(records(99...99, partition: b))])
            let journal = Journal()
            let pipeline = Pipeline(
                "p",
                from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
                through: [.filter { !["2", "4", "6"].contains($0.text.suffix(1)) }],
                to: ScriptedSink(
                    journal: journal,
                    onPut: { batch in
                        let isFirst = !journal.entries.contains("failed")
                        if isFirst { journal.note("failed") }
                        return isFirst ? .verdicts([0: .retry(after: .seconds(60))]) : .delivered
                    }
                ),
                offsets: InMemoryOffsetStore(),
                options: options,
                clock: executor.clock.connectorClock
            )
            let isDone = executor.run { _ = try? await pipeline.run() }
            let puts = journal.entries.filter { $0.hasPrefix("sink.put") }.dropFirst()
            #expect(isDone && puts.first == "sink.put 99", "seed \(seed): \(puts)")
        }
    }

    @Test("S60: with a verdict only what failed is put again, and what was not tried has lost no attempt")
    func verdict() async throws {
        let first = Mutex(true)
        let counts = try await run(
            [SourceBatch(records(1...4))],
            change: { $0.retry = RetryPolicy(maxAttempts: 2) },
            onPut: { batch in
                let isFirst = first.withLock { first in
                    defer { first = false }
                    return first
                }
                return isFirst ? .stopped(at: 1, of: batch.count, .retry()) : .delivered
            }
        )
        #expect(puts == ["1,2,3,4", "2,3,4"])
        #expect(counts.delivered == 4)
    }

    @Test("S37 G5: a failing record holds back its partition and no other")
    func otherLanesGoOn() async throws {
        let (a, b) = (RecordPartition("a"), RecordPartition("b"))
        let failures = Mutex(3)
        _ = try await run(
            [
                SourceBatch(records(1...1, partition: a) + records(11...11, partition: b)),
                SourceBatch(records(2...2, partition: a) + records(12...12, partition: b)),
                SourceBatch(records(3...3, partition: a)),
            ],
            onPut: { batch in
                guard let index = batch.firstIndex(where: { $0.data.text == "1" }) else { return .delivered }
                let isBusy = failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
                return isBusy ? .verdicts([index: .retry()]) : .delivered
            }
        )
        let order = puts.joined(separator: ",").split(separator: ",").map { Int($0) ?? 0 }
        #expect(order.filter { $0 > 10 } == [11, 12])
        #expect(order.filter { $0 < 10 } == [1, 1, 1, 1, 2, 3])
        #expect((order.firstIndex(of: 12) ?? 99) < (order.lastIndex(of: 1) ?? 0), "the other lane did not wait")
    }

    @Test(
        "S61 S77: other errors end the run at once, whatever the tolerance",
        arguments: [ConnectorError.Code.fatal, .fenced]
    )
    func fatal(code: ConnectorError.Code) async throws {
        let letters = LetterBoxStore()
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run(
                [SourceBatch(records(1...2))],
                letters: letters,
                change: { $0.onError = .deadLetter },
                onPut: failing([ConnectorError(code, "broken")])
            )
        }
        #expect(error?.code == code)
        #expect(puts == ["1,2"] && letters.letters.isEmpty)
        #expect(try await store.stored("p").isEmpty)
    }

    @Test("S39 S60: attempts that are used up stop the pipeline in front of the record")
    func usedUp() async throws {
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run(
                [SourceBatch(records(1...3))],
                change: { $0.retry = RetryPolicy(maxAttempts: 3) },
                onPut: { batch in
                    batch.firstIndex { $0.data.text == "2" }.map { .stopped(at: $0, of: batch.count, .retry()) }
                        ?? .delivered
                }
            )
        }
        #expect(error?.position?.offset == RecordOffset(2))
        #expect(puts == ["1,2,3", "2,3", "2,3"])
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(1))
    }

    @Test("a batch with a bad record is halved until only that record is left")
    func bisect() async throws {
        let letters = LetterBoxStore()
        let counts = try await run(
            [SourceBatch(records(1...64)), SourceBatch(records(65...65))],
            letters: letters,
            change: { $0.onError = .deadLetter },
            onPut: { batch in
                guard !batch.contains(where: { $0.data.text == "37" }) else {
                    throw ConnectorError(.invalidRecord, "one of them is bad")
                }
                return .delivered
            }
        )
        #expect(letters.letters.map(\.summary) == ["37 put sink [0] 1 invalidRecord"])
        #expect(counts.delivered == 64 && counts.deadLettered == 1)
        #expect(puts.count <= 2 * 7 + 2, "\(puts.count) puts")
    }

    @Test("an outage costs no attempt, and the sink connects again before the next put")
    func outage() async throws {
        let errors = (0..<5).map { _ in ConnectorError(.notConnected, "no route") }
        let counts = try await run(
            [SourceBatch(records(1...2))],
            change: { $0.retry = .never },
            onPut: failing(errors)
        )
        #expect(counts.delivered == 2 && puts.count == 6)
    }

    @Test("an outage that lasts too long ends the run, and nothing is given up")
    func longOutage() async throws {
        let letters = LetterBoxStore()
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run(
                [SourceBatch(records(1...2))],
                letters: letters,
                change: { options in
                    options.onError = .deadLetter
                    options.outage = RetryPolicy(maxAttempts: nil, timeLimit: .seconds(5))
                },
                onPut: { _ in throw ConnectorError(.notConnected, "no route") }
            )
        }
        #expect(error?.code == .notConnected && letters.letters.isEmpty)
    }

    @Test("a delay that the external system names is kept")
    func throttled() async throws {
        let instants = Mutex<[ConnectorClock.Instant]>([])
        let clock = clock.connectorClock
        let fail = failing([ConnectorError(.throttled, "later", retryAfter: .seconds(7))])
        _ = try await run([SourceBatch(records(1...1))]) { batch in
            instants.withLock { $0.append(clock.now) }
            return try await fail(batch)
        }
        let times = instants.withLock { $0 }
        #expect(times.count == 2 && times[1].since(times[0]) >= .seconds(7))
    }

    @Test("S40 S82: a rejected record is in the dead letters with all that is known, and the lane goes on behind it")
    func rejected() async throws {
        let letters = LetterBoxStore()
        let counts = try await run(
            [SourceBatch(records(1...3))],
            letters: letters,
            change: { $0.onError = .deadLetter },
            onPut: { batch in
                batch.firstIndex { $0.data.text == "2" }.map {
                    .stopped(at: $0, of: batch.count, .reject(ConnectorError(.invalidRecord, "too long")))
                } ?? .delivered
            }
        )
        #expect(puts == ["1,2,3", "3"])
        #expect(letters.letters.map(\.summary) == ["2 put sink [0] 1 invalidRecord"])
        #expect(letters.letters.first?.errorMessage == "too long" && letters.letters.first?.pipeline == "p")
        #expect(letters.letters.first?.record.offset == RecordOffset(2))
        #expect(counts.deadLettered == 1 && counts.delivered == 2)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(3))
    }

    @Test("S83 G8: while the dead letters cannot be written, the position does not pass the record")
    func lettersFail() async throws {
        let letters = LetterBoxStore(failing: .max)
        await #expect(throws: ConnectorError.self) {
            _ = try await run(
                [SourceBatch(records(1...3))],
                letters: letters,
                change: { options in
                    options.onError = .deadLetter
                    options.retry = RetryPolicy(maxAttempts: 4)
                },
                onPut: { batch in
                    batch.firstIndex { $0.data.text == "2" }.map {
                        .stopped(at: $0, of: batch.count, .reject(ConnectorError(.invalidRecord, "bad")))
                    } ?? .delivered
                }
            )
        }
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(1))
    }

    @Test("S84: dead letters that are written at the second attempt count, once")
    func lettersFailOnce() async throws {
        let letters = LetterBoxStore(failing: 1)
        let counts = try await run(
            [SourceBatch(records(1...1))],
            letters: letters,
            change: { $0.onError = .deadLetter },
            onPut: { _ in .verdicts([0: .reject(ConnectorError(.invalidRecord, "bad"))]) }
        )
        #expect(counts.deadLettered == 1 && letters.letters.count == 1)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(1))
    }

    @Test("dropping is counted, and bad data that is the rule stops the pipeline all the same")
    func dropping() async throws {
        let reject: @Sendable (RecordBatch) async throws -> PutResult = { batch in
            .verdicts(
                Dictionary(
                    uniqueKeysWithValues: batch.indices.map {
                        ($0, .reject(ConnectorError(.invalidRecord, "bad")))
                    }
                )
            )
        }
        let counts = try await run([SourceBatch(records(1...5))], change: { $0.onError = .drop }, onPut: reject)
        #expect(counts.dropped == 5)
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await run(
                [SourceBatch(records(6...9))],
                change: { $0.onError = .drop.limited(to: ErrorTolerance.Limit(3, ofLast: 100)) },
                onPut: reject
            )
        }
        #expect(error?.message.contains("3 of the last 100") == true)
    }
}

extension PipelineRun {
    /// How many records wait for the sink that are behind no lane; `nil` before it delivers.
    fileprivate var waitingRecords: Int? {
        state.withLock(\.handOver)?.step { state, _ in state.hasSourceEnded ? state.desks[0].queue.records : nil }
    }
}
