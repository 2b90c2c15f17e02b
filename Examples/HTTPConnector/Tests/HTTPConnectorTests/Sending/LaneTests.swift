// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Order and concurrency", .timeLimit(.minutes(10)))
struct LaneTests {
    @Test(arguments: [1, 3, 16]) func `lanes run side by side, up to the concurrency, over all puts`(most: Int)
        async throws
    {
        // Nobody is answered before as many are there as may be.
        try await ReceivingServer.serving([.init(match: "first", action: "hang")]) { server in
            let sink = try HTTPSink(url: server.url, options: HTTPSink.Options(concurrency: most))
            #expect(sink.traits.maxConcurrentPuts == most)
            try await started(sink) { sink in
                await withTaskGroup(of: Void.self) { group in
                    for put in 0..<4 {
                        let batch = (0..<8).flatMap { records(["first", "second"], of: "\(put) \($0)") }
                        group.addTask { _ = try? await sink.put(RecordBatch(batch)) }
                    }
                    let requests = try? await server.requests(atLeast: most)
                    #expect(requests?.map(\.running).max() == most)
                    // None is answered, so no other one may begin. Once the first put is cancelled, one of another may.
                    #expect(server.requests.count == most)
                    group.cancelAll()
                }
            }
        }
    }

    /// Delivers a log through a pipeline on a clock that a test moves.
    private static func run(
        _ lanes: Int,
        _ count: Int,
        to server: ReceivingServer,
        mode: HTTPSink.Mode = .binary,
        _ letters: InMemoryDeadLetterStore,
        text: (Int, Int) -> String
    ) async throws -> DeliveryCounts {
        let log = InMemoryLog()
        for number in 0..<count {
            for lane in 0..<lanes {
                log.append(.text(text(lane, number)), to: RecordPartition("lane\(lane)"))
            }
        }
        log.finish()
        // The clock runs far ahead of the requests.
        var options = HTTPSink.Options(mode: mode, timeout: .seconds(1 << 30), batchEvents: 5)
        options.concurrency = 4
        var delivery = DeliveryOptions()
        delivery.onError = .deadLetter
        let clock = ManualClock()
        let (url, sinkOptions) = (server.url, options)
        let pipeline = Pipeline(
            "http",
            from: InMemorySource(log),
            to: try HTTPSink(url: url, options: sinkOptions),
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(letters),
            options: delivery,
            clock: clock.connectorClock
        )
        return try await clock.ticking { try await pipeline.run() }
    }

    private static let faults: [ReceivingServer.Rule] = [
        .init(match: "-3;", times: 2, status: 500), .init(match: "-5;", times: 1, status: 503),
        .init(match: "-7;", times: 1, status: 429, headers: ["Retry-After": "3"]),
        .init(match: "-9;", times: 1, action: "reset"), .init(match: "-11;", times: 3, status: 408),
        .init(match: "bad", status: 400, body: "bad"),
    ]

    @Test(arguments: ["binary", "batched"])
    func `a pipeline keeps the order of each lane under every kind of fault`(name: String) async throws {
        let letters = InMemoryDeadLetterStore()
        try await ReceivingServer.serving(Self.faults) { server in
            let counts = try await Self.run(
                4,
                24,
                to: server,
                mode: name == "binary" ? .binary : .batched(),
                letters
            ) { lane, number in (lane == 2 && number % 10 == 4 ? "bad" : "lane") + "\(lane)-\(number);" }
            #expect(counts.delivered == 4 * 24 - 2)
            #expect(counts.deadLettered == 2)
            let accepted = try server.requests.accepted
            for lane in 0..<4 {
                let expected = (0..<24).filter { lane != 2 || $0 % 10 != 4 }.map { "lane\(lane)-\($0);" }
                #expect(accepted.filter { $0.hasPrefix("lane\(lane)-") } == expected)
            }
        }
        let dead = try await letters.read(after: nil, atMost: 10).map(\.letter)
        #expect(dead.map { $0.record.data.text ?? "" }.sorted() == ["bad2-14;", "bad2-4;"])
        #expect(dead.allSatisfy { $0.errorCode == "invalidRecord" && $0.errorMessage.hasSuffix("answered 400: bad") })
    }

    @Test func `a retired target fails the pipeline with its reason`() async throws {
        try await ReceivingServer.serving([.init(match: "-2;", status: 410)]) { server in
            let error = try await failure {
                _ = try await Self.run(1, 5, to: server, InMemoryDeadLetterStore()) { "lane\($0)-\($1);" }
            }
            #expect(error.code == .fatal)
            #expect(error.description.contains("retired"))
            #expect(try server.requests.accepted == ["lane0-0;", "lane0-1;"])
        }
    }

    @Test func `a pipeline waits through an outage`() async throws {
        let port = try FreePort.next()
        let log = InMemoryLog()
        for text in ["a", "b"] { log.append(.text(text)) }
        log.finish()
        let clock = ManualClock()
        let pipeline = Pipeline(
            "http",
            from: InMemorySource(log),
            to: try HTTPSink(url: "http://127.0.0.1:\(port)/", options: HTTPSink.Options(timeout: .seconds(1 << 30))),
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            // The first attempt has failed when somebody waits for the next one.
            while pipeline.status.counts.polled == 0 { try await Task.sleep(for: .milliseconds(1)) }
            try await ReceivingServer.serving(port: port) { server in
                group.addTask {
                    while !Task.isCancelled {
                        for _ in 0..<4 { await Task.yield() }
                        clock.advance(by: .milliseconds(1))
                    }
                }
                try await group.next()
                group.cancelAll()
                #expect(try server.requests.accepted == ["a", "b"])
            }
        }
    }
}
