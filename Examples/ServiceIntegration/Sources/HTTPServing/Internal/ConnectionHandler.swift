// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Ends a connection after the last request that can be read from it, and asks for bodies that wait for consent.
///
/// The last one is that of a sender that closes (RFC 9112, 9.6), in whatever form it says so, or speaks HTTP/1.0; that of
/// one which wants another protocol, after which the decoder reads nothing; and that whose body is not asked for.
/// The server is told by `Connection: close`, which is the only form that it knows.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ConnectionLimits
    private var unanswered = 0
    private var hasLastRequest = false
    private var isDeaf = false
    private var owesConsent = false

    init(_ limits: ConnectionLimits) { self.limits = limits }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDeaf else { return }
        var part = unwrapInboundIn(data)
        switch part {
        case .head(var head):
            note(&head)
            part = .head(head)
        case .body: owesConsent = false
        case .end:
            owesConsent = false
            isDeaf = hasLastRequest
        }
        context.fireChannelRead(wrapInboundOut(part))
        consent(context)
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
            consent(context)
        }
    }

    private func note(_ head: inout HTTPRequestHead) {
        unanswered += 1
        owesConsent = false
        hasLastRequest = head.endsConnection
        if head.headers.contains(name: "expect") { noteExpectations(of: &head) }
        if hasLastRequest { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    }

    /// What is left of the field tells the responder that nobody asked for the body.
    private func noteExpectations(of head: inout HTTPRequestHead) {
        let expectations = head.expectations
        let areForConsent = !expectations.isEmpty && expectations.allSatisfy { $0.lowercased() == "100-continue" }
        owesConsent = areForConsent && isWelcome(head.announcedLength)
        if owesConsent || expectations.isEmpty { head.headers.remove(name: "Expect") } else { hasLastRequest = true }
    }

    private func isWelcome(_ bytes: Int) -> Bool { bytes <= limits.maxBodyBytes && limits.hasRoom(bytes) }

    /// Not before the answers that are owed to earlier requests.
    private func consent(_ context: ChannelHandlerContext) {
        guard owesConsent, unanswered == 1 else { return }
        owesConsent = false
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}

extension HTTPRequestHead {
    /// An HTTP/1.0 sender would go by `Connection: keep-alive` in the answer, and otherwise wait for the end.
    fileprivate var endsConnection: Bool { !isKeepAlive || version == .http1_0 || asksForAnotherProtocol }

    private var asksForAnotherProtocol: Bool {
        method == .CONNECT || headers.contains(name: "upgrade") && hasToken("upgrade", in: "connection")
    }

    /// HTTP/1.0 knows none (RFC 9110, 10.1.1).
    fileprivate var expectations: [Substring] {
        version == .http1_0 ? [] : headers[canonicalForm: "expect"].filter { !$0.isEmpty }
    }

    fileprivate var announcedLength: Int { headers.first(name: "content-length").map { Int($0) ?? .max } ?? 0 }

    private func hasToken(_ token: String, in name: String) -> Bool {
        headers[canonicalForm: name].contains { $0.lowercased() == token }
    }
}
