// SPDX-License-Identifier: Apache-2.0

/// A sink that takes other batches while it still waits for what becomes of one.
///
/// For a system that takes messages in order and reports on them later, as brokers do with acknowledgements: a lane need not
/// rest for a round trip between two batches. A sink can promise it only where it keeps the order of a lane across batches
/// also when the first of them fails.
///
/// The runner has a few batches on their way, and only where ``SinkTraits/maxConcurrentPuts`` is 1 and the sink is neither a
/// ``CheckpointingSink`` nor a ``PositionKeepingSink``; else it calls ``Sink/put(_:)``. ``Sink/flush()`` and
/// ``Reconnecting/reconnect()`` are called once all batches have ended.
public protocol PipeliningSink: Sink {
    /// Hands a batch over behind those of earlier calls, and returns as soon as the next one may be handed over.
    ///
    /// Never called again before it has returned, but before the puts of earlier calls have ended. Where a record of one of
    /// those has to be put again, nothing behind it in its lane may be applied, of this batch either: its verdict is
    /// ``RecordVerdict/notTried``, or the batch fails as well.
    ///
    /// - Returns: the batch on its way. Its result is awaited in the order of the calls.
    /// - Throws: what ``Sink/put(_:)`` throws, for the whole batch. No other one is begun before those on their way have ended.
    func begin(_ batch: RecordBatch) async throws -> PendingPut
}

extension PipeliningSink {
    /// Hands a batch over and waits for what becomes of it.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        try await begin(batch).result()
    }
}

/// A batch that was handed over, of which it is not known yet what becomes.
public struct PendingPut: Sendable {
    private let wait: @Sendable () async throws -> PutResult

    /// A batch whose outcome is found out by waiting.
    ///
    /// - Parameter wait: waits until it is known. Called once.
    public init(_ wait: @escaping @Sendable () async throws -> PutResult) {
        self.wait = wait
    }

    /// What became of the batch, as ``Sink/put(_:)`` returns it.
    public func result() async throws -> PutResult { try await wait() }
}
