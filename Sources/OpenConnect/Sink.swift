// SPDX-License-Identifier: Apache-2.0

/// Writes an external system.
public protocol Sink: Connector {
    /// What the sink promises and prefers. Constant over the life of the instance.
    nonisolated var traits: SinkTraits { get }

    /// Accepts records in the order of the batch.
    ///
    /// Unless the traits say otherwise, `put` is never called again before it has returned. What it accepted has to be
    /// durable only when ``flush()`` returns. A thrown error speaks for the whole batch.
    ///
    /// - Returns: ``PutResult/delivered``, or a verdict for each record that was not.
    func put(_ batch: RecordBatch) async throws -> PutResult

    /// Makes all earlier puts durable.
    ///
    /// Never called together with a put, and always before the positions of those puts are kept. Not called for a commit
    /// where ``SinkTraits/isDurableOnPut`` says that there is nothing to do.
    func flush() async throws
}

extension Sink {
    /// One put at a time, in order.
    public nonisolated var traits: SinkTraits { SinkTraits() }
}
