// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import NIOCore
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Hostile senders are answered or cut, and disturb nobody", .timeLimit(.minutes(3)))
struct HostileRequestsTests {
    private static let event = RawConnection.eventHeaders

    /// Checks that others are served. On a busy machine an honest sender may be cut by an impatient server too: it sends again.
    private func expectServed(_ receiver: Receiver) async {
        for _ in 0..<10 {
            guard let answer = try? await receiver.send("{}", RefusedRequest.event) else { continue }
            #expect(answer.status == 200)
            return
        }
        Issue.record("nobody is served")
    }

    private func impatient() -> HTTPSource.Options { .limited(idle: .seconds(1), request: .seconds(1), body: 10_000) }

    @Test("Heads that never end, and connections on which nothing comes, are cut")
    func slowHeads() async throws {
        try await withReceiver(impatient()) { receiver in
            try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        try await RawConnection.open(receiver.port) { reading, writer in
                            if index % 2 == 0 { try await writer.write(ByteBuffer(string: "POST / HTTP/1.1\r\nHos")) }
                            return await reading.toEnd()
                        }
                    }
                }
                await expectServed(receiver)
                for try await answer in group { #expect(answer.isEmpty) }
            }
            await expectServed(receiver)
        }
    }

    @Test("A body that comes byte by byte is cut with 408")
    func slowBody() async throws {
        try await withReceiver(impatient()) { receiver in
            let answer = try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(
                    ByteBuffer(string: "POST / HTTP/1.1\r\nHost: a\r\n\(Self.event)Content-Length: 5000\r\n\r\n")
                )
                let writing = Task {
                    while true {
                        try await writer.write(ByteBuffer(string: "x"))
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                defer { writing.cancel() }
                return await reading.toEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
            #expect(receiver.log.count == 0)
            await expectServed(receiver)
        }
    }

    @Test("A body without end is refused with 413")
    func endlessBody() async throws {
        try await withReceiver(impatient()) { receiver in
            let chunk = "3e8\r\n\(String(repeating: "x", count: 1000))\r\n"
            let answer = try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(
                    ByteBuffer(string: "POST / HTTP/1.1\r\nHost: a\r\n\(Self.event)Transfer-Encoding: chunked\r\n\r\n")
                )
                for _ in 0..<20 { try await writer.write(ByteBuffer(string: chunk)) }
                return await reading.until("\r\n")
            }
            #expect(answer?.hasPrefix("HTTP/1.1 413") == true, "\(answer ?? "nothing")")
            await expectServed(receiver)
        }
    }

    @Test(
        "What is no HTTP, or could be read in two ways, is refused",
        arguments: [
            "GARBAGE\r\n\r\n", "POST / HTTP/9.9\r\nHost: a\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\(event)bad name: x\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\(event)x: a\u{0}b\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\(event)Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\(event)Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
            "POST / HTTP/1.1\r\nHost: a\r\n\(event)Content-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\(event)Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nx: \(String(repeating: "y", count: 200_000))\r\n\r\n",
        ]
    )
    func malformed(request: String) async throws {
        try await withReceiver(impatient()) { receiver in
            let answer = try await RawConnection.exchange(receiver.port, Array(request.utf8))
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(100))")
            #expect(receiver.log.count == 0)
            await expectServed(receiver)
        }
    }

    @Test("A line break in a value makes a header of its own, never a part of an event's attribute")
    func injection() async throws {
        try await withReceiver { receiver in
            _ = try await RawConnection.open(receiver.port) { reading, writer in
                let head =
                    "POST / HTTP/1.1\r\nHost: a\r\n\(Self.event)ce-subject: a%0D%0Ax-evil: 1\r\nContent-Length: 0\r\n\r\n"
                try await writer.write(ByteBuffer(string: head))
                return await reading.until("\r\n\r\n")
            }
            let subjects = receiver.log.records.map(\.subject)
            #expect(subjects.allSatisfy { $0?.contains("x-evil") != true || $0?.contains("\r\n") == true })
            await expectServed(receiver)
        }
    }

    @Test("Requests on one connection are answered in their order, also when they come at once")
    func pipelined() async throws {
        try await withReceiver { receiver in
            let requests = ["/", "/nothing", "/"].map { path in
                "POST \(path) HTTP/1.1\r\nHost: a\r\n\(Self.event)Content-Length: 2\r\n\r\n{}"
            }
            let answer = try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(
                    ByteBuffer(
                        string: requests.joined() + "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                    )
                )
                return await reading.toEnd()
            }
            let statuses = answer.ranges(of: "HTTP/1.1 ").map { String(answer[$0.upperBound...].prefix(3)) }
            #expect(statuses == ["200", "404", "200", "200"])
            #expect(receiver.log.count == 2)
        }
    }

    @Test("Random bytes from many connections harm nobody", arguments: [1, 2, 3])
    func randomBytes(seed: UInt64) async throws {
        try await withReceiver(impatient()) { receiver in
            try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed * 1000 + UInt64(index))
                        var bytes = (0..<Int.random(in: 1...2000, using: &generator)).map { _ in
                            UInt8.random(in: 0...255, using: &generator)
                        }
                        if index % 2 == 0 { bytes = Array("POST / HTTP/1.1\r\nce-id: ".utf8) + bytes }
                        return try await RawConnection.exchange(receiver.port, bytes)
                    }
                }
                for try await answer in group { #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4")) }
            }
            await expectServed(receiver)
        }
    }
}
