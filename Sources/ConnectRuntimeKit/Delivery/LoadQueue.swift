// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What waits for one sink, in order: whole parcels, and items of such as were taken apart.
struct LoadQueue: Sendable {
    enum Load: Sendable {
        case parcel(Parcel)
        case items([Item])

        var count: Int {
            switch self {
            case .parcel(let parcel): parcel.records.count
            case .items(let items): items.count
            }
        }
    }

    private var loads: [Load] = []
    private var head = 0
    private(set) var records = 0
    /// How many items are gathered in one load, which goes on to the end of a unit.
    private let mostGathered: Int

    init(mostGathered: Int = .max) { self.mostGathered = mostGathered }

    var isEmpty: Bool { head == loads.count }
    var first: Load? { isEmpty ? nil : loads[head] }

    mutating func append(_ load: Load) {
        guard load.count > 0 else { return }
        loads.append(load)
        records += load.count
    }

    mutating func append(_ parcel: Parcel) { append(.parcel(parcel)) }

    /// Adds items to the load at the end, where that is of items and not full, and what has no room to further ones.
    mutating func append(contentsOf items: some RandomAccessCollection<Item>) {
        var rest = items[...]
        while !rest.isEmpty {
            // Taken out, so that the array is not shared while it grows.
            var last = takeUnfilled()
            let end = endOfGathered(rest, behind: last.count)
            last += rest[..<end]
            rest = rest[end...]
            loads.append(.items(last))
        }
        records += items.count
    }

    private mutating func takeUnfilled() -> [Item] {
        guard !isEmpty, case .items(let last) = loads[loads.count - 1] else { return [] }
        guard last.count < mostGathered || last.last?.origin.endsUnit == false else { return [] }
        loads.removeLast()
        return last
    }

    private func endOfGathered<Items: RandomAccessCollection<Item>>(_ items: Items, behind count: Int) -> Items.Index {
        let room = max(1, mostGathered - count)
        guard room < items.count else { return items.endIndex }
        var end = items.index(items.startIndex, offsetBy: room)
        while end < items.endIndex, !items[items.index(before: end)].origin.endsUnit { items.formIndex(after: &end) }
        return end
    }

    mutating func append(contentsOf other: LoadQueue) {
        for load in other.loads[other.head...] {
            switch load {
            case .parcel: append(load)
            case .items(let items): append(contentsOf: items)
            }
        }
    }

    /// Puts a load in front of all others.
    mutating func prepend(_ load: Load) {
        guard load.count > 0 else { return }
        records += load.count
        if head > 0 {
            head -= 1
            loads[head] = load
        } else {
            loads.insert(load, at: 0)
        }
    }

    mutating func prepend(contentsOf other: LoadQueue) {
        let added = other.loads[other.head...]
        let start = max(0, head - added.count)
        loads.replaceSubrange(start..<head, with: added)
        head = start
        records += other.records
    }

    mutating func popFirst() -> Load? {
        guard !isEmpty else { return nil }
        let load = loads[head]
        loads[head] = .items([])
        head += 1
        records -= load.count
        forgetTaken()
        return load
    }

    /// Seldom where the queue is never empty, so that it costs little for each load.
    private mutating func forgetTaken() {
        if isEmpty {
            loads.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head > loads.count / 2 {
            loads.removeFirst(head)
            head = 0
        }
    }

    /// Leaves only the items that fulfil a condition; the others are returned.
    mutating func remove(where isUnwanted: (Item) -> Bool) -> [Item] {
        var removed: [Item] = []
        let all = loads[head...]
        self = LoadQueue(mostGathered: mostGathered)
        for load in all {
            let items: [Item]
            switch load {
            case .items(let some): items = some
            case .parcel(let parcel): items = parcel.items
            }
            let unwanted = items.filter(isUnwanted)
            if unwanted.isEmpty {
                append(load)
            } else {
                removed += unwanted
                append(.items(items.filter { !isUnwanted($0) }))
            }
        }
        return removed
    }
}
