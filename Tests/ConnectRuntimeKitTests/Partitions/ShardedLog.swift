// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

@testable import ConnectRuntimeKit

/// An upstream with a log for each shard, to which entries and shards are added, and from which shards are taken.
final class ShardedLog: Sendable {
    struct Shard: Sendable {
        var entries: [String]
        /// Nothing will be added.
        var isClosed = true
        var openReaders = 0
        var mostReaders = 0
        var polls = 0
    }

    private struct State: Sendable {
        var shards: [String: Shard] = [:]
        var listed: [String] = []
        var isFinal: Bool
        var context: ConnectorContext?
        var readEntries = 0
        var reconnects = 0
    }

    private let state: Mutex<State>
    fileprivate let changed = ChangeSignal()
    /// What a poll of a shard does before it reads.
    let onPoll: @Sendable (_ log: ShardedLog, _ shard: String, _ poll: Int) async throws -> Void

    init(
        _ shards: [String: [String]],
        isFinal: Bool = true,
        isClosed: Bool = true,
        onPoll: @escaping @Sendable (_ log: ShardedLog, _ shard: String, _ poll: Int) async throws -> Void = {
            _,
            _,
            _ in
        }
    ) {
        self.onPoll = onPoll
        var state = State(isFinal: isFinal)
        state.shards = shards.mapValues { Shard(entries: $0, isClosed: isClosed) }
        state.listed = shards.keys.sorted()
        self.state = Mutex(state)
    }

    var shards: [String: Shard] { state.withLock(\.shards) }
    /// How many entries were read, over all shards.
    var readEntries: Int { state.withLock(\.readEntries) }
    var reconnects: Int { state.withLock(\.reconnects) }
    var openReaders: Int { state.withLock { $0.shards.values.reduce(0) { $0 + $1.openReaders } } }

    func append(_ entries: [String], to shard: String, isClosed: Bool = false) {
        state.withLock { state in
            state.shards[shard, default: Shard(entries: [], isClosed: false)].entries += entries
            state.shards[shard]?.isClosed = isClosed
        }
        changed.notify()
    }

    /// Has the source list other shards.
    func list(_ shards: [String], isFinal: Bool = false) {
        let context = state.withLock { state in
            state.listed = shards
            state.isFinal = isFinal
            return state.context
        }
        context?.partitionsChanged()
    }

    fileprivate func note(_ context: ConnectorContext) { state.withLock { $0.context = context } }
    fileprivate var list: PartitionList {
        state.withLock { PartitionList($0.listed.map { RecordPartition($0) }, isFinal: $0.isFinal) }
    }

    fileprivate func noteReconnect() { state.withLock { $0.reconnects += 1 } }

    fileprivate func noteReader(_ shard: String, opens: Bool) {
        state.withLock { state in
            state.shards[shard]?.openReaders += opens ? 1 : -1
            let open = state.shards[shard]?.openReaders ?? 0
            let most = state.shards[shard]?.mostReaders ?? 0
            state.shards[shard]?.mostReaders = max(open, most)
        }
        changed.notify()
    }

    fileprivate func notePoll(_ shard: String) -> Int {
        state.withLock { state in
            state.shards[shard]?.polls += 1
            return state.shards[shard]?.polls ?? 0
        }
    }

    fileprivate func read(_ shard: String, from next: Int, atMost count: Int) -> (entries: [String], isEnd: Bool) {
        state.withLock { state in
            guard let shard = state.shards[shard] else { return ([], true) }
            let entries = Array(shard.entries.dropFirst(next).prefix(count))
            state.readEntries += entries.count
            return (entries, shard.isClosed && next + entries.count >= shard.entries.count)
        }
    }

    /// Waits until something about the shards is so.
    func wait(until isSo: (ShardedLog) -> Bool) async throws {
        while true {
            let count = changed.count
            if isSo(self) { return }
            try await changed.wait(beyond: count)
        }
    }

    final class Reader: PartitionReader {
        let log: ShardedLog
        let partition: RecordPartition
        let next: Mutex<Int>

        init(_ log: ShardedLog, _ partition: RecordPartition, after offset: RecordOffset?) {
            self.log = log
            self.partition = partition
            next = Mutex(Int((offset?.sequence ?? -1) + 1))
            log.noteReader(partition.name, opens: true)
        }

        func poll(_ request: PollRequest) async throws -> SourceBatch {
            try await log.onPoll(log, partition.name, log.notePoll(partition.name))
            while true {
                let count = log.changed.count
                let start = next.withLock(\.self)
                let (entries, isEnd) = log.read(partition.name, from: start, atMost: request.maxRecords)
                if entries.isEmpty, !isEnd {
                    try await log.changed.wait(beyond: count)
                    continue
                }
                next.withLock { $0 += entries.count }
                log.changed.notify()
                return SourceBatch(entries.enumerated().map { record($1, at: start + $0) }, isEnd: isEnd)
            }
        }

        /// An entry that ends with a plus sign is not the last of its unit.
        private func record(_ entry: String, at index: Int) -> ConnectorRecord {
            let offset = entry.hasSuffix("+") ? nil : RecordOffset(Int64(index))
            return ConnectorRecord(.text(entry), partition: partition, offset: offset)
        }

        func stop() async { log.noteReader(partition.name, opens: false) }
    }
}

/// Reads a sharded log, a reader for each shard.
struct ShardedSource: PartitionedSource, CommittingSource, Reconnecting {
    let log: ShardedLog
    var traits = SourceTraits()

    func start(_ context: ConnectorContext) async throws { log.note(context) }
    func partitions() async throws -> PartitionList { log.list }
    func reader(of partition: RecordPartition, from offset: RecordOffset?) async throws -> any PartitionReader {
        ShardedLog.Reader(log, partition, after: offset)
    }
    func commit(_ positions: [RecordPosition]) async throws {}
    func reconnect() async throws { log.noteReconnect() }
}
