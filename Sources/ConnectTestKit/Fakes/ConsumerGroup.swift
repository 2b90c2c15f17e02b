// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
public import OpenConnect
import Synchronization

/// A broker with one topic and one consumer group, whose partitions come to its members and go from them.
public final class ConsumerGroup: Sendable {
    private struct State {
        var logs: [[String]]
        var isClosed = false
        var committed: [Int: Int64] = [:]
        var owners: [Int: Int] = [:]
        var wanted: [Int: Int] = [:]
    }

    private let state: Mutex<State>
    /// Wakes the members that wait for entries or partitions.
    fileprivate let changed = ChangeSignal()

    /// A topic with a log for each partition.
    public init(_ logs: [[String]]) {
        state = Mutex(State(logs: logs))
    }

    /// The committed offset of each partition: the number of its newest committed entry.
    public var committed: [Int: Int64] { state.withLock(\.committed) }

    /// Gives each partition to a member; the members notice it in their poll.
    public func rebalance(_ owners: [Int: Int]) {
        state.withLock { $0.wanted = owners }
        changed.notify()
    }

    /// Adds entries to the log of a partition.
    public func append(_ entries: [String], to partition: Int) {
        state.withLock { $0.logs[partition] += entries }
        changed.notify()
    }

    /// Takes all partitions of a member away without asking it, as the broker does when a session has expired.
    public func expel(member: Int, to successor: Int) {
        state.withLock { state in
            for (partition, owner) in state.wanted where owner == member { state.wanted[partition] = successor }
            for (partition, owner) in state.owners where owner == member { state.owners[partition] = nil }
        }
        changed.notify()
    }

    /// Says that nothing will be added to the logs: a member ends when its partitions are read to their end.
    public func close() {
        state.withLock { $0.isClosed = true }
        changed.notify()
    }

    /// A source that is one member of the group.
    public actor Member: CommittingSource {
        private let group: ConsumerGroup
        private let id: Int
        private var context: ConnectorContext?
        private var next: [Int: Int64] = [:]
        private var partitions: [Int: RecordPartition] = [:]

        /// The member of a group with a number.
        public init(_ id: Int, of group: ConsumerGroup) {
            self.id = id
            self.group = group
        }

        public nonisolated var traits: SourceTraits {
            SourceTraits(positions: .upstream, hasDynamicPartitions: true)
        }

        public func start(_ context: ConnectorContext) async throws {
            self.context = context
        }

        /// Leaves the group: what the member had is free for others, or for the next one of the same number.
        public func stop() async {
            group.giveUp(Set(next.keys), by: id)
            _ = drop(Set(next.keys))
        }

        public func poll(_ request: PollRequest) async throws -> SourceBatch {
            while true {
                try Task.checkCancellation()
                let seen = group.changed.count
                try await followRebalance()
                let records = read(request)
                if !records.isEmpty { return SourceBatch(records) }
                if group.isDrained(member: id) { return .end }
                try await group.changed.wait(beyond: seen)
            }
        }

        private func read(_ request: PollRequest) -> [ConnectorRecord] {
            var records: [ConnectorRecord] = []
            var room = PollRoom(request)
            for (number, partition) in partitions.sorted(by: { $0.key < $1.key }) {
                let from = next[number] ?? 0
                let entries = group.read(number, from: from, atMost: request.maxRecords).prefix { room.takes($0) }
                for (index, entry) in entries.enumerated() {
                    let offset = RecordOffset(from + Int64(index))
                    records.append(ConnectorRecord(.text(entry), partition: partition, offset: offset))
                }
                next[number] = from + Int64(entries.count)
            }
            return records
        }

        public func commit(_ positions: [RecordPosition]) async throws {
            for position in positions {
                guard let number = Int(position.partition.name), let offset = position.offset.sequence else { continue }
                group.commit(number, offset, by: id)
            }
        }

        /// Loses what was taken away, gives up what is wanted elsewhere, and takes what is free.
        private func followRebalance() async throws {
            let plan = group.plan(for: id, holding: Set(next.keys))
            if !plan.lost.isEmpty { context?.lost(drop(plan.lost)) }
            if !plan.revoked.isEmpty {
                let revoked = plan.revoked.compactMap { partitions[$0] }
                try await context?.revoke(revoked)
                _ = drop(plan.revoked)
                group.giveUp(plan.revoked, by: id)
            }
            let taken = group.take(by: id)
            guard !taken.isEmpty else { return }
            let new = Dictionary(uniqueKeysWithValues: taken.keys.map { ($0, RecordPartition("\($0)")) })
            do {
                _ = try await context?.assigned(Array(new.values))
            } catch {
                group.giveUp(Set(taken.keys), by: id)
                throw error
            }
            partitions.merge(new) { $1 }
            next.merge(taken) { $1 }
        }

        private func drop(_ numbers: Set<Int>) -> [RecordPartition] {
            numbers.compactMap { number in
                next[number] = nil
                return partitions.removeValue(forKey: number)
            }
        }
    }
}

extension ConsumerGroup {
    fileprivate func read(_ partition: Int, from next: Int64, atMost count: Int) -> ArraySlice<String> {
        state.withLock { $0.logs[partition].dropFirst(Int(next)).prefix(max(0, count)) }
    }

    fileprivate func commit(_ partition: Int, _ offset: Int64, by member: Int) {
        state.withLock { state in
            guard state.owners[partition] == member else { return }
            state.committed[partition] = max(offset, state.committed[partition] ?? -1)
        }
    }

    fileprivate func plan(for member: Int, holding held: Set<Int>) -> (lost: Set<Int>, revoked: Set<Int>) {
        state.withLock { state in
            let lost = held.filter { state.owners[$0] != member }
            return (lost, held.subtracting(lost).filter { state.wanted[$0] != member })
        }
    }

    fileprivate func giveUp(_ partitions: Set<Int>, by member: Int) {
        state.withLock { state in
            for partition in partitions where state.owners[partition] == member { state.owners[partition] = nil }
        }
        changed.notify()
    }

    /// Takes the partitions that are wanted and free; the number of the next entry of each.
    fileprivate func take(by member: Int) -> [Int: Int64] {
        state.withLock { state in
            var taken: [Int: Int64] = [:]
            for (partition, wanted) in state.wanted where wanted == member && state.owners[partition] == nil {
                state.owners[partition] = member
                taken[partition] = (state.committed[partition] ?? -1) + 1
            }
            return taken
        }
    }

    /// Whether a member of a closed group has nothing left to wait for: it has all of the partitions that are meant for it.
    fileprivate func isDrained(member: Int) -> Bool {
        state.withLock { state in
            guard state.isClosed else { return false }
            let mine = state.wanted.filter { $0.value == member }.keys
            return state.owners.filter { $0.value == member }.count == mine.count
        }
    }
}
