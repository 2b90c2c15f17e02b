// SPDX-License-Identifier: Apache-2.0

/// A sink that can be cut back to a place it remembers, as a file can: the way to exactly-once delivery into
/// something that has no transactions.
///
/// After each put the runner asks for a checkpoint and keeps it with the positions of that moment. A commit flushes the
/// sink and stores the newest pair in which everything put is committable, atomically with the offsets.
public protocol CheckpointingSink: Sink {
    /// Describes the present end of the output. Cheap and without any I/O.
    func checkpoint() async throws -> SinkCheckpoint

    /// Cuts the output back to a checkpoint.
    ///
    /// Called once after `start`, with the stored checkpoint or with `nil` when there is none, and after a put that
    /// failed with the one before it.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidConfiguration` when the output is not the one that the
    ///   checkpoint speaks of, and `corruptOffsets` when the output no longer reaches it.
    func restore(_ checkpoint: SinkCheckpoint?) async throws
}
