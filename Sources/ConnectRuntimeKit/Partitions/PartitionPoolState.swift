// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Which partitions are read, and what was read of them and not polled.
struct PartitionPoolState: Sendable {
    enum PollStep: Sendable {
        case batch(SourceBatch, PartitionReading)
        case failure(ConnectorError)
        case end
        case wait
    }

    enum ReadStep: Sendable {
        case poll(PollRequest)
        case end
        case wait
    }

    private struct Desk: Sendable {
        let reading: PartitionReading
        /// What was read and not polled.
        var batch: SourceBatch?
        /// The newest offset that was read.
        var offset: RecordOffset?
        var quiet: Duration?
        var isInUnit = false
        /// Not listed any more.
        var isClosing = false
        /// Its reader is told to stop, or about to: it is not polled again.
        var isStopping = false
        /// At the end of its partition, or stopped.
        var hasEnded = false
        /// Its reader has stopped.
        var hasStopped = false
        /// Listed again since its reader was to stop: another one follows it.
        var isListedAgain = false
    }

    private let maxRecords: Int
    private let maxBytes: Int
    private let maxPollRecords: Int
    private let isEachRecordAUnit: Bool

    private var desks: [RecordPartition: Desk] = [:]
    /// Partitions of which something was read, in that order.
    private var ready: [RecordPartition] = []
    private var activeReaders = 0
    private var heldBack: Set<RecordPartition> = []
    private var outage: ConnectorError?
    private var isInOutage = false
    /// Where partitions that are not listed any more were read to.
    private var readOffsets: [RecordPartition: RecordOffset] = [:]
    var isFinal = false
    /// Whether a batch was returned since the newest poll began.
    private(set) var hasReturned = false

    init(_ options: DeliveryOptions, isEachRecordAUnit: Bool) {
        maxRecords = options.readerRecords
        maxBytes = options.readerBytes
        maxPollRecords = options.maxPollRecords
        self.isEachRecordAUnit = isEachRecordAUnit
    }

    // MARK: The runner's side

    /// Whose readers may go on because of the new poll.
    mutating func beginPoll(heldBack partitions: [RecordPartition]) -> [PartitionReading] {
        hasReturned = false
        guard isInOutage, outage == nil else { return holdBack(partitions) }
        isInOutage = false
        heldBack = Set(partitions)
        return desks.values.map(\.reading)
    }

    /// Whose readers are held back no longer.
    mutating func holdBack(_ partitions: [RecordPartition]) -> [PartitionReading] {
        guard !heldBack.isEmpty || !partitions.isEmpty else { return [] }
        let new = Set(partitions)
        defer { heldBack = new }
        return heldBack.subtracting(new).compactMap { desks[$0]?.reading }
    }

    mutating func pollStep() -> PollStep {
        if let outage {
            self.outage = nil
            return .failure(outage)
        }
        guard let index = ready.firstIndex(where: { !heldBack.contains($0) }) else {
            return isFinal && activeReaders == 0 && ready.isEmpty && !awaitsReader ? .end : .wait
        }
        let partition = ready.remove(at: index)
        guard let desk = desks[partition], var batch = desk.batch else { return .wait }
        desks[partition]?.batch = nil
        batch.isEnd = false
        batch.quiet = quiet
        retire(partition)
        hasReturned = true
        return .batch(batch, desk.reading)
    }

    /// Whether another reader follows one that is stopping.
    private var awaitsReader: Bool { desks.values.contains(where: \.isListedAgain) }

    /// How long nothing is expected, where every reader has said so.
    private var quiet: Duration? {
        guard ready.isEmpty else { return nil }
        var shortest: Duration?
        for desk in desks.values where !desk.hasEnded {
            guard let quiet = desk.quiet else { return nil }
            shortest = min(quiet, shortest ?? quiet)
        }
        return shortest
    }

    /// What was read and not polled; the end of a partition is not that of the source.
    mutating func takeRest() -> [SourceBatch] {
        defer { ready = [] }
        return ready.compactMap { partition in
            var batch = desks[partition]?.batch
            batch?.isEnd = false
            return batch
        }
    }

    // MARK: The readers' side

    mutating func readStep(of reading: PartitionReading) -> ReadStep {
        guard let desk = desks[reading.partition], desk.reading === reading, !desk.hasEnded else { return .end }
        guard !desk.isStopping, !desk.isClosing || desk.isInUnit else {
            desks[reading.partition]?.isStopping = true
            return .end
        }
        guard desk.batch == nil, !isInOutage, !heldBack.contains(reading.partition) else { return .wait }
        let readers = max(1, activeReaders)
        return .poll(
            PollRequest(
                maxRecords: max(1, min(maxRecords / readers, maxPollRecords)),
                maxBytes: max(1, maxBytes / readers)
            )
        )
    }

    mutating func leave(_ batch: SourceBatch, from reading: PartitionReading) {
        guard var desk = desks[reading.partition], desk.reading === reading else { return }
        var batch = batch
        // Nobody would read that unit to its end: it is read from its beginning when the partition is listed again.
        if desk.isStopping, !isEachRecordAUnit { batch.removeOpenUnit() }
        desk.batch = batch
        desk.quiet = batch.quiet
        desk.offset = batch.newestOffset ?? desk.offset
        if let last = batch.records.last { desk.isInUnit = !last.hasOffset && !isEachRecordAUnit }
        desks[reading.partition] = desk
        if batch.isEnd { end(reading.partition) }
        ready.append(reading.partition)
    }

    mutating func noteOutage(_ error: ConnectorError) {
        if !isInOutage { outage = error }
        isInOutage = true
    }

    /// Returns whether the partition is listed again, and is to be read by another reader.
    mutating func noteStopped(_ reading: PartitionReading) -> Bool {
        guard let desk = desks[reading.partition], desk.reading === reading else { return false }
        end(reading.partition)
        desks[reading.partition]?.hasStopped = true
        retire(reading.partition)
        return desk.isListedAgain
    }

    private mutating func end(_ partition: RecordPartition) {
        guard desks[partition]?.hasEnded == false else { return }
        desks[partition]?.hasEnded = true
        activeReaders -= 1
    }

    /// Forgets a partition that is not listed any more once everything read of it was polled.
    private mutating func retire(_ partition: RecordPartition) {
        guard let desk = desks[partition], desk.isClosing, desk.hasStopped, desk.batch == nil, !desk.isListedAgain
        else { return }
        readOffsets[partition] = desk.offset
        desks[partition] = nil
    }

    // MARK: The list

    /// - Parameter waitsForUnits: Whether a partition is read to the end of its unit before it is closed.
    mutating func update(
        to list: [RecordPartition],
        waitsForUnits: Bool
    ) -> (added: [RecordPartition], removed: [PartitionReading], closing: [PartitionReading]) {
        var seen: Set<RecordPartition> = []
        let added = list.filter { seen.insert($0).inserted && needsReader($0) }
        var (removed, closing): ([PartitionReading], [PartitionReading]) = ([], [])
        for partition in desks.keys.sorted(by: <) where !seen.contains(partition) {
            guard let desk = desks[partition] else { continue }
            desks[partition]?.isListedAgain = false
            if !desk.isClosing {
                desks[partition]?.isClosing = true
                removed.append(desk.reading)
                if !waitsForUnits || !desk.isInUnit {
                    desks[partition]?.isStopping = true
                    closing.append(desk.reading)
                }
            }
            retire(partition)
        }
        return (added, removed, closing)
    }

    /// Whether a partition that is listed needs a reader now. It keeps the one that it has; where that is stopping, the
    /// next one has to wait, so that nothing is read twice.
    private mutating func needsReader(_ partition: RecordPartition) -> Bool {
        guard let desk = desks[partition] else { return true }
        guard desk.isClosing else { return false }
        let keepsReader = !desk.isStopping && !desk.hasEnded
        desks[partition]?.isClosing = !keepsReader
        desks[partition]?.isListedAgain = !keepsReader
        return desk.hasStopped
    }

    func readOffset(of partition: RecordPartition) -> RecordOffset? {
        desks[partition]?.offset ?? readOffsets[partition]
    }

    mutating func open(_ reading: PartitionReading) {
        var desk = Desk(reading: reading)
        // It was listed again before what was read of it the last time was polled.
        desk.batch = desks[reading.partition]?.batch
        desk.offset = readOffset(of: reading.partition)
        desks[reading.partition] = desk
        readOffsets[reading.partition] = nil
        activeReaders += 1
    }

    /// Forgets a partition with all that was read of it: where it goes on is up to its next owner.
    mutating func drop(_ reading: PartitionReading) {
        readOffsets[reading.partition] = nil
        guard desks[reading.partition]?.reading === reading else { return }
        end(reading.partition)
        desks[reading.partition] = nil
        ready.removeAll { $0 == reading.partition }
    }
}

extension SourceBatch {
    /// The offset behind everything in a batch of one partition.
    fileprivate var newestOffset: RecordOffset? {
        if let mark = progress.last { return mark.offset }
        let last = records.lastIndex(where: \.hasOffset)
        if let rejected = rejected.last, rejected.index > last ?? -1 { return rejected.position.offset }
        return last.flatMap { records[$0].offset }
    }

    /// Takes the beginning of a unit off the end of a batch of one partition.
    fileprivate mutating func removeOpenUnit() {
        let lastEnd = records.lastIndex(where: \.hasOffset).map { $0 + 1 } ?? 0
        records = Array(records.prefix(max(lastEnd, rejected.last?.index ?? 0)))
    }
}

extension DeliveryOptions {
    // What the readers of a partitioned source hold is in flight as well: they have one half of the limits, and what was
    // polled has the other.

    var readerRecords: Int { max(1, maxInFlightRecords / 2) }
    var readerBytes: Int { max(1, maxInFlightBytes / 2) }

    var besideReaders: DeliveryOptions {
        var options = self
        options.maxInFlightRecords = max(1, maxInFlightRecords - readerRecords)
        options.maxInFlightBytes = max(1, maxInFlightBytes - readerBytes)
        return options
    }
}
