// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// A source under a check: the subject, what was written into it, and how to compare that with what was read.
final class SourceTrial: ConformanceTrial {
    let subject: SourceSubject
    let caller: Caller
    private let written: Mutex<[[String]]>
    /// Whether tasks were left behind already: then the next ones are not waited for, so that the check ends.
    private let hasLeftTasks = Mutex(false)
    let sessions = OpenSessions()

    init(_ subject: SourceSubject, _ limits: ConformanceLimits) {
        self.subject = subject
        caller = Caller(limits: limits)
        written = Mutex(Array(repeating: [], count: subject.partitionCount))
    }

    var limits: ConformanceLimits { caller.limits }

    func close() async {
        await sessions.endAll()
        await subject.close()
    }

    /// What was written until now, by partition.
    var items: [[String]] { written.withLock { $0 } }

    var itemCount: Int { items.reduce(0) { $0 + $1.count } }

    /// Writes that many units into each of some partitions: all, unless said otherwise.
    func write(units: Int, to partitions: Range<Int>? = nil, size: Int = 0) async throws {
        for partition in partitions ?? 0..<subject.partitionCount {
            let next = items[partition].count
            let new = (next..<next + units * subject.unitSize).map { number in
                let name = "\(partition)-\(number)"
                return size > name.count ? name + String(repeating: ".", count: size - name.count) : name
            }
            try await write(new, to: partition)
        }
    }

    /// Writes items into a partition.
    func write(_ items: [String], to partition: Int) async throws {
        try await caller.ask("write") { [subject] in try await subject.write(items, partition) }
        written.withLock { $0[partition] += items }
    }

    /// Makes an instance and starts it.
    ///
    /// - Parameter positions: what a store has committed; an instance whose upstream keeps the positions gets none.
    func session(from positions: [RecordPosition] = []) async throws -> SourceSession {
        let session = try await unstarted(from: positions)
        try await session.start()
        return session
    }

    /// Makes an instance.
    func unstarted(from positions: [RecordPosition] = []) async throws -> SourceSession {
        let base = try await caller.ask("makeSource") { [subject] in try await subject.makeSource() }
        let isStored = base.traits.positions == .offsetStore
        return SourceSession(base, ConformanceHost(isStored ? positions : [], caller.executor), self)
    }

    /// Cancels what runs beside a source; what that had to complain about.
    func endTasks(of host: ConformanceHost) async -> [String] {
        let limit = hasLeftTasks.withLock { $0 } ? .zero : limits.cancellation
        let complaints = await host.endTasks(within: limit)
        if !complaints.isEmpty { hasLeftTasks.withLock { $0 = true } }
        return complaints
    }

    /// Ends the check where a condition of it does not hold.
    func need(_ condition: Bool, _ reason: String) throws {
        if !condition { throw Finding.notApplicable(reason) }
    }

    func needGrowth() throws {
        try need(subject.growsWhileRead, "nothing can be written while a source reads")
    }
}

/// Where an item was written.
struct ItemPlace: Hashable {
    let partition: Int
    /// How many items of the partition come before it.
    let number: Int
}

extension SourceTrial {
    /// The place of the item that a record was made from.
    func place(of record: ConnectorRecord) throws -> ItemPlace {
        let item = subject.item(record)
        for (partition, items) in items.enumerated() {
            if let item, let number = items.firstIndex(of: item) {
                return ItemPlace(partition: partition, number: number)
            }
        }
        throw Finding.broken(
            expected: "a record for each item that was written",
            seen: "one that was made from \(item.map { "'\($0.prefix(40))'" } ?? "none of them")",
            advice: "make one record of each item, with its data as it was written"
        )
    }

    /// Compares records with the items written, partition by partition.
    ///
    /// - Parameter start: the number of the first item expected of each partition; 0 where it is not named.
    /// - Parameter inOrder: whether the order counts.
    func expect(_ records: [ConnectorRecord], from start: [Int: Int] = [:], inOrder: Bool = true) throws {
        var found: [[Int]] = Array(repeating: [], count: items.count)
        for record in records {
            let place = try place(of: record)
            found[place.partition].append(place.number)
        }
        for (partition, items) in items.enumerated() {
            let expected = Array((start[partition] ?? 0)..<items.count)
            let seen = inOrder ? found[partition] : found[partition].sorted()
            guard seen != expected else { continue }
            throw difference(seen, expected, in: partition)
        }
    }

    private func difference(_ seen: [Int], _ expected: [Int], in partition: Int) -> Finding {
        let index = zip(seen, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(seen.count, expected.count)
        func name(_ numbers: [Int]) -> String {
            index < numbers.count ? "item \(numbers[index])" : "the end"
        }
        return .broken(
            expected: "\(name(expected)) of partition \(partition) behind \(index) records of it",
            seen: "\(name(seen))",
            advice: "read each item once, in order, and from the position on that was given"
        )
    }

    /// The newest committed position of each partition when exactly these records, in their order, are settled.
    func positions(behind records: some Collection<ConnectorRecord>) -> [RecordPosition] {
        var newest: [RecordPartition: RecordPosition] = [:]
        for position in records.compactMap(\.position) { newest[position.partition] = position }
        return newest.values.sorted { $0.partition.name < $1.partition.name }
    }

    /// For each partition, how many of its first items are read when these units are.
    func starts(behind units: some Collection<ConnectorRecord>) throws -> [Int: Int] {
        var starts: [Int: Int] = [:]
        for record in units {
            let place = try place(of: record)
            starts[place.partition] = place.number + 1
        }
        return starts
    }
}
