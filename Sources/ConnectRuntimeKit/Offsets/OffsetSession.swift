// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// What a ``FileOffsetStore`` knows while it holds the lock of its directory.
struct OffsetSession: Sendable {
    /// Held as long as this value lives.
    let lock: FileDescriptor
    /// What is durable.
    var table: OffsetTable
    /// Who owns what.
    var claims: ClaimTable
    /// The file that is appended to; `nil` where the next entries begin a new one: after the start, so that what is
    /// read there is not trusted to pages that an earlier process may have failed to write, and after a failure.
    var log: OffsetLogFile?
    /// The size of the file when it was begun, in bytes: of what there is to know.
    var compactedSize: Int64 = 0
    /// The number of the last durable entry.
    private var sequence: UInt64

    init(lock: FileDescriptor, content: OffsetLogFormat.Content) {
        self.lock = lock
        table = content.table
        claims = ClaimTable(content.table)
        sequence = content.sequence
    }

    /// Entries as they are appended.
    func encoded(_ entries: [OffsetEntry], after last: UInt64? = nil) throws(ConnectorError) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, entry) in entries.enumerated() {
            bytes += try OffsetLogFormat.encode(.entry(entry), sequence: (last ?? sequence) + UInt64(index) + 1)
        }
        return bytes
    }

    /// A file that begins with everything that is durable, followed by entries.
    func beginning(with entries: [OffsetEntry]) throws(ConnectorError) -> [UInt8] {
        let snapshot = try OffsetLogFormat.encode(.snapshot(table), sequence: sequence + 1)
        return OffsetLogFormat.fileHeader + snapshot + (try encoded(entries, after: sequence + 1))
    }

    /// Counts entries that have become durable.
    mutating func didWrite(_ count: Int, startingFile: Bool) {
        sequence += UInt64(count) + (startingFile ? 1 : 0)
        if startingFile { compactedSize = log?.size ?? 0 }
    }

    /// Does of the operations what needs no file, where the file has failed.
    ///
    /// - Returns: a result for each operation.
    mutating func fail(
        _ operations: [OffsetOperation],
        _ error: ConnectorError
    ) -> [Result<OffsetReply, ConnectorError>] {
        operations.map { operation in
            let next = OffsetPlan([operation], claims: claims)
            if !next.entries.isEmpty { return .failure(error) }
            claims = next.claims
            return next.apply(to: &table)[0]
        }
    }
}
