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
        /// The request that the poll was begun for.
        var request = 0
        /// What a poll that was begun for an earlier request returned, and did not fit into a later one.
        var left: SourceBatch?
        var isAtEnd = false
    }

    private let base: any PartitionedSource
    private let caller: Caller
    private let seats = Mutex<[Seat]>([])
    private let isStopped = Atomic<Bool>(false)
    private let requests = Atomic<Int>(0)

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
        let number = requests.add(1, ordering: .relaxed).newValue
        // A poll that does not obey its cancellation goes on beside the stop.
        while !isStopped.load(ordering: .relaxed) {
            if let batch = seats.withLock({ Self.takeLeft(&$0, request) }) { return batch }
            let open = seats.withLock { seats in seats.indices.filter { !seats[$0].isAtEnd } }
            if open.isEmpty, try await base.partitions().isFinal { return .end }
            for index in open {
                let poll = beginPoll(index, request, number)
                if Task.isCancelled { poll.cancel() }
                guard let outcome = await poll.outcome(within: .milliseconds(1)) else { continue }
                guard let batch = try take(outcome, of: index, number) else { continue }
                guard !batch.records.isEmpty || !batch.progress.isEmpty || !batch.rejected.isEmpty else { continue }
                // The reader's own answer to this request is judged as it is; a late one is cut to it.
                guard seats.withLock({ $0[index].request }) != number else { return batch }
                seats.withLock { $0[index].left = batch }
                if let batch = seats.withLock({ Self.takeLeft(&$0, request) }) { return batch }
            }
            if open.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
        throw CancellationError()
    }

    private func beginPoll(_ index: Int, _ request: PollRequest, _ number: Int) -> LooseCall<SourceBatch> {
        seats.withLock { seats in
            if let poll = seats[index].poll { return poll }
            let poll = caller.begin { [reader = seats[index].reader] in try await reader.poll(request) }
            seats[index].poll = poll
            seats[index].request = number
            return poll
        }
    }

    /// Takes what a reader returned; its end is not that of the source. The failure of a poll that was begun for an earlier
    /// request says nothing about this one, which has the reader polled again.
    private func take(
        _ outcome: Result<SourceBatch, any Error>,
        of index: Int,
        _ number: Int
    ) throws -> SourceBatch? {
        let isLate = seats.withLock { seats in
            seats[index].poll = nil
            return seats[index].request != number
        }
        if isLate, case .failure = outcome { return nil }
        var batch = try outcome.get()
        if batch.isEnd { seats.withLock { $0[index].isAtEnd = true } }
        batch.isEnd = false
        return batch
    }

    /// As much as was asked for of what was returned to an earlier request: with its first records, as a unit may be cut.
    private static func takeLeft(_ seats: inout [Seat], _ request: PollRequest) -> SourceBatch? {
        guard let index = seats.indices.first(where: { seats[$0].left != nil }), let whole = seats[index].left else {
            return nil
        }
        seats[index].left = nil
        var (count, bytes) = (0, 0)
        for record in whole.records.prefix(request.maxRecords) {
            bytes += record.data.bytes.count
            if bytes > request.maxBytes, count > 0 { break }
            count += 1
        }
        guard count < whole.records.count else { return whole }
        var (part, rest) = (SourceBatch(Array(whole.records.prefix(count))), whole)
        rest.records.removeFirst(count)
        part.rejected = whole.rejected.filter { $0.index <= count }
        rest.rejected = whole.rejected.filter { $0.index > count }.map { input in
            var input = input
            input.index -= count
            return input
        }
        seats[index].left = rest
        return part
    }

    func stop() async {
        isStopped.store(true, ordering: .relaxed)
        for seat in seats.withLock({ $0 }) {
            seat.poll?.cancel()
            _ = await seat.poll?.outcome(within: caller.limits.cancellation)
            await seat.reader.stop()
        }
        await base.stop()
    }
}
