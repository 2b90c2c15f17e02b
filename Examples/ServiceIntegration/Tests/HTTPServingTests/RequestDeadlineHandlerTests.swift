// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import HTTPServing

@Suite("How long a request may take to come")
struct RequestDeadlineHandlerTests {
    private let head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")

    private func withChannel(_ body: (EmbeddedChannel) throws -> Void) throws {
        let channel = EmbeddedChannel(handler: RequestDeadlineHandler(timeout: .seconds(2)))
        defer { _ = try? channel.finish() }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try body(channel)
    }

    @Test("One that is not there in time gets 408, and the connection is cut, however much of it comes")
    func late() throws {
        try withChannel { channel in
            try channel.writeInbound(HTTPRequestPart.head(head))
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
            #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil && channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            guard case .head(let answer) = try channel.readOutbound(as: HTTPResponsePart.self) else {
                Issue.record("no answer")
                return
            }
            #expect(answer.status == .requestTimeout && answer.headerFields[.connection] == "close")
            #expect(!channel.isActive)
        }
    }

    @Test("One that was answered before its end is cut without another answer")
    func answered() throws {
        try withChannel { channel in
            try channel.writeInbound(HTTPRequestPart.head(head))
            try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
            _ = try channel.readOutbound(as: HTTPResponsePart.self)
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil && !channel.isActive)
        }
    }

    @Test("One that has come has all the time for its answer")
    func inTime() throws {
        try withChannel { channel in
            try channel.writeInbound(HTTPRequestPart.head(head))
            try channel.writeInbound(HTTPRequestPart.end(nil))
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
            #expect(channel.isActive)
        }
    }
}
