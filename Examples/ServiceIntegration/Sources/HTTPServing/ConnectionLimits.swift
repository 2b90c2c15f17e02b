// SPDX-License-Identifier: Apache-2.0

/// How long whoever is at the other end of a connection may take, and how much is asked for.
public struct ConnectionLimits: Sendable {
    /// How long a sender may take to send a request, once it has begun; then it gets 408, and is cut. Default: 30 s.
    public var requestTimeout = Duration.seconds(30)
    /// How long a receiver may take nothing of an answer that waits for it; then the connection is cut. Default: 60 s.
    public var answerTimeout = Duration.seconds(60)
    /// How long a connection may be without a whole head of a request. Default: 60 s.
    public var idleTimeout = Duration.seconds(60)
    /// The largest body in bytes that a sender which waits for consent is asked for. What comes unasked is for the responder
    /// to limit; what it leaves unread is read and left aside.
    public var maxBodyBytes: Int
    /// Whether there is room for a body of so many bytes; a sender that waits for consent is asked for no other. A request
    /// whose body was not asked for comes to the responder with its field `Expect`, any other one without. Default: always.
    public var hasRoom: @Sendable (Int) -> Bool = { _ in true }

    /// The default times, and the largest body.
    public init(maxBodyBytes: Int) { self.maxBodyBytes = maxBodyBytes }
}
