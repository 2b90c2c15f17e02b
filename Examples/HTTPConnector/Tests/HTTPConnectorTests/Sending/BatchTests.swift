// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Batches of which some events are refused", .timeLimit(.minutes(10)))
struct BatchTests {
    /// A sink of batches, and records of as many lanes in turn as are named.
    private static func sink(_ server: ReceivingServer, events: Int = 100) throws -> HTTPSink {
        try HTTPSink(url: server.url, options: HTTPSink.Options(mode: .batched(), batchEvents: events))
    }

    /// Puts until everything is settled, as a runner does; gives the texts that were rejected.
    private static func settle(_ batch: [ConnectorRecord], in sink: HTTPSink) async throws -> [String] {
        var rest = batch
        var rejected: [String] = []
        while !rest.isEmpty {
            let exceptions = try await sink.put(RecordBatch(rest)).exceptions
            for entry in exceptions where entry.verdict.word == "reject" {
                rejected.append(rest[entry.index].data.text ?? "")
            }
            rest = exceptions.filter { $0.verdict.word != "reject" }.map { rest[$0.index] }
        }
        return rejected
    }

    @Test(arguments: [[], [0], [7], [3, 4], [0, 7], Array(0..<8)])
    func `each bad event is rejected by itself, and the good ones arrive once and in order`(bad: [Int]) async throws {
        let texts = (0..<8).map { bad.contains($0) ? "bad \($0)" : "good \($0)" }
        try await ReceivingServer.serving([.init(match: "bad", status: 422, body: "bad event")]) { server in
            try await started(Self.sink(server)) { sink in
                let rejected = try await Self.settle(records(texts), in: sink)
                #expect(rejected == texts.filter { $0.hasPrefix("bad") })
            }
            #expect(try server.requests.accepted == texts.filter { $0.hasPrefix("good") })
        }
    }

    @Test func `lanes without a bad event are delivered by the same put`() async throws {
        let batch = (0..<4).flatMap { number in
            ["p", "q", "r"].map { lane -> ConnectorRecord in
                let isBad = lane == "q" && number == 1
                var record = records([isBad ? "bad" : "\(lane)\(number)"], of: lane)[0]
                record.offset = RecordOffset(Int64(number))
                return record
            }
        }
        try await ReceivingServer.serving([.init(match: "bad", status: 400)]) { server in
            try await started(Self.sink(server)) { sink in
                let words = try await sink.put(RecordBatch(batch)).words
                #expect(words == ["4 reject", "7 notTried", "10 notTried"])
            }
            let accepted = try server.requests.accepted
            for lane in ["p", "r"] {
                #expect(accepted.filter { $0.hasPrefix(lane) } == (0..<4).map { "\(lane)\($0)" })
            }
            #expect(accepted.filter { $0.hasPrefix("q") } == ["q0"])
        }
    }

    @Test func `a bad event among many is found with few requests`() async throws {
        let texts = (0..<64).map { $0 == 50 ? "bad" : "good \($0)" }
        try await ReceivingServer.serving([.init(match: "bad", status: 400)]) { server in
            try await started(Self.sink(server)) { sink in
                let rejected = try await Self.settle(records(texts), in: sink)
                #expect(rejected == ["bad"])
            }
            #expect(server.requests.count <= 14)
            #expect(try server.requests.accepted == texts.filter { $0 != "bad" })
        }
    }

    @Test func `a passing fault concerns the whole request, and later ones of its lanes are not sent`() async throws {
        try await ReceivingServer.serving([.init(match: "b", times: 1, status: 500)]) { server in
            try await started(Self.sink(server, events: 2)) { sink in
                let words = try await sink.put(["a", "a2", "b", "b2", "c"]).words
                #expect(words == ["2 retry", "3 retry", "4 notTried"])
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test(arguments: [429, 503]) func `patience that is asked for halts all that comes behind`(status: Int) async throws
    {
        let rules = [ReceivingServer.Rule(match: "b", times: 1, status: status, headers: ["Retry-After": "9"])]
        try await ReceivingServer.serving(rules) { server in
            let clock = ManualClock()
            try await started(Self.sink(server, events: 1), clock.connectorClock) { sink in
                let words = try await sink.put(["a", "b", "c"]).words
                #expect(words == ["1 notTried", "2 notTried"])
                let error = try await failure { _ = try await sink.put(["b"]) }
                #expect(error.retryAfter == .seconds(9))
                clock.advance(by: .seconds(9))
                try await sink.deliver(["b", "c"])
            }
            #expect(try server.requests.accepted == ["a", "b", "c"])
        }
    }
}
