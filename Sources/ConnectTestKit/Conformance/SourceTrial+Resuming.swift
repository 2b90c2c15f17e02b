// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SourceTrial {
    static let resuming: [ConformanceCheck<SourceTrial>] = [
        .init("source.resume", "what follows a committed position is read, and nothing else") {
            try await $0.checkResume()
        },
        .init("source.replay", "what is read again is the same: data, positions, ids and attributes") {
            try await $0.checkReplay()
        },
        .init("source.foreignOffset", "an offset that is not the source's own is refused, not taken for the beginning")
        {
            try await $0.checkForeignOffset()
        },
        .init("source.poll.cancelled", "a cancelled poll returns in time") { try await $0.checkCancelledPoll() },
        .init("source.poll.keeps", "what a cancelled poll had taken and not returned is read again") {
            try await $0.checkKeeping()
        },
    ]

    private func checkResume() async throws {
        try await write(units: 10)
        let first = try await session()
        let traits = first.base.traits
        if traits.positions == .nobody { throw Finding.notApplicable("nobody keeps the positions of this source") }
        // Small batches, so that progress marks lie between them.
        let reading = try await first.read(itemCount, PollRequest(maxRecords: 4))
        if traits.positions == .offsetStore {
            try await first.end()
            let points = points(in: reading)
            for (records, marks) in points { try await resume(behind: records, marks) }
            if let (records, _) = points.first { try await resumeTwice(behind: records) }
        } else {
            try await resumeUpstream(first, reading.records)
        }
    }

    /// Some places to go on from: what was read before them, and the progress marks there.
    private func points(in reading: SourceReading) -> [(ArraySlice<ConnectorRecord>, [RecordPosition])] {
        let ends = reading.records.indices.filter { reading.records[$0].offset != nil }
        let step = max(1, ends.count / 8)
        var points = stride(from: 0, to: ends.count, by: step).map {
            (reading.records[...ends[$0]], [RecordPosition]())
        }
        if let last = ends.last { points.append((reading.records[...last], [])) }
        var count = 0
        for batch in reading.batches {
            count += batch.records.count
            if !batch.progress.isEmpty { points.append((reading.records.prefix(count), batch.progress)) }
        }
        return points
    }

    private func resume(behind records: ArraySlice<ConnectorRecord>, _ marks: [RecordPosition]) async throws {
        let marked = Set(marks.map(\.partition))
        let committed = positions(behind: records).filter { !marked.contains($0.partition) } + marks
        let session = try await session(from: committed)
        let starts = try starts(behind: session.wholeUnits(of: records))
        let rest = items.indices.reduce(0) { $0 + items[$1].count - (starts[$1] ?? 0) }
        try expect(try await session.readAll(rest).records, from: starts)
        try await session.end()
    }

    /// Goes on from a position that an instance gave which had gone on from one itself.
    private func resumeTwice(behind records: ArraySlice<ConnectorRecord>) async throws {
        let second = try await session(from: positions(behind: records))
        let rest = try await second.read(3 * subject.unitSize, PollRequest(maxRecords: 3 * subject.unitSize)).records
        try await second.end()
        try await resume(behind: (Array(records) + rest)[...], [])
    }

    /// Lets the upstream keep the positions of more and more records, a new instance each time.
    private func resumeUpstream(_ first: SourceSession, _ records: [ConnectorRecord]) async throws {
        let isOrdered = first.base.traits.acknowledgement == .cumulative
        var session = first
        var read = records
        var settled: [ConnectorRecord] = []
        for count in [1, 4, 2] {
            let part = session.wholeUnits(of: read.prefix(count * subject.unitSize))
            _ = try await session.settle(part)
            settled += part
            try await session.end()
            session = try await self.session()
            read = try await session.readAll(itemCount - settled.count).records
            try expect(settled + read, inOrder: isOrdered)
        }
        try await session.end()
    }

    private func checkReplay() async throws {
        try await write(units: 8)
        let first = try await session()
        let traits = first.base.traits
        try need(traits.isReplayable && traits.positions != .nobody, "the source's traits say that nothing is replayed")
        try need(traits.acknowledgement == .cumulative, "a token may be another one when its record is delivered again")
        let before = try await first.read(itemCount).records
        try await first.end()
        let second = try await session()
        let after = try await second.read(itemCount, PollRequest(maxRecords: 3)).records
        try await second.end()
        for record in before {
            let place = try place(of: record)
            guard var again = try after.first(where: { try self.place(of: $0) == place }) else { continue }
            // How often it came may be counted by the upstream.
            again.deliveryAttempt = record.deliveryAttempt
            guard again != record else { continue }
            throw Finding.broken(
                expected: "item \(place.number) to come again as it was: \(record.summary)",
                seen: again.summary,
                advice: "make ids and times from the item and its position, not from the moment of reading"
            )
        }
        try expect(after)
    }

    private func checkForeignOffset() async throws {
        try await write(units: 3)
        let first = try await session()
        try need(first.base.traits.positions == .offsetStore, "the positions are not those of an offset store")
        let records = try await first.read(itemCount).records
        try await first.end()
        let offset = try RecordOffset(encoding: ["conformance": "no offset of yours"], version: 9999)
        let foreign = positions(behind: records).map { RecordPosition(partition: $0.partition, offset: offset) }
        let session = try await unstarted(from: foreign)
        var outcome = try await caller.attempt("start", session.starting())
        if case .success = outcome {
            let poll = session.beginPoll()
            outcome = (await poll.outcome(within: limits.call) ?? .success(SourceBatch())).map { _ in }
        }
        try await session.end()
        switch outcome {
        case .failure(let error as ConnectorError) where [.corruptOffsets, .invalidConfiguration].contains(error.code):
            return
        case .failure(let error):
            throw Self.acceptsForeignOffset("the error '\(error)'")
        case .success:
            throw Self.acceptsForeignOffset("that the source went on as if there were none")
        }
    }

    private static func acceptsForeignOffset(_ seen: String) -> Finding {
        .broken(
            expected: "start to throw corruptOffsets for an offset that another source stored",
            seen: seen,
            advice: "do not take an offset that cannot be read for a missing one: that repeats or loses everything"
        )
    }

    private func checkCancelledPoll() async throws {
        try await write(units: 2)
        let first = try await session()
        _ = try await caller.cancelled("poll") { [source = first.source] in try await source.poll(.everything) }
        try await first.end()
        guard subject.growsWhileRead else { return }
        let second = try await session()
        _ = try await second.read(itemCount)
        _ = try await caller.cancelled("poll", after: limits.idle) { [source = second.source] in
            try await source.poll(.everything)
        }
        try await second.end()
    }

    private func checkKeeping() async throws {
        try await write(units: 12)
        var records: [ConnectorRecord] = []
        var committed: [RecordPosition] = []
        for yields in 0..<8 {
            let session = try await session(from: committed)
            let request = PollRequest(maxRecords: subject.unitSize)
            let poll = session.beginPoll(request, isCancelled: yields == 0)
            for _ in 0..<yields { await Task.yield() }
            poll.cancel()
            let outcome = await poll.outcome(within: limits.cancellation)
            if case .success(let batch) = outcome {
                let whole = session.wholeUnits(of: batch.records)
                records += whole
                _ = try await session.settle(whole)
                committed = positions(behind: records)
            }
            try await session.end()
        }
        let last = try await session(from: committed)
        records += try await last.read(itemCount - records.count).records
        try await last.end()
        try expect(records, inOrder: last.base.traits.acknowledgement == .cumulative)
    }
}

extension ConnectorRecord {
    fileprivate var summary: String {
        "\(position.map(String.init(describing:)) ?? "no position"), id \(id ?? "none"), "
            + "subject \(subject ?? "none"), '\((data.text ?? "").prefix(40))'"
    }
}
