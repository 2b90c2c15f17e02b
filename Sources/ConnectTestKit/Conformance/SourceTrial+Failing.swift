// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SourceTrial {
    static let failing: [ConformanceCheck<SourceTrial>] = [
        .init("source.unreachable", "an unreachable system is reported as notConnected, and stop works behind it") {
            try await $0.checkUnreachable()
        },
        .init(
            "source.reconnect",
            "after an outage the same instance reads on without a gap, and without a repeat unless its upstream keeps the positions"
        ) { try await $0.checkReconnect() },
        .init("source.rejected", "input that cannot become a record is returned as such, with a position behind it") {
            try await $0.checkRejected()
        },
    ]

    func needReachability() throws -> @Sendable (Bool) async throws -> Void {
        guard let setReachable = subject.setReachable else {
            throw Finding.notApplicable("the subject has no way to make its system unreachable")
        }
        return setReachable
    }

    private func checkUnreachable() async throws {
        let setReachable = try needReachability()
        try await write(units: 2)
        try await caller.ask("setReachable") { try await setReachable(false) }
        let session = try await unstarted()
        var outcome = try await caller.attempt("start", session.starting())
        if case .success = outcome {
            outcome = try await caller.attempt("poll") { [source = session.source] in
                _ = try await source.poll(.everything)
            }
        }
        try await session.end()
        try expectNotConnected(outcome)
        try await caller.ask("setReachable") { try await setReachable(true) }
        let later = try await self.session()
        try expect(try await later.read(itemCount).records)
        try await later.end()
    }

    private func expectNotConnected(_ outcome: Result<Void, any Error>) throws {
        if case .failure(let error as ConnectorError) = outcome, error.code == .notConnected { return }
        let seen = if case .failure(let error) = outcome { "the error '\(error)'" } else { "no error" }
        throw Finding.broken(
            expected: "start or poll to throw a ConnectorError with the code notConnected",
            seen: seen,
            advice: "say notConnected, so that the runner waits for the system instead of giving up"
        )
    }

    private func checkReconnect() async throws {
        let setReachable = try needReachability()
        try await write(units: 4)
        let session = try await session()
        var records = try await session.read(2 * subject.unitSize, PollRequest(maxRecords: 2 * subject.unitSize))
            .records
        try await caller.ask("setReachable") { try await setReachable(false) }
        // What was fetched before may still come.
        var failure: (any Error)?
        for _ in 0..<itemCount where failure == nil {
            switch try await caller.attempt("poll", { [source = session.source] in try await source.poll(.everything) })
            {
            case .success(let batch): records += batch.records
            case .failure(let error): failure = error
            }
        }
        guard let failure else {
            throw Finding.broken(
                expected: "poll to throw notConnected",
                seen: "no error while the system was unreachable",
                advice: "report a lost connection, so that the runner knows of the outage"
            )
        }
        try expectNotConnected(.failure(failure))
        try await caller.ask("setReachable") { try await setReachable(true) }
        if let source = session.base as? any Reconnecting {
            try await caller.call("reconnect") { try await source.reconnect() }
        }
        if session.base.traits.positions == .upstream {
            try await expectNoGap(in: records, readOn: session)
        } else {
            records += try await session.readAll(itemCount - records.count).records
            try expect(records)
        }
        try await session.end()
    }

    /// Reads until each item was there. An upstream may deliver again what was not settled, beginning further back.
    private func expectNoGap(in records: [ConnectorRecord], readOn session: SourceSession) async throws {
        var first: [ConnectorRecord] = []
        var known: Set<ItemPlace> = []
        func add(_ records: [ConnectorRecord]) throws {
            for record in records where known.insert(try place(of: record)).inserted { first.append(record) }
        }
        try add(records)
        while first.count < itemCount { try add(try await session.read(itemCount - first.count).records) }
        try expect(first, inOrder: session.base.traits.acknowledgement == .cumulative)
    }

    private func checkRejected() async throws {
        guard let writeBadInput = subject.writeBadInput else {
            throw Finding.notApplicable("the subject has no way to write bad input")
        }
        try await write(units: 2, to: 0..<1)
        try await caller.ask("writeBadInput", writeBadInput)
        try await write(units: 2, to: 0..<1)
        let first = try await session()
        let reading = try await first.read(itemCount)
        try await first.end()
        try expect(reading.records)
        let rejected = try expectOneRejection(in: reading)
        guard first.base.traits.positions == .offsetStore else { return }
        let second = try await session(from: [rejected.position])
        let rest = try await second.read(2 * subject.unitSize)
        try await second.end()
        try expect(rest.records, from: [0: 2 * subject.unitSize])
        guard rest.rejected.isEmpty else {
            throw Self.wrongRejection(
                "its position to lie behind the bad input",
                "the input again after going on from there",
                "give the position behind it"
            )
        }
    }

    /// Bad input between the first and the last two units, with all that belongs to it.
    private func expectOneRejection(in reading: SourceReading) throws -> RejectedInput {
        var before = 0
        for batch in reading.batches {
            guard let rejected = batch.rejected.first else {
                before += batch.records.count
                continue
            }
            guard reading.rejected.count == 1, rejected.index >= 0, rejected.index <= batch.records.count,
                before + rejected.index == 2 * subject.unitSize
            else {
                throw Self.wrongRejection(
                    "one rejected input behind \(2 * subject.unitSize) records",
                    "\(reading.rejected.count), the first behind \(before + rejected.index)",
                    "index counts the records of the same batch that come before the input"
                )
            }
            guard rejected.error.code == .invalidRecord else {
                throw Self.wrongRejection(
                    "the code invalidRecord",
                    "'\(rejected.error.code)'",
                    "the input is bad and will stay so"
                )
            }
            return rejected
        }
        throw Self.wrongRejection(
            "the bad input among the rejected",
            "nothing of it",
            "return it as RejectedInput, so that it is not lost silently"
        )
    }

    private static func wrongRejection(_ expected: String, _ seen: String, _ advice: String) -> Finding {
        .broken(expected: expected, seen: seen, advice: advice)
    }
}
