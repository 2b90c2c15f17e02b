// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The simulated upstream.
struct UpstreamState {
    private let plan: SimulationPlan
    /// The newest entry of each partition that the upstream was told to be committed; -1 for none.
    var committed: [Int]
    /// The newest process that has begun to read.
    var reader = 0
    /// Of a queue: what nobody has.
    var ready: [RecordRef] = []
    /// Of a queue: who has what.
    var taken: [RecordRef: Int] = [:]
    /// Of a group: who owns each partition.
    var owners: [Int?]

    init(_ plan: SimulationPlan) {
        self.plan = plan
        committed = plan.partitions.map { _ in -1 }
        owners = plan.partitions.map { _ in nil }
        guard plan.source == .queue else { return }
        for number in 0..<(plan.partitions.map(\.count).max() ?? 0) {
            for partition in plan.partitions.indices where number < plan.partitions[partition].count {
                ready.append(RecordRef(partition: partition, number: number))
            }
        }
    }

    /// Of a queue: whether everything was acknowledged.
    var isDrained: Bool { ready.isEmpty && taken.isEmpty }

    /// What a process leaves behind when it ends.
    mutating func takeBack(from process: Int) {
        let back = taken.filter { $0.value == process }.keys
        for ref in back { taken[ref] = nil }
        ready.insert(contentsOf: back.sorted { ($0.number, $0.partition) < ($1.number, $1.partition) }, at: 0)
        for index in owners.indices where owners[index] == process { owners[index] = nil }
    }
}

extension WorldState {
    /// A broker takes a partition away without asking: whoever had it is not heard any more.
    mutating func expel(_ partition: Int) {
        upstream.owners[partition] = nil
        guard plan.source == .storedGroup else { return }
        store.epoch += 1
        store.owners[partition] = (store.epoch, 0)
    }
}
