// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A put of a task of a sink: its number and its beginning.
struct QueuedPut: Sendable {
    /// Counts down, so that it is never that of a poll.
    let number: UInt64
    let start: ConnectorClock.Instant
}

/// What one sink has before it: the records that wait for it, the lanes that are held back, the puts that run.
struct SinkDesk: Sendable {
    let name: String
    let maxPuts: Int
    /// How many puts may be on their way: more than `maxPuts` where the next ones are begun meanwhile.
    private let mostRunning: Int
    /// How many batches a sink is given before the first of them has ended, where it takes them so.
    static let mostBegun = 4
    private let passing = PassedByAddress()
    private let isPolledMeanwhile: Bool
    let isOrdered: Bool
    let order: LaneOrder
    let preferred: SinkTraits.PreferredBatch
    /// The most records that are gathered for one put where the sink has no preference.
    let maxGathered: Int
    /// Whether batches are put as they were polled.
    let isPlain: Bool
    /// Whether a put is all or nothing, with the positions in the same transaction.
    let keepsPositions: Bool
    let keepsCheckpoints: Bool
    /// Whether what was put is durable only once it is flushed.
    let needsFlush: Bool

    var queue: LoadQueue
    var lanes: LaneTable
    /// The shipments of which something has begun to wait behind a lane.
    var followed: Set<Int> = []
    var runningPuts = 0
    /// Those of the running puts that came through the queue.
    private(set) var queuedPuts: [QueuedPut] = []
    private var newestPut: UInt64 = .max
    /// From when a commit is due until the sink is flushed for it: no put is begun meanwhile.
    var isFlushWanted = false
    var pace = PutPace()
    /// How many records the sink accepted.
    var accepted = 0
    var meter: MeterReading.SinkReading?
    var outage = Outage()
    /// The sink's place after its newest put.
    var checkpoint: SinkCheckpoint?
    /// Since when the first record waits to be gathered with others.
    var lingersSince: ConnectorClock.Instant?
    var parked: [Wakeups.Parked] = []
    /// The committer, waiting for the running puts.
    var parkedFlush: Wakeups.Parked?

    /// - Parameter isPolledMeanwhile: whether the source has to be polled, or told that it is not, while a put runs.
    init(_ sink: SinkWorker, _ options: DeliveryOptions, isPolledMeanwhile: Bool = false) {
        self.isPolledMeanwhile = isPolledMeanwhile
        let traits = sink.connector.traits
        name = sink.name
        keepsPositions = sink.keepsPositions
        keepsCheckpoints = sink.keepsCheckpoints
        needsFlush = sink.needsFlush
        maxPuts = sink.isPlain ? max(1, traits.maxConcurrentPuts) : 1
        mostRunning = sink.pipelining == nil ? maxPuts : Self.mostBegun
        isOrdered = traits.isOrdered
        order = options.lanes
        preferred = traits.preferredBatch
        isPlain = preferred == SinkTraits.PreferredBatch()
        maxGathered = max(1, preferred.maxRecords ?? options.maxPollRecords)
        queue = LoadQueue(mostGathered: maxGathered)
        lanes = LaneTable(mostGathered: maxGathered)
    }

    /// Whether nobody uses the sink and nobody wants it before the next put.
    @inline(__always)
    var isFree: Bool { runningPuts < mostRunning && !isFlushWanted }
    /// Whether anything waits or is held back.
    @inline(__always)
    var hasWaiting: Bool {
        mutating get { !queue.isEmpty || !lanes.isEmpty }
    }
    /// Whether nothing waits, runs, or is held back.
    @inline(__always)
    var isIdle: Bool { queue.isEmpty && runningPuts == 0 && lanes.isEmpty }
    /// Whether the task that polls may put at once, in place of a task of the sink. Not into a sink that takes several puts
    /// at a time: one that hangs would keep all other lanes from being polled. Nor where the source wants to know when
    /// polling rests: it would be neither polled nor told.
    ///
    /// Like ``hasWaiting`` it changes nothing: as `mutating` it looks at the desk where it lies, while a plain getter is given
    /// a copy, which counts seven references up and down.
    var takesDirectPuts: Bool {
        mutating get {
            !isPolledMeanwhile && mostRunning == 1 && runningPuts == 0 && !isFlushWanted && queue.isEmpty
                && lanes.isEmpty && !pace.isSlow && outage.failures == 0 && preferred.linger == .zero
        }
    }

    mutating func note(_ report: PutReport, _ recordCount: Int) {
        guard report.nanoseconds >= 0 else { return }
        pace.note(nanoseconds: report.nanoseconds, recordCount: recordCount)
        meter?.putDurations.record(report.nanoseconds)
    }

    /// A put that came through the queue has returned.
    mutating func endQueuedPut(_ number: UInt64) {
        guard let index = queuedPuts.firstIndex(where: { $0.number == number }) else { return }
        queuedPuts.remove(at: index)
    }

    // MARK: Taking

    /// The next put, where there is one to be made now.
    ///
    /// - Parameter isFinal: nothing more will come, so that there is no use in waiting for more.
    mutating func nextJob(at now: ConnectorClock.Instant, isFinal: Bool) -> PutJob? {
        guard isFree, outage.isOver(at: now) else { return nil }
        let repeated = lanes.takeDue(at: now, wholeUnits: keepsPositions)
        guard var job = repeated ?? takeQueued(at: now, isFinal: isFinal) else { return nil }
        runningPuts += 1
        newestPut -= 1
        job.number = newestPut
        queuedPuts.append(QueuedPut(number: newestPut, start: now))
        job.isTimed = pace.shouldMeasure(job.records.count)
        return job
    }

    /// Whether `nextJob` would return one.
    func hasJob(at now: ConnectorClock.Instant, isFinal: Bool) -> Bool {
        guard isFree, outage.isOver(at: now) else { return false }
        if let due = lanes.nextDue, due <= now { return true }
        return !queue.isEmpty && !isLingering(at: now, isFinal: isFinal)
    }

    /// Whether there is something to put for which nothing but the turn is missing.
    func hasWork(at now: ConnectorClock.Instant) -> Bool {
        outage.isOver(at: now) && (!queue.isEmpty || lanes.hasDue(at: now))
    }

    /// When the next put is due that only waits for its time.
    var nextDue: ConnectorClock.Instant? {
        let linger = lingersSince.map { $0.advanced(by: preferred.linger) }
        let due = [linger, lanes.nextDue].compactMap { $0 }.min()
        guard let until = outage.until, !queue.isEmpty || due != nil else { return due }
        return due.map { max($0, until) } ?? until
    }

    private func isLingering(at now: ConnectorClock.Instant, isFinal: Bool) -> Bool {
        guard let since = lingersSince, !isFinal, queue.records < maxGathered else { return false }
        return now < since.advanced(by: preferred.linger)
    }

    /// Adds what the sink has to take.
    mutating func append(_ load: LoadQueue.Load, at clock: ConnectorClock) {
        if preferred.linger > .zero, queue.isEmpty { lingersSince = clock.now }
        queue.append(load)
    }

    private mutating func takeQueued(at now: ConnectorClock.Instant, isFinal: Bool) -> PutJob? {
        guard !isLingering(at: now, isFinal: isFinal) else { return nil }
        while !queue.isEmpty {
            let job = maxPuts == 1 && lanes.isEmpty || !isOrdered ? takeWhole() : takeFreeLanes()
            lingersSince = queue.isEmpty || preferred.linger == .zero ? nil : now
            if !job.records.isEmpty { return job }
        }
        return nil
    }

    /// Takes loads as they are, up to the size that suits the sink.
    private mutating func takeWhole() -> PutJob {
        var job = PutJob(records: [])
        var bytes = 0
        while let load = queue.first {
            let count = fitting(load, behind: job.records.count, bytes)
            guard count > 0, let load = takeFirst(count) else { break }
            bytes += preferred.maxBytes == nil ? 0 : load.byteCount
            job.add(load)
            if job.parcels.isEmpty { break }
        }
        return job
    }

    /// Takes so many records of the first load; the rest of it stays.
    private mutating func takeFirst(_ count: Int) -> LoadQueue.Load? {
        guard var load = queue.popFirst() else { return nil }
        if count < load.count { queue.prepend(load.cut(from: count)) }
        return load
    }

    private var hasPreferredSize: Bool { preferred.maxRecords != nil || preferred.maxBytes != nil }

    /// How many records of a load to put together with those that were taken before; at least one where there are none.
    private func fitting(_ load: LoadQueue.Load, behind records: Int, _ bytes: Int) -> Int {
        if records > 0 {
            guard case .parcel = load, isWorthGathering(min(records, load.count)) else { return 0 }
        }
        guard hasPreferredSize else { return records == 0 || records + load.count <= maxGathered ? load.count : 0 }
        let byteRoom = preferred.maxBytes.map { $0 - bytes } ?? .max
        let count = load.wholeUnits(room: maxGathered - records, byteRoom: byteRoom, atLeastOne: records == 0)
        return count < load.count && isMuch(records, bytes) ? 0 : count
    }

    /// Whether a put is worth making without the beginning of the next load: what is cut is settled record by record.
    private func isMuch(_ records: Int, _ bytes: Int) -> Bool {
        records > maxGathered / 2 || preferred.maxBytes.map { bytes > $0 / 2 } ?? false
    }

    private static let smallBatch = 64

    /// Whether a larger put is worth the copy.
    private func isWorthGathering(_ count: Int) -> Bool {
        count <= Self.smallBatch || preferred.linger > .zero || preferred.maxRecords != nil
    }

    /// Lets an item wait behind what is held back of its lane; `false` where nothing is.
    mutating func follow(_ item: Item, in lane: LaneID) -> Bool {
        guard lanes.isOccupied(lane) else { return false }
        // It may wait for long, and the rest of its buffer will not.
        var follower = item
        follower.record.detach()
        followed.insert(item.shipment)
        return lanes.follow(follower, in: lane)
    }

    /// Takes the records whose lane is free; those of the others wait behind what their lane waits for.
    private mutating func takeFreeLanes() -> PutJob {
        guard let first = queue.first, let load = takeFirst(fitting(first, behind: 0, 0)) else {
            return PutJob(records: [])
        }
        if case .parcel(let parcel) = load, let only = parcel.onlyPartition, !order.usesKeys {
            let lane = LaneID(partition: only, key: nil)
            if lanes.follow(parcel, in: lane, gathering: isWorthGathering(parcel.records.count)) {
                followed.insert(parcel.shipment)
                return PutJob(records: [])
            }
            if maxPuts > 1 { lanes.occupy([lane]) }
            var job = PutJob(records: parcel.records)
            job.parcels = [parcel]
            if maxPuts > 1 { job.lanes = [lane] }
            return job
        }
        var free: [Item] = []
        var taken: Set<LaneID> = []
        for item in load.items {
            let lane = LaneID(item, order)
            if follow(item, in: lane) { continue }
            free.append(item)
            if maxPuts > 1 { taken.insert(lane) }
        }
        if maxPuts > 1 { lanes.occupy(taken) }
        var job = PutJob(records: free.map(\.record))
        job.items = free
        job.lanes = taken
        return job
    }
}

extension PutJob {
    fileprivate mutating func add(_ load: LoadQueue.Load) {
        switch load {
        case .parcel(let parcel):
            if records.isEmpty { records = parcel.records } else { records += parcel.records }
            parcels.append(parcel)
        case .items(let some):
            records = some.map(\.record)
            items = some
        }
    }
}

extension LoadQueue.Load {
    var items: [Item] {
        switch self {
        case .parcel(let parcel): parcel.items
        case .items(let items): items
        }
    }

    var records: [ConnectorRecord] {
        switch self {
        case .parcel(let parcel): parcel.records
        case .items(let items): items.map(\.record)
        }
    }

    fileprivate var byteCount: Int { records.heldCount }

    /// How many records fit, ending where a unit does.
    fileprivate func wholeUnits(room: Int, byteRoom: Int, atLeastOne: Bool) -> Int {
        var (bytes, end) = (0, 0)
        for index in 0..<count {
            let (held, endsUnit) = size(at: index)
            bytes += held
            if end > 0 || !atLeastOne, index >= room || bytes > byteRoom { return end }
            if endsUnit { end = index + 1 }
        }
        return count
    }

    private func size(at index: Int) -> (bytes: Int, endsUnit: Bool) {
        switch self {
        case .parcel(let parcel): (parcel.records[index].heldCount, parcel.origin(at: index).endsUnit)
        case .items(let items): (items[index].record.heldCount, items[index].origin.endsUnit)
        }
    }

    fileprivate mutating func cut(from index: Int) -> LoadQueue.Load {
        switch self {
        case .parcel(var parcel):
            let rest = parcel.cut(from: index)
            self = .parcel(parcel)
            return .parcel(rest)
        case .items(let items):
            self = .items(Array(items[..<index]))
            return .items(Array(items[index...]))
        }
    }
}

extension Parcel {
    /// The partition of all its records, where they have the same.
    fileprivate var onlyPartition: RecordPartition? {
        guard origins == nil, let first = records.first?.partition else { return nil }
        return records.allSatisfy { $0.partition.isIdentical(to: first) } ? first : nil
    }
}
