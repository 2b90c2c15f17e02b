// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("What failures on the way mean", .timeLimit(.minutes(10)))
struct FailureTests {
    @Test func `a target that is not there is an outage`() async throws {
        let port = try FreePort.next()
        try await started(HTTPSink(url: "http://127.0.0.1:\(port)/events")) { sink in
            let error = try await failure { _ = try await sink.put(["a"]) }
            #expect(error.code == .notConnected)
            #expect(error.message.contains("http://127.0.0.1:\(port)/events"))
        }
    }

    @Test func `a name that cannot be resolved is an outage`() async throws {
        try await started(HTTPSink(url: "http://no-such-host.invalid/")) { sink in
            let error = try await failure { _ = try await sink.put(["a"]) }
            #expect(error.code == .notConnected)
        }
    }

    @Test func `a reset is an outage where nothing else came through`() async throws {
        try await ReceivingServer.serving([.init(times: 1, action: "reset")]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                let error = try await failure { _ = try await sink.put(["a"]) }
                #expect(error.code == .notConnected)
                try await sink.deliver(["a"])
            }
        }
    }

    @Test func `a record on which the connection breaks again and again uses up its attempts`() async throws {
        try await ReceivingServer.serving([.init(match: "poison", action: "reset")]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                let result = try await sink.put(["a", "poison", "b"])
                #expect(result.words == ["1 retry", "2 notTried"])
                #expect(result.exceptions.first?.verdict.error?.code == .notConnected)
            }
        }
    }

    @Test func `a request without an answer is tried again, by the clock of the pipeline`() async throws {
        try await ReceivingServer.serving([.init(match: "slow", times: 1, action: "hang")]) { server in
            let clock = ManualClock()
            try await started(HTTPSink(url: server.url), clock.connectorClock) { sink in
                async let result = sink.put(["slow", "b"])
                _ = try await server.requests(atLeast: 1)
                await clock.sleepers(atLeast: 1)
                clock.advance(by: .seconds(30))
                let words = try await result.words
                #expect(words == ["0 retry", "1 notTried"])
                try await sink.deliver(["slow", "b"])
            }
        }
    }

    @Test func `a cancelled put ends at once`() async throws {
        try await ReceivingServer.serving([.init(action: "hang")]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                await withTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        do {
                            _ = try await sink.put(["a"])
                            return false
                        } catch {
                            return error is CancellationError
                        }
                    }
                    _ = try? await server.requests(atLeast: 1)
                    group.cancelAll()
                    #expect(await group.next() == true)
                }
            }
        }
    }

    @Test func `stop ends requests that hang, and those that wait for their turn`() async throws {
        try await ReceivingServer.serving([.init(action: "hang")]) { server in
            var options = HTTPSink.Options()
            options.concurrency = 1
            let sink = try HTTPSink(url: server.url, options: options)
            try await sink.start(SendingHost().context())
            try await withThrowingTaskGroup(of: ConnectorError.Code.self) { group in
                for partition in ["p", "q"] {
                    group.addTask { try await failure { _ = try await sink.put(["a"], of: partition) }.code }
                }
                _ = try await server.requests(atLeast: 1)
                await sink.stop()
                for try await code in group { #expect(code == .cancelled) }
            }
        }
    }

    @Test func `a put without a start is refused`() async throws {
        let sink = try HTTPSink(url: "http://127.0.0.1:1/")
        #expect(try await failure { _ = try await sink.put(["a"]) }.code == .fatal)
        await sink.stop()
    }

    @Test func `a check of the connection sends no event`() async throws {
        try await ReceivingServer.serving([.init(method: "OPTIONS", status: 405)]) { server in
            try await HTTPSink(url: server.url).checkConnection(SendingHost().context())
            #expect(server.requests.map(\.method) == ["OPTIONS"])
        }
        let sink = try HTTPSink(url: "http://127.0.0.1:1/")
        #expect(try await failure { try await sink.checkConnection(SendingHost().context()) }.code == .notConnected)
    }
}
