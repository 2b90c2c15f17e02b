// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A log of transactions: the records of one transaction are a unit, of which only the last has an offset.
public actor TransactionLog: Source {
    private let transactions: [[String]]
    private var transaction = 0
    private var step = 0

    /// A log; transactions are numbered from 0.
    public init(_ transactions: [[String]]) {
        self.transactions = transactions
    }

    public func start(_ context: ConnectorContext) async throws {
        transaction = Int(try await context.offset(of: .single)?.followingSequence() ?? 0)
    }

    /// Returns as much as the request allows, also when that is in the middle of a transaction.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        var records: [ConnectorRecord] = []
        var room = PollRoom(request)
        while transaction < transactions.count, room.takes(transactions[transaction][step]) {
            let entries = transactions[transaction]
            let isLast = step == entries.count - 1
            records.append(
                ConnectorRecord(.text(entries[step]), offset: isLast ? RecordOffset(Int64(transaction)) : nil)
            )
            step = isLast ? 0 : step + 1
            if isLast { transaction += 1 }
        }
        return SourceBatch(records, isEnd: records.isEmpty)
    }
}
