// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// A table that stores positions with its rows in one transaction, and whose answer to COMMIT can get lost.
public final class TransactionalTable: Sendable {
    /// What happens to the answer of one COMMIT.
    public enum Answer: Sendable {
        /// It arrives.
        case arrives
        /// The transaction took place, and nobody hears of it.
        case lostAfterCommit
        /// The connection breaks before the transaction takes place.
        case lostBeforeCommit
    }

    private struct State {
        var rows: [String] = []
        var transactions: [[String]] = []
        var positions: [ClaimScope: [RecordPartition: StoredPosition]] = [:]
        var epochs: [ClaimScope: Epoch] = [:]
        var commits = 0

        mutating func apply(_ rows: [String], _ advance: PositionAdvance) throws {
            guard advance.epoch >= epochs[advance.scope] ?? advance.epoch else {
                throw ConnectorError(.fenced, "epoch \(advance.epoch) of \(advance.scope) is outdated")
            }
            var kept = positions[advance.scope] ?? [:]
            for step in advance.steps {
                let partition = step.new.position.partition
                guard kept[partition] == step.expected else {
                    throw ConnectorError(.fenced, "the position of \(partition) is not the expected one")
                }
                kept[partition] = step.new
            }
            epochs[advance.scope] = advance.epoch
            positions[advance.scope] = kept
            self.rows += rows
            if !rows.isEmpty { transactions.append(rows) }
        }
    }

    private let state = Mutex(State())
    private let answer: @Sendable (_ commit: Int) -> Answer

    /// An empty table.
    ///
    /// - Parameter answer: what happens to the answer of each COMMIT, counted from 0.
    public init(answer: @escaping @Sendable (_ commit: Int) -> Answer = { _ in .arrives }) {
        self.answer = answer
    }

    /// The rows in the order in which they were inserted.
    public var rows: [String] { state.withLock(\.rows) }
    /// The rows of each transaction that took place and inserted any.
    public var transactions: [[String]] { state.withLock(\.transactions) }

    /// Takes the table over for a higher epoch, as another owner would.
    public func fence(_ scope: ClaimScope, epoch: Epoch) {
        state.withLock { $0.epochs[scope] = epoch }
    }

    fileprivate func positions(in scope: ClaimScope) -> [StoredPosition] {
        state.withLock { Array(($0.positions[scope] ?? [:]).values) }
    }

    fileprivate func transact(_ rows: [String], _ advance: PositionAdvance) throws {
        let answer = state.withLock { state in
            defer { state.commits += 1 }
            return self.answer(state.commits)
        }
        if answer == .lostBeforeCommit { throw ConnectorError(.notConnected, "the connection broke before COMMIT") }
        try state.withLock { try $0.apply(rows, advance) }
        if answer == .lostAfterCommit { throw ConnectorError(.notConnected, "no answer to COMMIT") }
    }

    /// A sink that writes the table.
    public actor Writer: PositionKeepingSink {
        private let table: TransactionalTable

        /// A writer of a table.
        public init(_ table: TransactionalTable) {
            self.table = table
        }

        public func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
            table.positions(in: scope)
        }

        public func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
            try table.transact(batch.map { $0.data.text ?? "" }, advance)
            return .delivered
        }

        public func put(_ batch: RecordBatch) async throws -> PutResult {
            throw ConnectorError(.fatal, "the table was written without positions")
        }
    }
}
