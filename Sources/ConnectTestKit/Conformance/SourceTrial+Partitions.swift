// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SourceTrial {
    static let partitions: [ConformanceCheck<SourceTrial>] = [
        .init("source.partitions", "each item has the partition that it was written to") {
            try await $0.checkPartitions()
        },
        .init("source.heldBack", "partitions that are held back are left out until they are so no longer") {
            try await $0.checkHeldBack()
        },
        .init("source.assigned", "a partition is announced before its first record") { try await $0.checkAssigned() },
        .init("source.revoke", "a partition that is asked for is given up, and not read any more") {
            try await $0.checkTaken($0.subject.takeAway, isAsked: true)
        },
        .init("source.lost", "a partition that is gone is reported as lost, and not read any more") {
            try await $0.checkTaken($0.subject.expel, isAsked: false)
        },
        .init("source.readers", "each reader reads its own partition, from the offset that it was given") {
            try await $0.checkReaders()
        },
    ]

    private func needPartitions() throws {
        try need(subject.partitionCount > 1, "the subject has one partition only")
    }

    private func checkPartitions() async throws {
        try await write(units: 5)
        let session = try await session()
        try needPartitions()
        let records = try await session.read(itemCount).records
        try await session.end()
        var names: [Int: String] = [:]
        for record in records {
            let place = try place(of: record)
            let name = names[place.partition] ?? record.partition.name
            names[place.partition] = name
            guard name != record.partition.name else { continue }
            throw Self.mixed("'\(name)' and '\(record.partition.name)' for partition \(place.partition)")
        }
        if Set(names.values).count < names.count { throw Self.mixed("the same one for several") }
        try expect(records)
    }

    private static func mixed(_ seen: String) -> Finding {
        .broken(
            expected: "one partition name for each partition of the system",
            seen: seen,
            advice: "make the partition's value once and give it to all of its records"
        )
    }

    private func checkHeldBack() async throws {
        try await write(units: 1)
        let session = try await session()
        try needPartitions()
        try need(!(session.base is any PartitionedSource), "the runner does it for a partitioned source")
        let traits = session.base.traits
        try need(traits.canHoldBackPartitions, "the source's traits say that it cannot leave out partitions")
        try needGrowth()
        var records = try await session.read(itemCount).records
        guard let held = try records.first(where: { try place(of: $0).partition == 0 })?.partition else { return }
        try await write(units: 4)
        let free = 4 * subject.unitSize * (subject.partitionCount - 1)
        let request = PollRequest(maxRecords: 1000, maxBytes: 1 << 24, heldBack: [held])
        let others = try await session.read(free, request).records
        if others.contains(where: { $0.partition == held }) {
            throw Self.notHeldBack("records of \(held) among the others")
        }
        records += others
        let batch = try await pollWhileHeldBack(session, held)
        records += batch.records
        records += try await session.read(itemCount - records.count).records
        try expect(records)
        try await session.end()
    }

    /// With nothing left but what is held back: the poll comes back from time to time, or can be told.
    private func pollWhileHeldBack(_ session: SourceSession, _ held: RecordPartition) async throws -> SourceBatch {
        let holds = HeldBackPartitions([held])
        let poll = session.beginPoll(PollRequest(maxRecords: 1000, maxBytes: 1 << 24, holds: holds))
        var outcome = await poll.outcome(within: limits.idle * 4)
        if outcome == nil {
            guard let observer = session.base as? any HoldObserving else {
                throw Self.notHeldBack(
                    "a poll that stays suspended and cannot be told that they are held back no longer"
                )
            }
            holds.current = []
            try await caller.call("heldBackPartitionsChanged") { await observer.heldBackPartitionsChanged(to: []) }
            outcome = await poll.outcome(within: limits.call)
        } else if case .success(let batch) = outcome, !batch.records.isEmpty {
            throw Self.notHeldBack("records of it")
        }
        guard case .success(let batch) = outcome else {
            throw Self.notHeldBack("that the poll did not go on when it was told that they are held back no longer")
        }
        return batch
    }

    private static func notHeldBack(_ seen: String) -> Finding {
        .broken(
            expected: "nothing of partitions that are held back, and all of it afterwards",
            seen: seen,
            advice: "obey PollRequest.heldBack, and be HoldObserving, or do without canHoldBackPartitions"
        )
    }

    private func needDynamic(_ base: any Source) throws {
        try need(base.traits.hasDynamicPartitions, "the source's partitions do not come and go")
        try need(!(base is any PartitionedSource), "the runner does it for a partitioned source")
    }

    private func checkAssigned() async throws {
        try await write(units: 3)
        let session = try await session()
        try needDynamic(session.base)
        var records: [ConnectorRecord] = []
        while records.count < itemCount {
            let batch = try await session.read(1).records
            records += batch
            if let early = batch.first(where: { !session.host.assigned.contains($0.partition) }) {
                throw Finding.broken(
                    expected: "assigned to be called before \(early.partition) is read",
                    seen: "records of it first",
                    advice: "call the context's assigned, and read from the positions that it returns"
                )
            }
        }
        try expect(records)
        try await session.end()
    }

    private func checkTaken(
        _ take: (@Sendable (Int) async throws -> Void)?,
        isAsked: Bool
    ) async throws {
        guard let take else {
            throw Finding.notApplicable("the subject has no way to take a partition away")
        }
        try await write(units: 2)
        let session = try await session()
        try needDynamic(session.base)
        try need(subject.partitionCount > 1, "the subject has one partition only")
        let records = try await session.read(itemCount).records
        guard let taken = try records.first(where: { try place(of: $0).partition == 0 })?.partition else { return }
        session.host.onRevoke { partitions in
            let settled = records.filter { partitions.contains($0.partition) }
            _ = try await session.settle(settled)
        }
        try await caller.ask("taking a partition away") { try await take(0) }
        try await write(units: 2)
        let rest = itemCount - records.count - 2 * subject.unitSize
        let later = try await session.read(rest).records + session.surplus().records
        try await session.end()
        let told = isAsked ? session.host.revoked : session.host.lost
        guard told.contains(taken), !later.contains(where: { $0.partition == taken }) else {
            throw Finding.broken(
                expected:
                    "the context to be told that \(taken) is \(isAsked ? "revoked" : "lost"), and nothing more of it",
                seen: told.contains(taken) ? "more records of it" : "that the context was told nothing of the kind",
                advice:
                    "call \(isAsked ? "revoke before giving it up" : "lost as soon as it is gone"), and drop its place"
            )
        }
    }

    private func checkReaders() async throws {
        try await write(units: 6)
        let session = try await unstarted()
        guard let source = session.base as? any PartitionedSource else {
            throw Finding.notApplicable("the source is not a partitioned one")
        }
        let host = session.host
        sessions.noteStarting(session)
        try await caller.call("start") { try await source.start(host.context) }
        let listed = try await caller.call("partitions") { try await source.partitions() }.partitions
        guard Set(listed).count == listed.count, listed.count == subject.partitionCount else {
            throw Finding.broken(
                expected: "\(subject.partitionCount) partitions",
                seen: "\(listed.map(\.name))",
                advice: "list each partition once"
            )
        }
        var records: [ConnectorRecord] = []
        for partition in listed {
            let mine = try await read(source, partition, from: nil, count: 6 * subject.unitSize)
            records += mine
            let count = 2 * subject.unitSize
            let again = try await read(source, partition, from: mine[count - 1].offset, count: 4 * subject.unitSize)
            guard again != Array(mine[count...]) else { continue }
            throw Finding.broken(
                expected: "a reader to go on behind its offset",
                seen: "other records than those that follow it",
                advice: "begin at the offset that reader(of:from:) is given"
            )
        }
        try expect(records)
        sessions.noteStopping(session)
        try await caller.call("stop") { await source.stop() }
    }

    private func read(
        _ source: any PartitionedSource,
        _ partition: RecordPartition,
        from offset: RecordOffset?,
        count: Int
    ) async throws -> [ConnectorRecord] {
        let reader = try await caller.call("reader(of:from:)") { try await source.reader(of: partition, from: offset) }
        var records: [ConnectorRecord] = []
        while records.count < count {
            let batch = try await caller.call("a reader's poll") { try await reader.poll(PollRequest(maxRecords: 4)) }
            records += batch.records
            if batch.isEnd { break }
        }
        try await caller.call("a reader's stop") { await reader.stop() }
        guard records.count == count, records.allSatisfy({ $0.partition == partition }) else {
            throw Finding.broken(
                expected: "\(count) records of \(partition) from its reader",
                seen: "\(records.count), of \(Set(records.map(\.partition.name)).sorted())",
                advice: "let a reader return what belongs to its partition, and all of it"
            )
        }
        return records
    }
}
