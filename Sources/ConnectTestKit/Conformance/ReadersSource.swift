// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The readers of a partitioned source as one source, so that what holds for any source is checked of them, too.
///
/// As a runner does, it polls all readers at the same time, and none that is being polled already.
final class ReadersSource: Source {
    private struct Seat: Sendable {
        let reader: any PartitionReader
        var poll: LooseCall<SourceBatch>?
        var isAtEnd = false
    }

    private let base: any PartitionedSource
    private let caller: Caller
    private let seats = Mutex<[Seat]>([])

    init(_ base: any PartitionedSource, _ caller: Caller) {
        self.base = base
        self.caller = caller
    }

    var traits: SourceTraits { base.traits }

    func start(_ context: ConnectorContext) async throws {
        try await base.start(context)
        var seen: Set<RecordPartition> = []
        // What is listed twice is found out by the check that looks at the list.
        for partition in try await base.partitions().partitions where seen.insert(partition).inserted {
            let offset = try await context.offset(of: partition)
            let reader = try await base.reader(of: partition, from: offset)
            seats.withLock { $0.append(Seat(reader: reader)) }
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            let open = seats.withLock { seats in seats.indices.filter { !seats[$0].isAtEnd } }
            if open.isEmpty, try await base.partitions().isFinal { return .end }
            for index in open {
                let poll = beginPoll(index, request)
                if Task.isCancelled { poll.cancel() }
                guard let outcome = await poll.outcome(within: .milliseconds(1)) else { continue }
                let batch = try take(outcome, of: index)
                if !batch.records.isEmpty || !batch.progress.isEmpty || !batch.rejected.isEmpty { return batch }
            }
            if open.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    private func beginPoll(_ index: Int, _ request: PollRequest) -> LooseCall<SourceBatch> {
        seats.withLock { seats in
            if let poll = seats[index].poll { return poll }
            let poll = caller.begin { [reader = seats[index].reader] in try await reader.poll(request) }
            seats[index].poll = poll
            return poll
        }
    }

    /// Takes what a reader returned; its end is not that of the source.
    private func take(_ outcome: Result<SourceBatch, any Error>, of index: Int) throws -> SourceBatch {
        seats.withLock { $0[index].poll = nil }
        var batch = try outcome.get()
        if batch.isEnd { seats.withLock { $0[index].isAtEnd = true } }
        batch.isEnd = false
        return batch
    }

    func stop() async {
        let seats = seats.withLock { seats in
            defer { seats = [] }
            return seats
        }
        for seat in seats {
            seat.poll?.cancel()
            _ = await seat.poll?.outcome(within: caller.limits.cancellation)
            await seat.reader.stop()
        }
        await base.stop()
    }
}
