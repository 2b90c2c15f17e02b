// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPServing

@Suite("What is read from a connection")
struct ConnectionHandlerTests {
    @Test("What comes after the last request is not even read, so that no sender fills the memory")
    func deaf() throws {
        let reads = ReadCounter()
        let channel = EmbeddedChannel(handlers: [reads, ConnectionHandler(ConnectionLimits(maxBodyBytes: 1000))])
        defer { _ = try? channel.finish() }
        channel.read()
        let headers: HTTPHeaders = ["Connection": "Upgrade", "Upgrade": "h2c"]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: headers)
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        channel.read()
        #expect(reads.count == 2)
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        channel.read()
        #expect(reads.count == 2)
    }
}

/// Counts how often the socket is to be read.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
