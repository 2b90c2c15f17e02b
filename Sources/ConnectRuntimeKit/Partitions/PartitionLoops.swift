// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Lists the partitions of a source and polls a reader of each, as children of one group.
struct PartitionLoops: Sendable {
    let pool: PartitionPool
    let name: String
    let retrier: Retrier
    let context: ConnectorContext
    /// Whether what the newest poll returns was not taken over yet.
    let isPolling: @Sendable () -> Bool
    /// Ends the pipeline with an error, unless it is stopping anyway.
    let fail: @Sendable (any Error) -> Void

    /// Reads until the task is cancelled.
    func run() async {
        do {
            var stored: [RecordPartition: RecordOffset] = [:]
            for position in try await context.positions() { stored[position.partition] = position.offset }
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    await pool.partitionsChanged.wait()
                    do {
                        try await follow(&stored, &group)
                    } catch {
                        return fail(error)
                    }
                }
            }
        } catch {
            fail(error)
        }
    }

    /// Reads what is listed now, and nothing else.
    private func follow(
        _ stored: inout [RecordPartition: RecordOffset],
        _ group: inout DiscardingTaskGroup
    ) async throws {
        guard !Task.isCancelled else { return }
        let list = try await retrier.run("listing the partitions", of: name) { try await pool.source.partitions() }
        let (added, removed) = pool.update(to: list.partitions)
        try await release(removed)
        if pool.traits.hasDynamicPartitions, !added.isEmpty {
            stored = [:]
            for position in try await assign(added) { stored[position.partition] = position.offset }
        }
        for partition in added {
            let offset = pool.readOffset(of: partition) ?? stored.removeValue(forKey: partition)
            let reader = try await retrier.run("making a reader", of: name) {
                try await pool.source.reader(of: partition, from: offset)
            }
            let reading = PartitionReading(partition, reader)
            pool.open(reading)
            group.addTask { await read(reading) }
        }
        pool.noteListed(isFinal: list.isFinal)
    }

    /// Claims partitions. An outage of the store is waited for by the claim itself.
    private func assign(_ added: [RecordPartition]) async throws -> [RecordPosition] {
        let isWaiting = retrier.options.claim == .wait
        return try await retrier.run("assignment", of: name, isWaiting: isWaiting, retriesOutages: false) {
            try await context.assigned(added)
        }
    }

    /// Gives up partitions that are claimed one by one; the readers of others end by themselves.
    private func release(_ removed: [PartitionReading]) async throws {
        guard pool.traits.hasDynamicPartitions, !removed.isEmpty else { return }
        for reading in removed { await reading.hasStopped.wait() }
        guard !Task.isCancelled else { return }
        pool.drop(removed)
        await takeOver()
        try await context.revoke(removed.map(\.partition))
    }

    /// Waits for the batch that was polled last, if it is on its way still: once its partition is assigned again, it would
    /// be taken for what was read after that.
    private func takeOver() async {
        while pool.hasReturned, isPolling() { await Task.yield() }
    }

    private func read(_ reading: PartitionReading) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await poll(reading) }
            group.addTask { await reading.close.wait() }
            await group.next()
            group.cancelAll()
            // Up to here it could wait as long as it liked; now it has to return.
            await retrier.calls.noting("poll", of: "\(name), partition \(reading.partition)") {
                await group.waitForAll()
            }
        }
        await retrier.calls.noting("stop", of: "\(name), partition \(reading.partition)") {
            await reading.reader.stop()
        }
        pool.noteStopped(reading)
    }

    private func poll(_ reading: PartitionReading) async {
        var failures = Retrier.Failures()
        while let request = await pool.nextRequest(of: reading) {
            do {
                let batch = try await reading.reader.poll(request)
                try check(batch, of: reading.partition)
                pool.leave(batch, from: reading)
                failures = Retrier.Failures()
            } catch {
                guard await pause(after: error, &failures, reading) else { return }
            }
        }
    }

    /// Waits before the next poll; `false` when there is to be none.
    private func pause(
        after error: any Error,
        _ failures: inout Retrier.Failures,
        _ reading: PartitionReading
    ) async -> Bool {
        let error = error.inCall("poll", of: "\(name), partition \(reading.partition)")
        guard !Task.isCancelled, error.code != .cancelled else {
            if !Task.isCancelled { fail(error) }
            return false
        }
        if error.code == .notConnected, pool.source is any Reconnecting {
            pool.noteOutage(error)
            return true
        }
        do {
            try await retrier.pause(after: error, &failures, "poll", "\(name), partition \(reading.partition)")
            return true
        } catch {
            if !Task.isCancelled { fail(error) }
            return false
        }
    }

    private func check(_ batch: SourceBatch, of partition: RecordPartition) throws {
        let foreign =
            batch.records.first { $0.partition != partition }?.partition
            ?? batch.progress.first { $0.partition != partition }?.partition
            ?? batch.rejected.first { $0.position.partition != partition }?.position.partition
        guard let foreign else { return }
        throw ConnectorError(
            .fatal,
            "the reader of the partition \(partition) returned something of the partition \(foreign); "
                + "a reader returns what belongs to its own partition"
        )
    }
}
