// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Writes records as rows of a table, and keeps the positions behind them in the same transaction: exactly once.
///
/// Rows are sent with COPY, whatever the mode, and the server reads each value as the type of its column does: the digits of
/// a number, the nanoseconds of a time in RFC 3339 and the bytes of JSON stay what they are, as far as the type holds them.
/// A row that the server refuses is looked for by halves in a transaction of its own, rejected, and the rest put again.
public actor PostgresSink: PositionKeepingSink {
    private let options: PostgresSinkOptions
    private let target: ConnectionTarget
    private var session: SinkSession?

    /// A sink for a table.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for a connection string, a name or a
    ///   place in a record that cannot be read.
    public init(_ address: PostgresAddress, options: PostgresSinkOptions) throws {
        self.options = options
        var target = try address.target()
        // A process that freezes within a transaction must not hold its locks until it wakes up.
        target.setSession("idle_in_transaction_session_timeout", "10000")
        self.target = target
        _ = try TableName(options.table)
        _ = try TableName(options.positions)
        for path in options.columns.values { _ = try ValuePath(path) }
    }

    /// One put at a time, in order; batches of up to 10 000 records or 8 MB suit it.
    public nonisolated var traits: SinkTraits {
        SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: 10_000, maxBytes: 8 << 20))
    }

    /// Connects, and reads which columns the table has.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `notConnected`; `invalidConfiguration` where the table, a column or a right
    ///   is missing.
    public func start(_ context: ConnectorContext) async throws {
        let session = try SinkSession(options, target, context)
        self.session = session
        try await session.begin()
    }

    /// Closes the connection.
    public func stop() async {
        await session?.end()
        session = nil
    }

    /// Writes the records in a transaction, without positions.
    ///
    /// - Returns: where a record is rejected, nothing of the batch was written.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        try await started().put(batch, advancing: nil)
    }

    /// Writes the records and moves the positions in one transaction.
    ///
    /// - Returns: where a record is rejected, nothing of the batch was written.
    /// - Throws: ``/OpenConnect/ConnectorError``: `fenced` where epoch or positions are not the expected ones; `notConnected`,
    ///   after which the positions tell whether the transaction took place.
    public func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        try await started().put(batch, advancing: advance)
    }

    /// The positions kept for the connector; waits for a transaction that is still under way.
    public func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
        try await started().positions(in: scope)
    }

    private func started() throws -> SinkSession {
        guard let session else { throw ConnectorError(.fatal, "the sink was not started") }
        return session
    }
}

extension PostgresSink: ConnectionChecking {
    /// Connects, looks whether the table has the columns, and disconnects.
    public func checkConnection(_ context: ConnectorContext) async throws {
        let session = try SinkSession(options, target, context)
        do {
            try await session.begin()
            await session.end()
        } catch {
            await session.end()
            throw error
        }
    }
}
