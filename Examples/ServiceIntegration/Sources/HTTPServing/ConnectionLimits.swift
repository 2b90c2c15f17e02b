// SPDX-License-Identifier: Apache-2.0

/// How long the sender on a connection may take, and how much of it is asked for.
public struct ConnectionLimits: Sendable {
    /// How long a sender may take to send a request, once it has begun; then it gets 408, and is cut. Default: 30 s.
    public var requestTimeout = Duration.seconds(30)
    /// How long a connection may be without a whole head of a request. Default: 60 s.
    public var idleTimeout = Duration.seconds(60)
    /// The largest body in bytes that a sender which waits for consent is asked for. What comes unasked is for the responder
    /// to limit; what it leaves unread is read and left aside.
    public var maxBodyBytes: Int

    /// The default times, and the largest body.
    public init(maxBodyBytes: Int) { self.maxBodyBytes = maxBodyBytes }
}
