// SPDX-License-Identifier: Apache-2.0

/// A connector that can say, without moving data, whether it reaches its system and may do what it is meant to.
public protocol ConnectionChecking: Connector {
    /// Connects, checks rights and versions, and disconnects. Called instead of `start`.
    ///
    /// - Throws: ``ConnectorError`` that says what is missing.
    func checkConnection(_ context: ConnectorContext) async throws
}

/// A source that knows how far behind it is.
public protocol LagReporting: Source {
    /// For each partition, how much there is behind the newest record polled, in the unit of the source's offsets.
    ///
    /// Called while the source runs, also during a poll; never concurrently with itself. It has to end when it is cancelled.
    func lag() async throws -> [RecordPartition: Int64]
}

/// A connector that has a say in changes of its stored offsets.
public protocol OffsetEditing: Connector {
    /// Checks offsets that an operator wants to store; `nil` resets a partition. Called while the pipeline is stopped, of an
    /// instance that is not started.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidConfiguration` to refuse the change, saying why.
    func willEditOffsets(_ offsets: [RecordPartition: RecordOffset?]) async throws
}

/// A source that wants to know when it is not polled for a while, for example to keep a session alive meanwhile.
///
/// A put that takes long is no such while: the source is polled beside it.
public protocol FlowObserving: Source {
    /// Polling rests: the pipeline is paused, or the limit of what may be in flight or uncommitted is reached.
    func pollingWillRest() async
    /// Polling goes on.
    func pollingWillResume() async
}

/// A source that leaves out partitions that are held back, and has to know when that is over while it waits in `poll`.
///
/// Its traits say ``SourceTraits/canHoldBackPartitions``. A poll that may stay suspended while it leaves something out
/// would not come back to it otherwise, when nothing else arrives.
public protocol HoldObserving: Source {
    /// Other partitions are held back than before: the running poll, where it is suspended, goes on with these left out
    /// and no others. By now its ``PollRequest/heldBack`` says the same. Never called concurrently with itself.
    func heldBackPartitionsChanged(to partitions: [RecordPartition]) async
}

/// A connector whose connection the runner may have restored.
///
/// A call that lost the connection throws `notConnected`; the runner waits as its policy says, has the connection
/// restored, and makes the call again. A connector that connects by itself in its next call need not adopt this.
public protocol Reconnecting: Connector {
    /// Connects again. No other call but `stop`, and for a source `commit` and `acknowledge`, is made meanwhile.
    ///
    /// - Throws: ``ConnectorError``; after `notConnected`, `throttled` and `retryable` it is called again later.
    func reconnect() async throws
}
