// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

/// One thing that is wrong with a model of shards.
enum ShardsFlaw: String, Sendable {
    case readersBeginAnew, readersReadAll, listsTwice, ignoresCancellation
}

/// A partitioned source that reads the logs with a reader for each, with at most one flaw.
final class ModelShards: PartitionedSource {
    private let upstream: ModelUpstream
    private let flaw: ShardsFlaw?

    init(_ upstream: ModelUpstream, _ flaw: ShardsFlaw? = nil) {
        self.upstream = upstream
        self.flaw = flaw
    }

    private var names: [RecordPartition] {
        (0..<upstream.state.withLock(\.logs.count)).map { RecordPartition("log\($0)") }
    }

    func partitions() async throws -> PartitionList {
        PartitionList(flaw == .listsTwice ? names + names : names, isFinal: upstream.state.withLock(\.isFinished))
    }

    func reader(of partition: RecordPartition, from offset: RecordOffset?) async throws -> any PartitionReader {
        guard let number = names.firstIndex(of: partition) else {
            throw ConnectorError(.invalidConfiguration, "there is no \(partition)")
        }
        var next = 0
        if let offset, flaw != .readersBeginAnew {
            guard let sequence = offset.sequence else {
                throw ConnectorError(.corruptOffsets, "\(offset) is no place in a log")
            }
            next = Int(sequence) + 1
        }
        return Reader(upstream, partition, number, next, flaw)
    }

    actor Reader: PartitionReader {
        private let upstream: ModelUpstream
        private let partition: RecordPartition
        private let number: Int
        private var next: Int
        private let flaw: ShardsFlaw?

        init(
            _ upstream: ModelUpstream,
            _ partition: RecordPartition,
            _ number: Int,
            _ next: Int,
            _ flaw: ShardsFlaw?
        ) {
            self.upstream = upstream
            self.partition = partition
            self.number = number
            self.next = next
            self.flaw = flaw
        }

        func poll(_ request: PollRequest) async throws -> SourceBatch {
            while true {
                if flaw == .ignoresCancellation, Task.isCancelled {
                    await upstream.forever.passIgnoringCancellation()
                }
                try Task.checkCancellation()
                var batch = SourceBatch()
                var bytes = 0
                while batch.records.count < request.maxRecords, case .item(let item) = upstream.entry(number, next) {
                    bytes += item.utf8.count
                    if !batch.records.isEmpty, bytes > request.maxBytes { break }
                    let isMixed = flaw == .readersReadAll && next == 3
                    batch.records.append(
                        ConnectorRecord(
                            .text(item),
                            partition: isMixed ? RecordPartition("log9") : partition,
                            offset: RecordOffset(Int64(next))
                        )
                    )
                    next += 1
                }
                if !batch.records.isEmpty { return batch }
                if upstream.state.withLock(\.isFinished) { return .end }
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
    }
}
