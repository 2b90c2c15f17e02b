// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Turn lease")
struct TurnLeaseTests {
    private static let partition = RecordPartition("p")

    private static func record(_ offset: Int64?, of partition: RecordPartition = partition) -> ConnectorRecord {
        ConnectorRecord(.text("1234"), partition: partition, offset: offset.map { RecordOffset($0) })
    }

    @Test(
        "A batch is put under the lease if it has nothing but whole units of the lease's partition object",
        arguments: [
            (SourceBatch([record(1), record(2)]), true), (SourceBatch([record(nil), record(2)]), true),
            (SourceBatch([record(1), record(nil)]), false), (SourceBatch([]), false), (.end, false),
            (SourceBatch([record(1, of: .single), record(2)]), false),
            (SourceBatch([record(1), record(2, of: .single)]), false),
            (SourceBatch([record(1, of: .single), record(2, of: .single)]), false),
            (SourceBatch([record(1), record(2, of: RecordPartition("p"))]), false),
            (
                SourceBatch([record(1)], progress: [RecordPosition(partition: partition, offset: RecordOffset(2))]),
                false
            ),
        ]
    )
    func covers(batch: SourceBatch, isCovered: Bool) throws {
        let lease = TurnLease()
        #expect(!lease.covers(batch))
        lease.grant(2, of: Self.partition)
        try #require(lease.covers(batch) == isCovered)
        guard isCovered else { return }
        #expect(lease.beginPut() && lease.endPut(batch.records))
        guard case .ended(let partition, let sums) = lease.endForHolder() else {
            Issue.record("The lease has ended already")
            return
        }
        #expect(partition.isIdentical(to: Self.partition))
        #expect(sums.batches == 1 && sums.records == 2 && sums.bytes == 8 && sums.end == RecordOffset(2))
    }
}
