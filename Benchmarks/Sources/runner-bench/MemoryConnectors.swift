// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes records of 200 bytes in batches, each batch cut from a buffer of its own, as a reader of files does.
///
/// Only one task at a time polls it.
final class MemorySource: Source, @unchecked Sendable {
    private let total: Int
    private let batch: Int
    private let partitions: [RecordPartition]
    private let wait: Duration?
    private var next = 0

    init(total: Int, batch: Int, partitions: Int, wait: Duration? = nil) {
        self.wait = wait
        self.total = total
        self.batch = batch
        self.partitions = partitions == 1 ? [.single] : (0..<partitions).map { RecordPartition("p\($0)") }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        if let wait { try await Task.sleep(for: wait) }
        return makeBatch()
    }

    @inline(__always)
    private func makeBatch() -> SourceBatch {
        let count = min(batch, total - next)
        guard count > 0 else { return .end }
        let bytes = SharedBytes(unsafeUninitializedCapacity: count * 200) { buffer in
            buffer.update(repeating: 0x61)
            return buffer.count
        }
        var records: [ConnectorRecord] = []
        records.reserveCapacity(count)
        for index in 0..<count {
            let number = next + index
            records.append(
                ConnectorRecord(
                    .bytes(bytes.slice(index * 200..<index * 200 + 200)),
                    partition: partitions.count == 1 ? partitions[0] : partitions[number % partitions.count],
                    offset: RecordOffset(Int64(number))
                )
            )
        }
        next += count
        return SourceBatch(records)
    }
}

/// Counts what it is given, and fails now and then if it is told to.
final class MemorySink: Sink, @unchecked Sendable {
    private let wait: Duration?
    private let failsEvery: Int?
    private var puts = 0
    private(set) var records = 0
    private(set) var bytes = 0

    init(wait: Duration? = nil, failsEvery: Int? = nil) {
        self.wait = wait
        self.failsEvery = failsEvery
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        if let wait { try await Task.sleep(for: wait) }
        puts += 1
        if let failsEvery, puts.isMultiple(of: failsEvery) { throw ConnectorError(.retryable, "busy") }
        for record in batch.records { bytes += record.heldBytes.count }
        records += batch.count
        return .delivered
    }

    func flush() async throws {}
}
