// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Commands on their way, and who waits for their replies.
struct CommandRequest: Sendable {
    let commands: RedisCommands
    let timeout: TimeAmount
    let waiter = Waiter<RedisReplies>()
}

/// Sends commands, and gives the replies to those who wait, in the order of the commands.
final class ReplyHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = CommandRequest
    typealias OutboundOut = ByteBuffer

    /// Why the replies do not come any more.
    struct Loss: Error {
        let cause: (any Error)?
    }

    /// Why the connection ended, also for those who come too late to be told.
    final class End: Sendable {
        private let first = Mutex<(any Error)?>(nil)

        var cause: (any Error)? { first.withLock { $0 } }

        func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
    }

    /// What a server is given too long for.
    struct Timeout: Error, CustomStringConvertible {
        let description = "no answer in time"
    }

    private var pending = CircularBuffer<(request: CommandRequest, timer: Scheduled<Void>)>()
    private var parser = ReplyParser()
    private let end: End
    private var isClosed = false

    init(_ end: End) { self.end = end }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        guard !isClosed else {
            request.waiter.finish(.failure(Loss(cause: end.cause)))
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: request.timeout) {
            // A server that answers late would answer somebody else's command.
            self.close(context, because: Timeout())
        }
        pending.append((request, timer))
        context.write(wrapOutboundOut(request.commands.bytes), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        parser.append(&bytes)
        do throws(ReplyParser.Flaw) {
            while let head = pending.first, let replies = try parser.next(head.request.commands.count) {
                head.timer.cancel()
                pending.removeFirst()
                head.request.waiter.finish(.success(replies))
            }
            guard pending.isEmpty, !parser.isEmpty else { return }
            throw ReplyParser.Flaw(description: "a reply that nobody asked for")
        } catch {
            close(context, because: error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(context, because: error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { fail() }

    private func close(_ context: ChannelHandlerContext, because error: any Error) {
        end.note(error)
        context.close(promise: nil)
        fail()
    }

    private func fail() {
        isClosed = true
        while let head = pending.popFirst() {
            head.timer.cancel()
            head.request.waiter.finish(.failure(Loss(cause: end.cause)))
        }
    }
}
