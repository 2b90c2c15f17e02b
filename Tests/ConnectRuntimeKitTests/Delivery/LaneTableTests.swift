// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Lane table")
struct LaneTableTests {
    private let a = RecordPartition("a")
    private let b = RecordPartition("b")

    private func parcel(_ offsets: ClosedRange<Int64>, _ partition: RecordPartition) -> Parcel {
        Parcel(shipment: 0, records: records(offsets, partition: partition))
    }

    private func lane(_ partition: RecordPartition) -> LaneID { LaneID(partition: partition, key: nil) }

    /// The loads in their order: `p` for a parcel, `i` for items, with the texts of the records.
    private func drain(_ queue: LoadQueue) -> [String] {
        var (queue, loads) = (queue, [String]())
        while let load = queue.popFirst() {
            let texts = load.items.map(\.record.text).joined(separator: ",")
            if case .parcel = load { loads.append("p" + texts) } else { loads.append("i" + texts) }
        }
        #expect(queue.records == 0)
        return loads
    }

    @Test("S37: parcels wait as they are, those that are to be gathered become one load, all in their order")
    func followers() {
        var lanes = LaneTable(mostGathered: 1000)
        var isWaiting = [lanes.follow(parcel(1...2, a), in: lane(a), gathering: false)]
        lanes.occupy([lane(a), lane(b)])
        isWaiting.append(lanes.follow(parcel(1...2, a), in: lane(a), gathering: false))
        isWaiting.append(lanes.follow(parcel(3...3, a), in: lane(a), gathering: true))
        for item in parcel(4...5, a).items { isWaiting.append(lanes.follow(item, in: lane(a))) }
        isWaiting.append(lanes.follow(parcel(6...7, a), in: lane(a), gathering: false))
        isWaiting.append(lanes.follow(parcel(8...8, a), in: lane(a), gathering: true))
        isWaiting.append(lanes.follow(parcel(9...9, b), in: lane(b), gathering: true))
        #expect(isWaiting == [false] + Array(repeating: true, count: 7))
        var room = Charge()
        (room.records, room.bytes) = (8, 8)
        #expect(lanes.partitions(over: room).isEmpty)
        room.bytes = 7
        #expect(lanes.partitions(over: room) == [a])
        (room.records, room.bytes) = (7, 8)
        #expect(lanes.partitions(over: room) == [a])
        let freed = lanes.release([lane(b), lane(a)])
        #expect(freed.records == 9 && lanes.isEmpty)
        #expect(drain(freed) == ["p1,2", "i3,4,5", "p6,7", "i8,9"])
    }

    @Test("S69: what is not wanted any more is taken out of parcels too; the others keep their order")
    func removal() {
        var lanes = LaneTable(mostGathered: 1000)
        lanes.occupy([lane(a)])
        for parcel in [parcel(1...2, a), parcel(3...4, a)] {
            _ = lanes.follow(parcel, in: lane(a), gathering: false)
        }
        let (removed, freed) = lanes.remove(where: { $0.record.text == "2" }, .partition)
        #expect(removed.map(\.record.text) == ["2"] && freed.isEmpty)
        var room = Charge()
        (room.records, room.bytes) = (3, 3)
        #expect(lanes.partitions(over: room).isEmpty, "the bytes of what went still count")
        let rest = lanes.release([lane(a)])
        #expect(drain(rest) == ["i1", "p3,4"])
    }

    @Test(
        "what goes before a queue is in front of it in its own order, also where something was taken",
        arguments: 0...4
    )
    func prepended(taken: Int) {
        var (queue, other) = (LoadQueue(), LoadQueue())
        for _ in 0..<taken { queue.append(parcel(0...0, a)) }
        queue.append(parcel(5...6, a))
        for _ in 0..<taken { _ = queue.popFirst() }
        other.append(parcel(0...0, a))
        _ = other.popFirst()
        other.append(parcel(1...2, a))
        other.append(contentsOf: parcel(3...4, a).items)
        queue.prepend(contentsOf: other)
        #expect(queue.records == 6)
        #expect(drain(queue) == ["p1,2", "i3,4", "p5,6"])
    }

    @Test("S47: what is gathered goes on to the end of a unit behind the most, and no further")
    func gatheredInPieces() {
        var lanes = LaneTable(mostGathered: 4)
        lanes.occupy([lane(a)])
        for parcel in [parcel(1...3, a), parcel(4...9, a), parcel(10...10, a)] {
            _ = lanes.follow(parcel, in: lane(a), gathering: true)
        }
        #expect(drain(lanes.release([lane(a)])) == ["i1,2,3,4", "i5,6,7,8", "i9,10"])

        var units = LoadQueue(mostGathered: 2)
        for offset: Int64 in 1...7 {
            var item = parcel(offset...offset, a).items[0]
            if [2, 3, 5].contains(offset) { item = item.insideUnit }
            units.append(contentsOf: [item])
        }
        var (whole, rest) = (LoadQueue(mostGathered: 2), units)
        while let load = rest.popFirst() { whole.append(contentsOf: load.items) }
        #expect(drain(units) == ["i1,2,3,4", "i5,6", "i7"])
        #expect(drain(whole) == ["i1,2,3,4", "i5,6", "i7"])
    }

    @Test("A queue that is never empty keeps its order, and nothing of what was taken")
    func busyQueue() {
        var queue = LoadQueue()
        var backlog = Backlog()
        for offset: Int64 in 0..<10_000 {
            queue.append(parcel(offset...offset, a))
            backlog.append(.empty)
            guard offset >= 10 else { continue }
            guard let load = queue.popFirst() else { break }
            if offset.isMultiple(of: 3) {
                queue.prepend(load)
                _ = queue.popFirst()
            }
            #expect(load.items.first?.record.text == "\(offset - 10)")
            _ = backlog.popFirst()
        }
        #expect(queue.records == 10)
        for kept in [storedCount(of: queue), storedCount(of: backlog)] { #expect((10..<200).contains(kept)) }
    }

    /// The elements of the array in which a queue keeps what waits.
    private func storedCount(of queue: some Any) -> Int {
        Mirror(reflecting: queue).children.compactMap { Mirror(reflecting: $0.value) }
            .first { $0.displayStyle == .collection }?.children.count ?? 0
    }
}

extension Item {
    fileprivate var insideUnit: Item {
        Item(record: record, shipment: shipment, origin: .init(index: origin.index, part: 0, endsUnit: false))
    }
}
