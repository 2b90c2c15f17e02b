// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("A TLS handshake that does not come about", .timeLimit(.minutes(10)))
struct HandshakeTests {
    /// Hears the beginning of a handshake, and closes the connection behind its answer.
    private final class Peer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String
        init(_ answer: String) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            context.close(promise: nil)
        }
    }

    private static func refusal(by answer: String) async throws -> ConnectorError? {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Peer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var address = RedisAddress(.host("127.0.0.1", port: listener.localAddress?.port ?? 0))
        address.tls = RedisTLS()
        let error = await #expect(throws: ConnectorError.self) {
            try await RedisConnection.open(address, named: "test")
        }
        try await listener.close()
        return error
    }

    @Test("A server that ends it is one that goes down or comes up: it is tried again")
    func ended() async throws {
        let error = try await Self.refusal(by: "")
        #expect(error?.code == .notConnected, "\(error as Any)")
        #expect(error?.message.contains("TLS handshake") == true, "\(error as Any)")
    }

    @Test("A server that speaks something else is a wrong setting")
    func foreign() async throws {
        let error = try await Self.refusal(by: "-ERR unknown command\r\n")
        #expect(error?.code == .invalidConfiguration, "\(error as Any)")
    }
}
