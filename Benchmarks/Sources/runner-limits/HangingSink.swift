// SPDX-License-Identifier: Apache-2.0

import CBench
import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// The sink never returns; the source has more and more records of one size, each in a buffer of its own.
struct HangingSink: Sendable {
    let recordSize: Int

    func measure() async throws -> String {
        let source = EndlessSource(recordSize: recordSize)
        let options = DeliveryOptions()
        let pipeline = Pipeline(
            "hanging",
            from: source,
            to: Hanging(),
            offsets: InMemoryOffsetStore(),
            options: options
        )
        let baseline = cbench_allocated_bytes()
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await pipeline.run() }
            await source.waitUntilResting()
            let held = cbench_allocated_bytes() - baseline
            let counts = pipeline.status.counts
            group.cancelAll()
            await group.waitForAll()
            return "\"record_bytes\": \(recordSize), \"records_in_flight\": \(counts.inFlight), "
                + "\"data_in_flight_bytes\": \(counts.inFlight * recordSize), \"held_bytes\": \(held), "
                + "\"limit_bytes\": \(options.maxInFlightBytes), \"limit_records\": \(options.maxInFlightRecords)"
        }
    }
}

private final class EndlessSource: FlowObserving {
    private let recordSize: Int
    private let next = Atomic(0)
    private let isResting = Atomic(false)

    init(recordSize: Int) { self.recordSize = recordSize }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        let count = max(1, min(request.maxRecords, request.maxBytes / recordSize))
        return SourceBatch(
            (0..<count).map { _ in
                let bytes = SharedBytes(unsafeUninitializedCapacity: recordSize) { buffer in
                    buffer.update(repeating: 0x61)
                    return buffer.count
                }
                let number = next.add(1, ordering: .relaxed).newValue
                return ConnectorRecord(.bytes(bytes), offset: RecordOffset(Int64(number)))
            }
        )
    }

    func pollingWillRest() async { isResting.store(true, ordering: .releasing) }
    func pollingWillResume() async {}

    func waitUntilResting() async {
        while !isResting.load(ordering: .acquiring) { try? await Task.sleep(for: .milliseconds(1)) }
    }
}

/// Takes its time twice, so that the source's task puts no more by itself, and then hangs.
private final class Hanging: Sink {
    private let puts = Atomic(0)

    func put(_ batch: RecordBatch) async throws -> PutResult {
        let isFirst = puts.add(1, ordering: .relaxed).newValue <= 2
        try await Task.sleep(for: isFirst ? .milliseconds(20) : .seconds(1_000_000))
        return .delivered
    }

    func flush() async throws {}
}
