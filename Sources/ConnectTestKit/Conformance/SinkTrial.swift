// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// A sink under a check: the subject, the records made for it, and how to compare them with what is durable.
final class SinkTrial: ConformanceTrial {
    let subject: SinkSubject
    let caller: Caller
    let sessions = OpenSessions()
    /// How many records of each lane were made.
    private let made = Mutex<[String: Int]>([:])

    init(_ subject: SinkSubject, _ limits: ConformanceLimits) {
        self.subject = subject
        caller = Caller(limits: limits)
    }

    var limits: ConformanceLimits { caller.limits }

    func close() async {
        await sessions.endAll()
        await subject.close()
    }

    /// The next records, as many of each of two lanes, in turn.
    func batch(_ count: Int, of lanes: [String] = ["a", "b"]) -> [ConnectorRecord] {
        (0..<count).flatMap { _ in lanes.map { record(in: $0) } }
    }

    /// The next record of a lane.
    func record(in lane: String) -> ConnectorRecord {
        let number = next(in: lane)
        return placed(subject.record("\(lane)-\(number)"), in: lane, number)
    }

    /// A record that is not accepted, in a lane.
    func badRecord(in lane: String) throws -> ConnectorRecord {
        guard let make = subject.badRecord else {
            throw Finding.notApplicable("the subject has no record that the system will never accept")
        }
        return placed(make(), in: lane, next(in: lane))
    }

    /// A record with the next place in a lane.
    func placed(_ record: ConnectorRecord, in lane: String) -> ConnectorRecord {
        placed(record, in: lane, next(in: lane))
    }

    private func next(in lane: String) -> Int {
        made.withLock { made in
            defer { made[lane, default: 0] += 1 }
            return made[lane, default: 0]
        }
    }

    private func placed(_ record: ConnectorRecord, in lane: String, _ number: Int) -> ConnectorRecord {
        var record = record
        record.partition = RecordPartition(lane)
        record.offset = RecordOffset(Int64(number))
        return record
    }

    /// Makes an instance, starts it, and restores it where it has checkpoints.
    func session(from checkpoint: SinkCheckpoint? = nil) async throws -> SinkSession {
        let session = try await unstarted()
        try await session.start()
        try await session.restore(checkpoint)
        return session
    }

    func unstarted() async throws -> SinkSession {
        let sink = try await caller.ask("makeSink") { [subject] in try await subject.makeSink() }
        return SinkSession(sink, ConformanceHost([], caller.executor), self)
    }

    func need(_ condition: Bool, _ reason: String) throws {
        if !condition { throw Finding.notApplicable(reason) }
    }

    func durable() async throws -> [String] {
        try await caller.ask("durable") { [subject] in try await subject.durable() }
    }

    /// The name of a record's item: that of its lane, and its number there.
    static func item(of record: ConnectorRecord) -> String {
        "\(record.partition.name)-\(record.offset?.sequence ?? -1)"
    }

    /// Compares what is durable with the records that should be: each of them once, and in order.
    ///
    /// - Parameter mayRepeat: whether some may be there several times, because their put failed and was made again.
    func expectDurable(
        _ records: some Sequence<ConnectorRecord>,
        isOrdered: Bool,
        mayRepeat: Bool = false,
        advice: String
    ) async throws {
        let seen = try await durable()
        let expected = records.map { Self.item(of: $0) }
        let known = Set(expected)
        func broken(_ what: String) -> Finding {
            .broken(expected: "\(expected.count) items to be durable, each whole", seen: what, advice: advice)
        }
        if let foreign = seen.first(where: { !known.contains($0) }) {
            throw broken("'\(foreign.prefix(40))', which should not be there")
        }
        let found = Set(seen)
        if let missing = expected.first(where: { !found.contains($0) }) {
            throw broken("\(seen.count), without \(missing)")
        }
        guard !mayRepeat else { return }
        guard seen.count == expected.count else { throw broken("\(seen.count), some of them repeated") }
        guard isOrdered, subject.showsOrder else { return }
        for lane in Set(records.map(\.partition.name)) {
            let mine = seen.filter { $0.hasPrefix(lane + "-") }
            guard mine != expected.filter({ $0.hasPrefix(lane + "-") }) else { continue }
            throw broken("those of lane \(lane) in another order: \(mine.prefix(5).joined(separator: ", "))…")
        }
    }
}
