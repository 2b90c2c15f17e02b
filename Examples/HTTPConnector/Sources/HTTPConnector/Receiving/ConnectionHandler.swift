// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Ends a connection after the last request that can be read from it.
///
/// The last one is that of a sender that closes (RFC 9112, 9.6), in whatever form it says so, or that of one which
/// wants another protocol, after which the decoder reads nothing.
/// The server is told by `Connection: close`, which is the only form that it knows.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var unanswered = 0
    private var hasLastRequest = false
    private var isDeaf = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDeaf else { return }
        var part = unwrapInboundIn(data)
        switch part {
        case .head(var head):
            note(&head)
            part = .head(head)
        case .body: break
        case .end: isDeaf = hasLastRequest
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// What comes after the last request has no reader, and is left to the sender.
    func read(context: ChannelHandlerContext) {
        if !isDeaf { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isDeaf { context.fireErrorCaught(error) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where hasLastRequest && unanswered <= 1:
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body: context.write(data, promise: promise)
        case .end:
            unanswered -= 1
            context.write(data, promise: promise)
        }
    }

    private func note(_ head: inout HTTPRequestHead) {
        unanswered += 1
        hasLastRequest = !head.isKeepAlive || head.asksForAnotherProtocol
        if hasLastRequest { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}

extension HTTPRequestHead {
    fileprivate var asksForAnotherProtocol: Bool {
        method == .CONNECT || headers.contains(name: "upgrade") && hasToken("upgrade", in: "connection")
    }

    private func hasToken(_ token: String, in name: String) -> Bool {
        headers[canonicalForm: name].contains { $0.lowercased() == token }
    }
}
