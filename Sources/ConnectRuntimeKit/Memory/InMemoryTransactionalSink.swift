// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Appends what it is given to an ``InMemoryLog``, exactly once: the log keeps the positions together with the records.
///
/// Give the pipeline an offset store that lives as long as the log, or none: the log refuses an epoch that is lower than the
/// last.
public struct InMemoryTransactionalSink: PositionKeepingSink {
    private let log: InMemoryLog

    /// A sink that appends to a log.
    public init(_ log: InMemoryLog) {
        self.log = log
    }

    /// What the log keeps for the connector.
    public func positions(in scope: ClaimScope) async throws -> [StoredPosition] { log.positions(in: scope) }

    /// Appends the records and moves the positions, or does neither.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `fenced` where epoch or positions are not as expected.
    public func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        try log.append(batch, advancing: advance)
        return .delivered
    }

    /// Refuses: without positions nothing is exactly once.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        throw ConnectorError(.fatal, "a transactional sink was given records without the positions behind them")
    }
}
