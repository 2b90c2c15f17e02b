// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes

/// Cuts a connection whose receiver takes nothing of what waits for it for too long.
///
/// Most answers fit into the system's buffers, and never have a timer.
final class AnswerDeadlineHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let timeout: TimeAmount
    /// Parts that were written and not flushed: the receiver could not have taken them.
    private var unsent = 0
    private var untaken = 0
    private var deadline: Scheduled<Void>?

    init(timeout: TimeAmount) { self.timeout = timeout }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        unsent += 1
        promise.futureResult.assumeIsolated().whenComplete { _ in self.noteTaken(context) }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        untaken += unsent
        unsent = 0
        context.flush()
        if deadline == nil { awaitReceiver(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { forget() }

    /// Parts are taken in their order; those that a closed connection fails count as taken.
    private func noteTaken(_ context: ChannelHandlerContext) {
        if untaken > 0 { untaken -= 1 } else { unsent -= 1 }
        guard deadline != nil else { return }
        forget()
        awaitReceiver(context)
    }

    private func awaitReceiver(_ context: ChannelHandlerContext) {
        guard untaken > 0 else { return }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.deadline = nil
            context.close(promise: nil)
        }
    }

    private func forget() {
        deadline?.cancel()
        deadline = nil
    }
}

@available(*, unavailable)
extension AnswerDeadlineHandler: Sendable {}
