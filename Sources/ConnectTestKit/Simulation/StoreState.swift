// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The simulated offset store.
struct StoreState {
    var epoch: UInt64 = 0
    /// By partition, or `nil` for the connector: the epoch of the owner and its process.
    var owners: [Int?: (epoch: UInt64, process: Int)] = [:]
    var positions: [Int: StoredPosition] = [:]
    var checkpoints: [String: SinkCheckpoint] = [:]

    func committed(_ partition: Int) -> Int {
        positions[partition]?.position.offset.sequence.map { Int($0) } ?? -1
    }
}

/// The simulated system behind a sink.
struct SinkState {
    let kind: SimulationPlan.SinkKind
    /// What is there, in its order. Of a checkpointing sink, also what is not durable yet.
    var rows: [RecordRef] = []
    /// How many of the rows are durable.
    var durableCount = 0
    /// How often a record is there durably.
    var durable: [RecordRef: Int] = [:]
    var dropped: Set<RecordRef> = []
    /// Of a position-keeping sink.
    var positions: [Int: StoredPosition] = [:]
    var epoch: UInt64 = 0
    /// The newest epoch whose process has put, whatever epoch it gave.
    var ownerEpoch: UInt64 = 0

    init(kind: SimulationPlan.SinkKind) { self.kind = kind }

    func committed(_ partition: Int) -> Int {
        positions[partition]?.position.offset.sequence.map { Int($0) } ?? -1
    }

    /// Makes the first rows durable.
    mutating func makeDurable(_ count: Int) {
        guard count > durableCount else { return }
        for ref in rows[durableCount..<count] { durable[ref, default: 0] += 1 }
        durableCount = count
    }

    /// Cuts what is there back.
    mutating func cut(to count: Int) {
        for ref in rows.prefix(durableCount).dropFirst(count) { durable[ref, default: 0] -= 1 }
        rows.removeLast(max(0, rows.count - count))
        durableCount = min(durableCount, rows.count)
    }

    mutating func append(durably refs: some Sequence<RecordRef>) {
        rows += refs
        makeDurable(rows.count)
    }
}
