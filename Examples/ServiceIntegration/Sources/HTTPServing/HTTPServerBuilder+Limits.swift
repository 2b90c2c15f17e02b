// SPDX-License-Identifier: Apache-2.0

public import HummingbirdCore
import NIOCore

extension HTTPServerBuilder {
    /// A server of HTTP/1.1 that no connection keeps busy, and that leaves none open which its sender waits to see closed.
    ///
    /// A request that wants the connection closed (RFC 9112, 9.6) or another protocol on it is the last one that is read
    /// from it, and `Expect: 100-continue` is answered (RFC 9110, 10.1.1).
    public static func http1(within limits: ConnectionLimits) -> HTTPServerBuilder {
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                AnswerDeadlineHandler(timeout: TimeAmount(limits.answerTimeout)),
                RequestDeadlineHandler(timeout: TimeAmount(limits.requestTimeout)),
            ],
            idleTimeout: TimeAmount(limits.idleTimeout)
        )
        return HTTPServerBuilder { responder in
            ConnectionChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration),
                limits: limits
            )
        }
    }
}
