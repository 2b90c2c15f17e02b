// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A partitioned source as the one source that the runner polls: what its readers have read, batch by batch.
///
/// Each reader leaves one batch here and reads on when that was taken.
final class PartitionPool: Source {
    let source: any PartitionedSource
    /// Rings when the source has other partitions.
    let partitionsChanged = Bell()
    private let hasBatch = Bell()
    private let state: Lock<PartitionPoolState>

    init(_ source: any PartitionedSource, _ options: DeliveryOptions) {
        self.source = source
        state = Lock(PartitionPoolState(options, isEachRecordAUnit: source.traits.positions == .nobody))
        partitionsChanged.ring()
    }

    var traits: SourceTraits { source.traits }

    // MARK: The runner's side

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        for reading in state.withLock({ $0.beginPoll(heldBack: request.heldBack) }) { reading.mayRead.ring() }
        while true {
            switch state.withLock({ $0.pollStep() }) {
            case .batch(let batch, let reading):
                reading.mayRead.ring()
                return batch
            case .failure(let error):
                throw error
            case .end:
                return .end
            case .wait:
                try Task.checkCancellation()
                await hasBatch.wait()
            }
        }
    }

    func holdBack(_ partitions: [RecordPartition]) {
        for reading in state.withLock({ $0.holdBack(partitions) }) { reading.mayRead.ring() }
        hasBatch.ring()
    }

    /// What was read and not polled, once nothing is read any more.
    func takeRest() -> [SourceBatch] { state.withLock { $0.takeRest() } }

    // MARK: The readers' side

    /// The next request, or `nil` when the partition is to be read no more.
    func nextRequest(of reading: PartitionReading) async -> PollRequest? {
        while !Task.isCancelled {
            switch state.withLock({ $0.readStep(of: reading) }) {
            case .poll(let request): return request
            case .end: return nil
            case .wait: await reading.mayRead.wait()
            }
        }
        return nil
    }

    func leave(_ batch: SourceBatch, from reading: PartitionReading) {
        state.withLock { $0.leave(batch, from: reading) }
        hasBatch.ring()
    }

    /// Has the runner see that the connection is lost; nothing is read until it polls again.
    func noteOutage(_ error: ConnectorError) {
        state.withLock { $0.noteOutage(error) }
        hasBatch.ring()
    }

    func noteStopped(_ reading: PartitionReading) {
        let isListedAgain = state.withLock { $0.noteStopped(reading) }
        reading.hasStopped.request()
        hasBatch.ring()
        if isListedAgain { partitionsChanged.ring() }
    }

    // MARK: The list

    /// Compares the partitions with those that are read; what is not listed any more is closed.
    func update(to list: [RecordPartition]) -> (added: [RecordPartition], removed: [PartitionReading]) {
        let change = state.withLock { $0.update(to: list, waitsForUnits: !source.traits.hasDynamicPartitions) }
        for reading in change.closing { reading.close.request() }
        return (change.added, change.removed)
    }

    /// Where a partition that was read before was read to, as far as that was polled.
    func readOffset(of partition: RecordPartition) -> RecordOffset? {
        state.withLock { $0.readOffset(of: partition) }
    }

    /// Whether a batch was returned since the newest poll began.
    var hasReturned: Bool { state.withLock(\.hasReturned) }

    func open(_ reading: PartitionReading) { state.withLock { $0.open(reading) } }

    /// Forgets partitions with what was read of them and not polled.
    func drop(_ readings: [PartitionReading]) {
        state.withLock { state in
            for reading in readings { state.drop(reading) }
        }
    }

    func noteListed(isFinal: Bool) {
        state.withLock { $0.isFinal = isFinal }
        hasBatch.ring()
    }
}
