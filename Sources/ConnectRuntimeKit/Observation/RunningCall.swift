// SPDX-License-Identifier: Apache-2.0

/// A call into a connector, a function or a store that has not returned, such as the `put of the orders`.
public struct RunningCall: Sendable, Hashable, CustomStringConvertible {
    /// The call: `poll`, `put`, `flush`, `save`, …
    public let name: String
    /// Whose call it is: the name of a sink, `source`, `functions`, `offset store` or `dead letters`.
    public let connector: String
    /// For how long it has been running, where that is known; see ``PipelineStatus/calls``.
    public let duration: Duration?
    /// Whether it may wait for as long as it likes: a poll without anything to return, a claim that waits for its owner.
    public let isWaiting: Bool
    /// Tells whether two looks see the same call.
    let identity: CallIdentity

    /// The call and whose it is.
    public var description: String { "\(name) of the \(connector)" }

    init(_ identity: CallIdentity, duration: Duration? = nil, isWaiting: Bool = false) {
        name = identity.name
        connector = identity.connector
        self.duration = duration
        self.isWaiting = isWaiting
        self.identity = identity
    }
}

/// One call among all that a pipeline makes.
struct CallIdentity: Sendable, Hashable {
    let name: String
    let connector: String
    /// The run of the pipeline.
    var run = 0
    /// Which call of its name it is in that run.
    let number: UInt64
}
