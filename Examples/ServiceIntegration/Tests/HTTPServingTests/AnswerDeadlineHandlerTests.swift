// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import HTTPServing

@Suite("How long a receiver may take nothing of its answer")
struct AnswerDeadlineHandlerTests {
    /// Keeps what is written until the receiver takes it.
    private final class Receiver: ChannelOutboundHandler {
        typealias OutboundIn = HTTPResponsePart

        private var waiting: [EventLoopPromise<Void>?] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            waiting.append(promise)
        }

        func flush(context: ChannelHandlerContext) {}

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            while !waiting.isEmpty { waiting.removeFirst()?.fail(ChannelError.ioOnClosedChannel) }
            context.close(mode: mode, promise: promise)
        }

        func take() { waiting.removeFirst()?.succeed() }
    }

    private let head = HTTPResponsePart.head(HTTPResponse(status: .ok))
    private let body = HTTPResponsePart.body(ByteBuffer(string: "x"))

    private func withChannel(_ body: (EmbeddedChannel, Receiver) throws -> Void) throws {
        let receiver = Receiver()
        let channel = EmbeddedChannel(handlers: [receiver, AnswerDeadlineHandler(timeout: .seconds(2))])
        defer { _ = try? channel.finish() }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try body(channel, receiver)
    }

    @Test("One that takes nothing is cut, and what waits for it fails")
    func takesNothing() throws {
        try withChannel { channel, _ in
            let end = channel.eventLoop.makePromise(of: Void.self)
            channel.write(head, promise: nil)
            channel.writeAndFlush(HTTPResponsePart.end(nil), promise: end)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1999))
            #expect(channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            #expect(!channel.isActive)
            #expect(throws: ChannelError.ioOnClosedChannel) { try end.futureResult.wait() }
        }
    }

    @Test("One that takes a part in time has as long for the next, and for ever once it has them all")
    func takesSome() throws {
        try withChannel { channel, receiver in
            for part in [head, body, .end(nil)] { channel.writeAndFlush(part, promise: nil) }
            for _ in 0..<3 {
                channel.embeddedEventLoop.advanceTime(by: .milliseconds(1999))
                #expect(channel.isActive)
                receiver.take()
            }
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
            #expect(channel.isActive)
        }
    }

    @Test("What was not flushed waits for the responder, and not for the receiver")
    func unflushed() throws {
        try withChannel { channel, receiver in
            channel.writeAndFlush(head, promise: nil)
            channel.write(body, promise: nil)
            receiver.take()
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
            #expect(channel.isActive)
            channel.flush()
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            #expect(!channel.isActive)
        }
    }
}
