// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The lanes of one sink that are not free: a put of theirs runs, or failed and waits to be made again.
///
/// Later records of such a lane wait behind it; those of all other lanes go on.
struct LaneTable: Sendable {
    /// Items that are put again together.
    struct Group: Sendable {
        var items: [Item]
        var lanes: Set<LaneID>
        var due: ConnectorClock.Instant
        /// At most so many of the items are put at once, because one of them is bad.
        var limit: Int?
        /// How many dead letters of which lanes have to be durable first.
        var awaitedLetters: [LaneID: Int] = [:]
    }

    private struct Lane: Sendable {
        var followers: LoadQueue
        var bytes = 0
    }

    private var lanes: [LaneID: Lane] = [:]
    private(set) var groups: [Group] = []
    /// How many items that wait behind a lane are put together.
    private let mostGathered: Int

    init(mostGathered: Int) { self.mostGathered = mostGathered }

    var isEmpty: Bool { lanes.isEmpty && groups.isEmpty }
    /// How many records are held back to be put again.
    var heldRecords: Int { groups.reduce(0) { $0 + $1.items.count } }

    /// When the next group can be put again.
    var nextDue: ConnectorClock.Instant? {
        groups.lazy.filter(\.awaitedLetters.isEmpty).map(\.due).min()
    }

    func hasDue(at now: ConnectorClock.Instant) -> Bool { nextDue.map { $0 <= now } ?? false }

    /// Takes the group that has been due for longest.
    ///
    /// - Parameter wholeUnits: a put must not end inside a unit, even where few items are wanted.
    mutating func takeDue(at now: ConnectorClock.Instant, wholeUnits: Bool) -> PutJob? {
        guard let due = nextDue, due <= now else { return nil }
        guard let index = groups.firstIndex(where: { $0.due == due && $0.awaitedLetters.isEmpty }) else { return nil }
        let group = groups.remove(at: index)
        var count = min(group.limit ?? group.items.count, group.items.count)
        while wholeUnits, count < group.items.count, !group.items[count - 1].origin.endsUnit { count += 1 }
        var job = PutJob(records: group.items[..<count].map(\.record))
        job.items = Array(group.items[..<count])
        job.rest = Array(group.items[count...])
        job.lanes = group.lanes
        job.isRepeated = true
        job.limit = group.limit
        return job
    }

    /// Keeps lanes for a put, or for what has to be put again.
    mutating func occupy(_ names: some Sequence<LaneID>) {
        for name in names where lanes[name] == nil {
            lanes[name] = Lane(followers: LoadQueue(mostGathered: mostGathered))
        }
    }

    func isOccupied(_ name: LaneID) -> Bool { lanes[name] != nil }

    /// Lets an item wait behind its lane; `false` where it is free.
    mutating func follow(_ item: Item, in name: LaneID) -> Bool {
        guard lanes[name] != nil else { return false }
        lanes[name]?.followers.append(contentsOf: CollectionOfOne(item))
        lanes[name]?.bytes += item.record.heldCount
        return true
    }

    /// Lets a parcel, all of which is of one lane, wait behind that; `false` where it is free.
    ///
    /// - Parameter gathering: whether it is to be put together with what waits beside it.
    mutating func follow(_ parcel: Parcel, in name: LaneID, gathering: Bool) -> Bool {
        guard lanes[name] != nil else { return false }
        if gathering {
            lanes[name]?.followers.append(contentsOf: parcel.items)
        } else {
            lanes[name]?.followers.append(parcel)
        }
        lanes[name]?.bytes += parcel.records.heldCount
        return true
    }

    /// Frees lanes; what waited behind them.
    mutating func release(_ names: some Sequence<LaneID>) -> LoadQueue {
        var freed = LoadQueue(mostGathered: mostGathered)
        for name in names.sorted() {
            if let lane = lanes.removeValue(forKey: name) { freed.append(contentsOf: lane.followers) }
        }
        return freed
    }

    mutating func hold(_ group: Group) {
        occupy(group.lanes)
        groups.append(group)
    }

    /// A dead letter of a lane is durable: what waited for it may go on. What waited behind it, where that is all.
    mutating func noteLetter(of lane: LaneID) -> LoadQueue {
        guard let index = groups.firstIndex(where: { $0.awaitedLetters[lane] != nil }) else { return LoadQueue() }
        groups[index].awaitedLetters[lane, default: 1] -= 1
        if groups[index].awaitedLetters[lane] == 0 { groups[index].awaitedLetters[lane] = nil }
        guard groups[index].awaitedLetters.isEmpty, groups[index].items.isEmpty else { return LoadQueue() }
        return release(groups.remove(at: index).lanes)
    }

    /// Partitions behind one of whose lanes more waits than a share allows.
    func partitions(over limit: Charge) -> [RecordPartition] {
        lanes.filter { $0.value.followers.records > limit.records || $0.value.bytes > limit.bytes }.map(\.key.partition)
    }

    /// Takes out items that are not wanted any more; what waited behind lanes of which nothing is left is free to go.
    mutating func remove(where isUnwanted: (Item) -> Bool, _ order: LaneOrder) -> (removed: [Item], freed: LoadQueue) {
        var removed: [Item] = []
        for name in lanes.keys.sorted() {
            let unwanted = lanes[name]?.followers.remove(where: isUnwanted) ?? []
            lanes[name]?.bytes -= unwanted.reduce(0) { $0 + $1.record.heldCount }
            removed += unwanted
        }
        var freed = LoadQueue(mostGathered: mostGathered)
        for index in groups.indices {
            removed += groups[index].items.filter(isUnwanted)
            groups[index].items.removeAll(where: isUnwanted)
            guard !groups[index].items.isEmpty || groups[index].awaitedLetters.isEmpty else { continue }
            let left = Set(groups[index].items.map { LaneID($0, order) })
            groups[index].awaitedLetters = groups[index].awaitedLetters.filter { left.contains($0.key) }
            let gone = groups[index].lanes.subtracting(left)
            groups[index].lanes = left
            freed.append(contentsOf: release(gone))
        }
        groups.removeAll { $0.items.isEmpty && $0.awaitedLetters.isEmpty }
        return (removed, freed)
    }
}
