// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The turn, lent to the source's task for a number of small steps without the lock.
///
/// While the sink keeps up, nobody else has anything to do between two puts, and taking the lock twice for each batch
/// would cost more than a small batch. So the task polls and puts for a while and only sums up what is settled. Whoever
/// takes the lock ends the lease first: from a poll at once, from a put when it returns.
///
/// The sums are safe to send: the source's task writes them only while the word says `putting`, others read them only
/// after they have changed it from `polling` to `none`.
final class TurnLease: @unchecked Sendable {
    enum Word {
        static let none: UInt8 = 0
        /// The source's task is in a poll, or on its way into one.
        static let polling: UInt8 = 1
        static let putting: UInt8 = 2
        /// The source's task is in a put, and somebody waits for its end.
        static let puttingLast: UInt8 = 3
    }

    private let word = Atomic<UInt8>(Word.none)
    private var partition = RecordPartition.single
    /// How many batches were in each bucket of sizes; there where somebody is interested.
    private let sizes: UnsafeMutableBufferPointer<UInt32>?
    private var sizeTotal: Int64 = 0
    private(set) var batchesLeft = 0
    private(set) var sums = Sums()
    /// The bytes of the batch that is next or being put.
    private var bytesAhead = 0

    /// What was settled under the lease.
    struct Sums {
        var batches = 0
        var records = 0
        var bytes = 0
        /// The offset of the newest record.
        var end = RecordOffset(0)
    }

    init(countsSizes: Bool = false) {
        guard countsSizes else {
            sizes = nil
            return
        }
        sizes = .allocate(capacity: MetricHistogram.Scale.sizes.count + 1)
        sizes?.initialize(repeating: 0)
    }

    deinit { sizes?.deallocate() }

    // MARK: The source's task

    /// Whether a batch can be put under the lease: its records are whole units of the lease's partition.
    func covers(_ batch: SourceBatch) -> Bool {
        guard word.load(ordering: .relaxed) == Word.polling, !batch.isEnd, batch.quiet == nil else { return false }
        guard batch.progress.isEmpty, batch.rejected.isEmpty else { return false }
        return batch.records.withUnsafeBufferPointer { records in
            guard let base = records.baseAddress, records.count > 0, base.hasOffset(at: records.count - 1),
                base.isIdentical(to: partition, at: 0)
            else { return false }
            // Summed up on the way, so that the records are looked at once.
            let (end, bytes) = base.scanRun(from: 0, count: records.count)
            guard end == records.count else { return false }
            bytesAhead = bytes
            return true
        }
    }

    /// Goes from the poll into a put; `false` where the lease has ended.
    @inline(__always)
    func beginPut() -> Bool {
        word.compareExchange(expected: Word.polling, desired: Word.putting, ordering: .acquiring).exchanged
    }

    /// Sums up a batch that was delivered and goes on to the next poll; `false` where the lease ends here.
    func endPut(_ records: [ConnectorRecord]) -> Bool {
        add(records)
        guard batchesLeft > 0 else { return false }
        return word.compareExchange(expected: Word.putting, desired: Word.polling, ordering: .releasing).exchanged
    }

    private func add(_ records: [ConnectorRecord]) {
        records.withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return }
            sums.bytes += bytesAhead
            sums.records += records.count
            if let end = base.offset(at: records.count - 1) { sums.end = end }
        }
        sums.batches += 1
        batchesLeft -= 1
        guard let sizes else { return }
        sizes[MetricHistogram.Scale.sizes.bucket(of: Int64(records.count))] += 1
        sizeTotal += Int64(records.count)
    }

    // MARK: With the lock held

    /// Lends the turn for a number of batches of one partition; the source's task is about to poll.
    func grant(_ batches: Int, of partition: RecordPartition) {
        self.partition = partition
        batchesLeft = batches
        word.store(Word.polling, ordering: .releasing)
    }

    /// Gives away the sizes of the batches since the last time; the lease has just ended.
    func drainSizes(_ body: (UnsafeMutableBufferPointer<UInt32>, Int64) -> Void) {
        guard let sizes, sizeTotal > 0 else { return }
        body(sizes, sizeTotal)
        sizes.update(repeating: 0)
        sizeTotal = 0
    }

    enum Ending {
        case wasNone
        /// The lease is over; the sums are the caller's.
        case ended(RecordPartition, Sums)
        /// A put is running: the source's task takes the lock when it returns.
        case endsAfterPut
    }

    /// Ends the lease for somebody else than the source's task.
    func end() -> Ending {
        while true {
            switch word.load(ordering: .acquiring) {
            case Word.none:
                return .wasNone
            case Word.polling:
                if exchange(Word.polling, Word.none) { return .ended(partition, takeSums()) }
            case Word.putting:
                if exchange(Word.putting, Word.puttingLast) { return .endsAfterPut }
            default:
                return .endsAfterPut
            }
        }
    }

    /// Ends the lease for the source's task, which is not in a poll or put.
    func endForHolder() -> Ending {
        guard word.exchange(Word.none, ordering: .acquiringAndReleasing) != Word.none else { return .wasNone }
        return .ended(partition, takeSums())
    }

    private func exchange(_ expected: UInt8, _ desired: UInt8) -> Bool {
        word.compareExchange(expected: expected, desired: desired, ordering: .acquiringAndReleasing).exchanged
    }

    private func takeSums() -> Sums {
        defer { sums = Sums() }
        return sums
    }
}
