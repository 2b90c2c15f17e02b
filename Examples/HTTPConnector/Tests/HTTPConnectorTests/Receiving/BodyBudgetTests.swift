// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import NIOCore
import OpenConnect
import Testing

@testable import HTTPConnector

/// A request that comes in two parts.
struct RequestParts: Sendable, CustomTestStringConvertible {
    private(set) var testDescription: String
    private(set) var first: String
    let rest: String

    /// The request with another header.
    func with(_ header: String) -> RequestParts {
        var request = self
        request.first.insert(contentsOf: header, at: first.firstRange(of: "ce-")!.lowerBound)
        request.testDescription += ", \(header.dropLast(2))"
        return request
    }
}

@Suite("How much is held of bodies that are being received", .timeLimit(.minutes(2)))
struct BodyBudgetTests {
    private static let event = RawConnection.eventHeaders
    private static let chunked = "Transfer-Encoding: chunked\r\n"

    private func options() -> HTTPSource.Options {
        var options = HTTPSource.Options.limited(idle: .seconds(3600), request: .seconds(3600), body: 1000)
        options.maxInFlightBodyBytes = 1500
        options.overload.status = 429
        options.overload.retryAfter = .milliseconds(1500)
        return options
    }

    private static func head(_ headers: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(event)\(headers)\r\n" }

    private static func filling(_ bytes: Int) -> String { String(repeating: "x", count: bytes) }

    /// A request with a `Content-Length`, and not more than the beginning of its body.
    private static func announced(_ bytes: Int, sent: Int) -> RequestParts {
        RequestParts(
            testDescription: "\(sent) of \(bytes) bytes",
            first: head("Content-Length: \(bytes)\r\n") + filling(sent),
            rest: filling(bytes - sent)
        )
    }

    /// A request with a chunk, and without the last one.
    private static func chunk(_ bytes: Int) -> RequestParts {
        RequestParts(
            testDescription: "a chunk of \(bytes) bytes",
            first: head(chunked) + String(bytes, radix: 16) + "\r\n" + filling(bytes) + "\r\n",
            rest: "0\r\n\r\n"
        )
    }

    private func send(_ bytes: Int, to receiver: Receiver) async throws -> Reply {
        try await receiver.send(Self.filling(bytes), RefusedRequest.event)
    }

    private func waitUntilHeld(_ bytes: Int, _ receiver: Receiver) async {
        while receiver.bodies.held != bytes, !Task.isCancelled { await Task.yield() }
    }

    /// Runs the body while a request that has come in part holds 1000 of 1500 bytes, and has it come to its end then.
    private func withHeldBody(
        _ request: RequestParts,
        _ body: @Sendable (Receiver) async throws -> Void
    ) async throws {
        try await withReceiver(options()) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(ByteBuffer(string: request.first))
                await waitUntilHeld(1000, receiver)
                try await body(receiver)
                #expect(receiver.bodies.held == 1000)
                try await writer.write(ByteBuffer(string: request.rest))
                #expect(await reading.until("\r\n\r\n")?.hasPrefix("HTTP/1.1 200") == true)
            }
            #expect(receiver.bodies.held == 0)
            #expect(try await send(1000, to: receiver).status == 200)
        }
    }

    private func expectRefused(_ answer: String?) {
        let answer = answer?.lowercased() ?? "nothing"
        #expect(answer.hasPrefix("http/1.1 429") && answer.contains("\r\nretry-after: 2\r\n"), "\(answer)")
    }

    @Test(
        "A body that finds no room is refused at once, and the next request on its connection is answered",
        arguments: [announced(501, sent: 0), announced(1000, sent: 400), chunk(501)]
    )
    func refused(request: RequestParts) async throws {
        try await withHeldBody(Self.announced(1000, sent: 1)) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(ByteBuffer(string: request.first))
                expectRefused(await reading.until("\r\n\r\n"))
                let next = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
                try await writer.write(ByteBuffer(string: request.rest + next))
                #expect(await reading.until("\r\n\r\n")?.contains("HTTP/1.1 200") == true)
            }
        }
    }

    @Test("What is left is given to those that fit, also in part and without an announced length")
    func fits() async throws {
        try await withHeldBody(Self.chunk(1000)) { receiver in
            #expect(try await send(500, to: receiver).status == 200)
            let refused = try await send(501, to: receiver)
            #expect(refused.status == 429 && refused.body.contains("too many bodies"), "\(refused)")
            #expect(refused.headers["content-type"] == "application/problem+json")
        }
    }

    @Test("A sender that waits for consent is refused in place of it, and its connection is closed")
    func consent() async throws {
        try await withHeldBody(Self.announced(1000, sent: 1)) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                let head = Self.head("Expect: 100-continue\r\nContent-Length: 501\r\n")
                try await writer.write(ByteBuffer(string: head))
                let answer = await reading.until("\r\n\r\n")
                expectRefused(answer)
                #expect(answer?.lowercased().contains("connection: close\r\n") == true)
            }
        }
    }

    @Test("There is always room for the largest body")
    func atLeastOne() async throws {
        var options = options()
        options.maxInFlightBodyBytes = 1
        try await withReceiver(options) { receiver in
            let reply = try await send(1000, to: receiver)
            #expect(reply.status == 200 && receiver.bodies.limit == 1000)
        }
    }

    @Test(
        "A body that does not come to its end is given back",
        arguments: [announced(1000, sent: 0), announced(1000, sent: 999), chunk(1000)]
    )
    func cut(request: RequestParts) async throws {
        try await withReceiver(options()) { receiver in
            try await RawConnection.open(receiver.port) { _, writer in
                try await writer.write(ByteBuffer(string: request.first))
                await waitUntilHeld(1000, receiver)
            }
            await waitUntilHeld(0, receiver)
            #expect(receiver.log.count == 0)
        }
    }

    @Test("A body that does not come in time is given back")
    func late() async throws {
        var options = options()
        options.requestTimeout = .milliseconds(50)
        try await withReceiver(options) { receiver in
            let answer = try await RawConnection.exchange(
                receiver.port,
                Array(Self.announced(1000, sent: 1).first.utf8)
            )
            #expect(answer.hasPrefix("HTTP/1.1 408"))
            await waitUntilHeld(0, receiver)
        }
    }

    @Test("A body that was being received when the source stops is given back")
    func stop() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var budget: BodyBudget?
            try await withReceiver(options()) { receiver in
                group.addTask {
                    _ = try await RawConnection.exchange(receiver.port, Array(Self.announced(1000, sent: 1).first.utf8))
                }
                await waitUntilHeld(1000, receiver)
                budget = receiver.bodies
            }
            #expect(budget?.held == 0)
            try await group.waitForAll()
        }
    }

    @Test(
        "A body is given back by the time that its sender is answered",
        arguments: [
            (announced(4, sent: 0), 200), (chunk(4), 200), (announced(1001, sent: 0), 413), (chunk(1001), 413),
            (announced(4, sent: 0).with("ce-type: \r\n"), 400),
            (announced(4, sent: 0).with("Content-Encoding: gzip\r\n"), 415),
        ]
    )
    func answered(request: RequestParts, status: Int) async throws {
        try await withReceiver(options()) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(ByteBuffer(string: request.first + request.rest))
                #expect(await reading.until("\r\n\r\n")?.hasPrefix("HTTP/1.1 \(status)") == true)
                #expect(receiver.bodies.held == 0)
            }
        }
    }

    @Test("What the queue has taken is not counted twice")
    func committing() async throws {
        let flushing = Gate()
        try await withReceiver(
            options(),
            into: { GatedSink(base: InMemorySink($0), putting: Gate(isOpen: true), flushing: flushing) }
        ) { receiver in
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask { try await receiver.send("1234", RefusedRequest.event).status }
                await flushing.arrivals()
                #expect(receiver.bodies.held == 0)
                flushing.open()
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test("Nothing is held at rest, whatever has come and whoever has gone", arguments: [1, 2, 3])
    func rest(seed: UInt64) async throws {
        try await withReceiver(options()) { receiver in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed * 1000 + UInt64(index))
                        let bytes = Int.random(in: 1...1200, using: &generator)
                        let sent = Int.random(in: 0...bytes, using: &generator)
                        let parts =
                            Bool.random(using: &generator)
                            ? Self.announced(bytes, sent: sent) : Self.chunk(bytes)
                        let isWhole = Bool.random(using: &generator)
                        try await RawConnection.open(receiver.port) { reading, writer in
                            let text = parts.first + (isWhole ? parts.rest : "")
                            try? await writer.write(ByteBuffer(string: text))
                            if isWhole, index % 2 == 0 { _ = await reading.until("\r\n") }
                        }
                    }
                }
                try await group.waitForAll()
            }
            await waitUntilHeld(0, receiver)
            #expect(try await send(1000, to: receiver).status == 200)
        }
    }

    @Test("What is held is the sum of what each one holds, and never more than the limit", arguments: [1, 2, 3])
    func sum(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let budget = BodyBudget(limit: 1000)
        for _ in 0..<200 {
            var first = BodyReservation(of: budget)
            var second = BodyReservation(of: budget)
            var sizes = [0, 0]
            for _ in 0..<8 {
                let (index, size) = (
                    Int.random(in: 0...1, using: &generator), Int.random(in: 0...800, using: &generator)
                )
                let fits = size <= 1000 - sizes[1 - index]
                let isTaken = index == 0 ? first.grow(to: size) : second.grow(to: size)
                #expect(isTaken == fits || size <= sizes[index])
                if fits { sizes[index] = max(sizes[index], size) }
                #expect(budget.held == sizes[0] + sizes[1] && budget.held <= 1000)
            }
            first.giveBack()
            #expect(budget.held == sizes[1])
            second.giveBack()
            #expect(budget.held == 0)
        }
    }
}
