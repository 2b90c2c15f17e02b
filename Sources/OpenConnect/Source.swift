// SPDX-License-Identifier: Apache-2.0

/// Reads an external system.
///
/// A source is asked for records by its runner; one that is called by the outside world instead uses ``PushQueue``.
/// What was read is never confirmed by the source itself: a ``CommittingSource`` or an ``AcknowledgingSource`` is told.
public protocol Source: Connector {
    /// How the source's positions work. Constant over the life of the instance.
    nonisolated var traits: SourceTraits { get }

    /// Reads the next records.
    ///
    /// Suspends, and never blocks, until there is at least one record, a progress mark, rejected input, or the end;
    /// returns early rather than filling up to the limits of the request. It is never called again before it has
    /// returned, and never again once it was cancelled. Records that it had taken from the outside and not returned
    /// count as never polled.
    ///
    /// - Parameter request: how much may be returned, and which partitions are held back at present.
    /// - Returns: the records in the order of their partitions, with the position of each.
    /// - Throws: `CancellationError` when cancelled, else ``ConnectorError``.
    func poll(_ request: PollRequest) async throws -> SourceBatch
}

extension Source {
    /// Cumulative offsets that the offset store keeps, replayable, and partitions that do not come and go.
    public nonisolated var traits: SourceTraits { SourceTraits() }
}
