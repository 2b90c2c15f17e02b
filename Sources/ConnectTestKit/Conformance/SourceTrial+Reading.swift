// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SourceTrial {
    static let reading: [ConformanceCheck<SourceTrial>] = [
        .init("source.order", "each item is read once, in the order of its partition") { try await $0.checkOrder() },
        .init(
            "source.positions",
            "each unit ends with an offset, unless nobody wants it, and no position is given twice"
        ) {
            try await $0.checkPositions()
        },
        .init("source.data", "items of every kind are read as they were written") { try await $0.checkData() },
        .init("source.maxRecords", "no poll returns more records than were asked for") {
            try await $0.checkMaxRecords()
        },
        .init("source.maxBytes", "no poll returns more bytes than were asked for, but one large record alone") {
            try await $0.checkMaxBytes()
        },
        .init("source.idle", "a poll that has nothing to return suspends") { try await $0.checkIdle() },
        .init("source.more", "what is written while a poll waits is read") { try await $0.checkMore() },
        .init("source.end", "the end is reported behind the last record") { try await $0.checkEnd() },
    ]

    private func checkOrder() async throws {
        try await write(units: 20)
        let session = try await session()
        let reading = try await session.readAll(itemCount)
        try expect(reading.records)
        try await session.end()
    }

    private func checkPositions() async throws {
        try await write(units: 12)
        let session = try await session()
        // Small batches, so that units lie across them.
        let reading = try await session.read(itemCount, PollRequest(maxRecords: 4))
        try await session.end()
        var seen: Set<RecordPosition> = []
        for record in reading.records {
            let place = try place(of: record)
            let endsUnit = (place.number + 1).isMultiple(of: subject.unitSize)
            let isLeftOut = session.needsNoOffsets && record.offset == nil
            guard (record.offset != nil) == endsUnit || isLeftOut else {
                throw Finding.broken(
                    expected: endsUnit
                        ? "an offset on item \(place.number), which ends a unit" : "no offset inside a unit",
                    seen: record.offset.map { "the offset \($0) on item \(place.number)" } ?? "none",
                    advice: "give an offset to the last record of each unit and to no other"
                )
            }
            guard let position = record.position, !seen.insert(position).inserted else { continue }
            throw Finding.broken(
                expected: "each position once",
                seen: "\(position) twice",
                advice: "let the offset say where the record ends, not where its batch does"
            )
        }
        try expectMarksBetweenUnits(reading.batches)
    }

    private func expectMarksBetweenUnits(_ batches: [SourceBatch]) throws {
        var isInUnit: [RecordPartition: Bool] = [:]
        for batch in batches {
            for record in batch.records { isInUnit[record.partition] = record.offset == nil }
            guard let mark = batch.progress.first(where: { isInUnit[$0.partition] == true }) else { continue }
            throw Finding.broken(
                expected: "progress marks between units",
                seen: "\(mark) inside one",
                advice: "wait for the unit's last record; its offset says the same"
            )
        }
    }

    private func checkData() async throws {
        let texts = [
            "", " between spaces ", "größer, 大きい, 🪁", #"{"quoted": "\\ and / and ""}"#, "tab\tand %s and \\n",
            String(repeating: "long ", count: 20_000),
        ]
        var items = texts.filter(subject.accepts)
        while !items.count.isMultiple(of: subject.unitSize) { items.append("padding \(items.count)") }
        try await write(items, to: 0)
        let session = try await session()
        let records = try await session.read(items.count).records
        try await session.end()
        for (item, record) in zip(items, records) where subject.item(record) != item {
            throw Finding.broken(
                expected: "the item '\(item.prefix(40))' of \(item.utf8.count) bytes",
                seen: "'\((subject.item(record) ?? "none").prefix(40))' of \(record.data.bytes.count) bytes",
                advice: "do not trim, cut, escape or decode what the system holds"
            )
        }
    }

    private func checkMaxRecords() async throws {
        try await write(units: 12)
        let session = try await session()
        var found = 0
        for limit in [1, 2, 3, 1, 5, 7].cycled() {
            guard found < itemCount else { break }
            let reading = try await session.read(1, PollRequest(maxRecords: limit))
            for batch in reading.batches where batch.records.count > limit {
                throw Finding.broken(
                    expected: "at most \(limit) records",
                    seen: "\(batch.records.count)",
                    advice: "obey PollRequest.maxRecords, and keep the rest for the next poll; also units are cut"
                )
            }
            found += reading.records.count
        }
        try await session.end()
    }

    private func checkMaxBytes() async throws {
        try await write(units: 6, size: 1000)
        try await write(units: 1, size: 9000)
        try await write(units: 2, size: 1000)
        let session = try await session()
        let reading = try await session.read(itemCount, PollRequest(maxRecords: 1000, maxBytes: 2500))
        try await session.end()
        for batch in reading.batches where batch.records.count > 1 {
            let bytes = batch.records.reduce(0) { $0 + $1.data.bytes.count }
            guard bytes > 2500 else { continue }
            throw Finding.broken(
                expected: "at most 2500 bytes, or one larger record alone",
                seen: "\(bytes) bytes in \(batch.records.count) records",
                advice: "obey PollRequest.maxBytes, and keep the rest for the next poll"
            )
        }
        try expect(reading.records)
    }

    private func checkIdle() async throws {
        try needGrowth()
        try await write(units: 2)
        let session = try await session()
        _ = try await session.read(itemCount)
        let poll = try await suspendedPoll(of: session)
        try await expectRest()
        poll.cancel()
        _ = await poll.outcome(within: limits.cancellation)
        try await session.end()
    }

    /// Polls until a poll stays suspended. What has nothing new in it may be returned a few times, and not endlessly.
    func suspendedPoll(of session: SourceSession) async throws -> LooseCall<SourceBatch> {
        var marks: Set<RecordPosition> = []
        for _ in 0..<20 {
            let poll = session.beginPoll()
            guard let outcome = await poll.outcome(within: limits.idle) else { return poll }
            let batch: SourceBatch
            do {
                batch = try outcome.get()
            } catch {
                throw Self.notIdle("the error '\(error)'")
            }
            if batch.isEnd { throw Self.notIdle("the end, although more can be written") }
            if !batch.records.isEmpty || !batch.rejected.isEmpty {
                throw Self.notIdle("\(batch.records.count) more records")
            }
            marks.formUnion(batch.progress)
        }
        throw Self.notIdle("20 batches, one after the other, with nothing but \(marks.count) progress marks in them")
    }

    private static func notIdle(_ seen: String) -> Finding {
        .broken(
            expected: "poll to suspend while there is nothing to return",
            seen: seen,
            advice: "sleep by the context's clock, or wait for the system, inside poll"
        )
    }

    /// Sees that a suspended poll leaves its thread to others and does not run in circles.
    private func expectRest() async throws {
        guard await caller.begin({}).outcome(within: limits.call) != nil else {
            throw Self.notIdle("that it blocks its thread")
        }
        let turns = 1000
        let jobs = await caller.executor.jobs(amid: turns)
        if jobs >= turns * 9 / 10 { throw Self.notIdle("that it goes on and on without a pause") }
    }

    private func checkMore() async throws {
        try needGrowth()
        try await write(units: 2)
        let session = try await session()
        var records = try await session.read(itemCount).records
        for _ in 0..<3 {
            let poll = session.beginPoll()
            let early = await poll.outcome(within: limits.idle)
            try await write(units: 1)
            let outcome = if let early { early } else { await poll.outcome(within: limits.call) }
            guard case .success(let batch) = outcome else {
                throw Finding.broken(
                    expected: "the poll that waited to return what was written",
                    seen: "nothing within \(limits.call)",
                    advice: "look again at the system, or be woken by it, while poll is suspended"
                )
            }
            records += batch.records
            if records.count < itemCount { records += try await session.read(itemCount - records.count).records }
        }
        try expect(records)
        try await session.end()
    }

    private func checkEnd() async throws {
        try need(!subject.growsWhileRead || subject.finish != nil, "the subject has no way to finish its system")
        try await write(units: 3)
        let session = try await session()
        var reading = SourceReading()
        if subject.growsWhileRead {
            reading = try await session.read(itemCount)
            if reading.isEnd { throw Self.notIdle("the end, although more can be written") }
        }
        if let finish = subject.finish { try await caller.ask("finish", finish) }
        try expect(try await readToEnd(session, PollRequest(maxRecords: 1000), behind: reading))
        try await session.end()
        let traits = session.base.traits
        guard traits.isReplayable, traits.positions != .nobody else { return }
        // The end lies behind what is left, not behind one batch of it.
        let second = try await self.session()
        try expect(try await readToEnd(second, PollRequest(maxRecords: 2), behind: SourceReading()))
        try await second.end()
    }

    private func readToEnd(
        _ session: SourceSession,
        _ request: PollRequest,
        behind reading: SourceReading
    ) async throws -> [ConnectorRecord] {
        var reading = reading
        let deadline = ContinuousClock.now + limits.call
        while !reading.isEnd, ContinuousClock.now < deadline { reading.add(try await session.poll(request)) }
        if reading.isEnd { return reading.records }
        throw Finding.broken(
            expected: "the end",
            seen: "\(reading.records.count) records and no end within \(limits.call)",
            advice: "set isEnd when everything was read and nothing can be added"
        )
    }
}

extension Array {
    /// The elements over and over again.
    fileprivate func cycled() -> some Sequence<Element> {
        sequence(state: 0) { (index: inout Int) in
            defer { index += 1 }
            return self[index % count]
        }
    }
}
