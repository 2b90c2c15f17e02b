// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Sends the records of one put in batched mode: one request after the other, each with many events.
struct BatchSending {
    /// An event that is to be sent.
    private struct Item {
        let index: Int
        let lane: RecordLane
        let event: CloudEvent
    }

    private let delivery: EventDelivery
    private let batch: RecordBatch
    private let progress: PutProgress
    /// Nothing more of these is sent, so that their order is kept.
    private var failedLanes: Set<RecordLane> = []
    private var chunk: [Item] = []
    private var chunkBytes = 0

    init(_ delivery: EventDelivery, _ batch: RecordBatch, _ progress: PutProgress) {
        self.delivery = delivery
        self.batch = batch
        self.progress = progress
    }

    /// Sends all that can be sent.
    ///
    /// - Throws: `CancellationError`.
    mutating func send() async throws {
        for index in batch.indices {
            guard !progress.isHalted else { return }
            let lane = batch.lane(at: index)
            guard !failedLanes.contains(lane) else { continue }
            switch sized(batch[index]) {
            case .success(let (event, size)):
                if isFull(for: size) { try await sendChunk() }
                // What was sent meanwhile may have been of this lane, and may have failed.
                guard !failedLanes.contains(lane) else { continue }
                chunk.append(Item(index: index, lane: lane, event: event))
                chunkBytes += size
            case .failure(let error):
                try await sendChunk()
                guard !progress.isHalted else { return }
                fail(index, lane, .reject(error))
            }
        }
        try await sendChunk()
    }

    private func sized(_ record: ConnectorRecord) -> Result<(CloudEvent, Int), ConnectorError> {
        Result { () throws(ConnectorError) in
            let event = try delivery.maker.event(of: record)
            return (event, try delivery.maker.size(of: event))
        }
    }

    private func isFull(for size: Int) -> Bool {
        chunk.count >= delivery.options.batchEvents || chunkBytes + size > delivery.options.batchBytes
    }

    private mutating func sendChunk() async throws {
        defer { (chunk, chunkBytes) = ([], 0) }
        try await deliver(chunk[...])
    }

    /// Sends events in one request; where they are refused, halves of them, so that each bad one is found.
    private mutating func deliver(_ slice: ArraySlice<Item>) async throws {
        let items = slice.filter { !failedLanes.contains($0.lane) }
        guard !items.isEmpty, !progress.isHalted else { return }
        switch try await outcome(of: items) {
        case .delivered:
            for item in items { progress.noteDelivered(item.index) }
        case .rejected(let error) where items.count == 1:
            fail(items[0].index, items[0].lane, .reject(error))
        case .rejected:
            try await deliver(items[..<(items.count / 2)])
            try await deliver(items[(items.count / 2)...])
        case .failed(let error, let wait):
            for item in items { fail(item.index, item.lane, .retry(error, after: wait), isShared: true) }
        case .halted(let halt):
            progress.halt(halt, at: items.map(\.index))
        }
    }

    private func outcome(of items: [Item]) async throws -> SendOutcome {
        let message: HTTPMessage
        do {
            message = try delivery.maker.message(of: items.map(\.event))
        } catch {
            return .rejected(error)
        }
        return try await delivery.dispatch(message)
    }

    /// - Parameter isShared: whether the same has happened to others of the lane, and at the same time.
    private mutating func fail(_ index: Int, _ lane: RecordLane, _ verdict: RecordVerdict, isShared: Bool = false) {
        guard isShared || !failedLanes.contains(lane) else { return }
        progress.note(index, verdict)
        failedLanes.insert(lane)
    }
}
