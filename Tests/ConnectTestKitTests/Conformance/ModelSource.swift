// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// One thing that is wrong with a model source.
enum SourceFlaw: String, Sendable {
    case stopsOnlyWhatWasStarted, startIgnoresCancellation, stopHangsWhenCancelled, leaksTask, taskIgnoresCancellation
    case taskFails, leaksDescriptor, startsFromScratch, swapsRecords, repeatsRecord, losesRecord, offsetOfBatch
    case offsetsInsideUnits, noOffsetAtUnitEnd, markInsideUnit, trims, dropsEmpty, ignoresMaxRecords, ignoresMaxBytes
    case largeRecordNeverComes, returnsNothing, blocks, spins, endsWhenIdle, looksOnce, neverEnds, endsEarly
    case resumesTooEarly, resumesTooLate, idsOfTheMoment, takesForeignOffset, cancellationIsFatal, ignoresCancellation
    case cancelledPollLoses, outageIsFatal, outageIsSilent, losesAfterOutage, skipsBadInput, throwsForBadInput
    case rejectsBeforeInput, wrongRejectedIndex, commitOnce, commitGoesBack, commitWaitsForPoll, forgetsCommits
    case onePartition, ignoresHeldBack, staysHeldBack, notAssigned, notRevoked, readsRevoked, lossUnnoticed
    case badInputIsRetryable, commitIgnoresCancellation, markTooFar, countsFromItsStart
}

/// A source that reads logs, one record for each entry, with at most one flaw.
actor ModelSource: CommittingSource, HoldObserving {
    struct Options: Sendable {
        var flaw: SourceFlaw?
        var unitSize = 1
        var keeper = SourceTraits.PositionKeeper.offsetStore
        var isDynamic = false
        var marks = false
        /// Whether the upstream delivers again, after an outage, what is not committed.
        var redelivers = false
    }

    nonisolated let traits: SourceTraits
    private let upstream: ModelUpstream
    private let options: Options
    private let partitions: [RecordPartition]
    private var context: ConnectorContext?
    private var next: [Int: Int] = [:]
    private var begun: [Int: Int] = [:]
    private var isStarted = false
    private var isPolled = false
    private var hasFailed = false

    init(_ upstream: ModelUpstream, _ options: Options = Options()) {
        self.upstream = upstream
        self.options = options
        traits = SourceTraits(
            positions: options.keeper,
            hasDynamicPartitions: options.isDynamic,
            canHoldBackPartitions: true
        )
        let count = upstream.state.withLock(\.logs.count)
        partitions = (0..<count).map { RecordPartition(options.flaw == .onePartition ? "log" : "log\($0)") }
    }

    private func has(_ flaw: SourceFlaw) -> Bool { options.flaw == flaw }

    func start(_ context: ConnectorContext) async throws {
        self.context = context
        isStarted = true
        if has(.startIgnoresCancellation), Task.isCancelled { await upstream.forever.passIgnoringCancellation() }
        if has(.leaksDescriptor) { upstream.openDescriptor() }
        if has(.leaksTask) { leakTask() }
        if has(.taskIgnoresCancellation) {
            context.addTask(named: "heartbeats") { [upstream] in await upstream.forever.passIgnoringCancellation() }
        }
        if has(.taskFails) {
            context.addTask(named: "heartbeats") { throw ConnectorError(.fatal, "no heart") }
        }
        context.addTask(named: "client") { try await context.clock.sleep(for: .seconds(1000)) }
        let stored = try await context.positions()
        for (number, partition) in partitions.enumerated() where !options.isDynamic {
            next[number] = try begin(number, stored.first { $0.partition == partition }?.offset)
            begun[number] = has(.countsFromItsStart) ? next[number] : 0
        }
    }

    private func begin(_ number: Int, _ offset: RecordOffset?) throws -> Int {
        if options.keeper == .upstream { return upstream.state.withLock { ($0.committed[number] ?? -1) + 1 } }
        guard let offset, !has(.startsFromScratch) else { return 0 }
        guard let sequence = offset.sequence else {
            if has(.takesForeignOffset) { return 0 }
            throw ConnectorError(.corruptOffsets, "\(offset) is no place in a log")
        }
        if has(.resumesTooEarly) { return Int(sequence) }
        if has(.resumesTooLate) { return Int(sequence) + 2 }
        return Int(sequence) + 1
    }

    private func leakTask() {
        let task = Task { while (try? await Task.sleep(for: .seconds(1))) != nil { isPolled = false } }
        upstream.state.withLock { $0.tasks.append(task) }
    }

    func stop() async {
        if has(.stopsOnlyWhatWasStarted), !isStarted { await upstream.forever.passIgnoringCancellation() }
        if has(.stopHangsWhenCancelled), Task.isCancelled { await upstream.forever.passIgnoringCancellation() }
    }

    func heldBackPartitionsChanged(to partitions: [RecordPartition]) async {}

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        isPolled = true
        defer { isPolled = false }
        while true {
            try await checkCancellation(request)
            try checkConnection()
            if has(.outageIsSilent) {
                while !upstream.state.withLock(\.isReachable) { try await context?.clock.sleep(for: .milliseconds(1)) }
            }
            if options.isDynamic { try await followAssignments() }
            let batch = try await read(request)
            if !batch.records.isEmpty || !batch.rejected.isEmpty || batch.isEnd { return batch }
            if upstream.state.withLock(\.isFinished), !has(.neverEnds) { return .end }
            if has(.returnsNothing) { return SourceBatch() }
            if has(.endsWhenIdle) { return .end }
            try await wait(request)
        }
    }

    private func wait(_ request: PollRequest) async throws {
        if has(.blocks) { while !upstream.forever.isOpen, !Task.isCancelled { usleep(1000) } }
        if has(.spins) { return await Task.yield() }
        if has(.looksOnce) { try await upstream.forever.pass() }
        if has(.ignoresCancellation) {
            try? await context?.clock.sleep(for: .milliseconds(1))
        } else {
            do {
                try await context?.clock.sleep(for: .milliseconds(1))
            } catch {
                if has(.cancellationIsFatal) { throw ConnectorError(.fatal, "the poll failed", cause: error) }
                throw error
            }
        }
    }

    private func checkCancellation(_ request: PollRequest) async throws {
        if has(.ignoresCancellation) {
            if Task.isCancelled {
                await upstream.forever.passIgnoringCancellation()
                throw CancellationError()
            }
            return
        }
        if has(.cancelledPollLoses), Task.isCancelled {
            // As a destructive read does: what was fetched is gone.
            for number in next.keys {
                upstream.state.withLock { _ = $0.gone[number, default: []].insert(next[number] ?? 0) }
            }
        }
        if has(.cancellationIsFatal), Task.isCancelled { throw ConnectorError(.fatal, "the poll failed") }
        try Task.checkCancellation()
    }

    private func checkConnection() throws {
        if upstream.state.withLock(\.isReachable) {
            if hasFailed, has(.losesAfterOutage) { next[0, default: 0] += 1 }
            if hasFailed, options.redelivers {
                for number in next.keys { next[number] = upstream.state.withLock { ($0.committed[number] ?? -1) + 1 } }
            }
            hasFailed = false
            return
        }
        if has(.outageIsSilent) { return }
        hasFailed = true
        if has(.outageIsFatal) { throw ConnectorError(.fatal, "no route") }
        throw ConnectorError(.notConnected, "no route")
    }

    private func read(_ request: PollRequest) async throws -> SourceBatch {
        var batch = SourceBatch()
        var bytes = 0
        let held = has(.ignoresHeldBack) ? [] : request.heldBack
        let wanted = has(.ignoresMaxRecords) ? .max : request.maxRecords
        let room = has(.ignoresMaxBytes) ? .max : request.maxBytes
        outer: for number in next.keys.sorted() where !held.contains(partitions[number]) {
            while batch.records.count < wanted, let entry = upstream.entry(number, next[number] ?? 0) {
                if upstream.state.withLock({ $0.gone[number]?.contains(next[number] ?? 0) == true }) {
                    next[number, default: 0] += 1
                    continue
                }
                guard case .item(let item) = entry else {
                    try reject(number, &batch)
                    continue
                }
                let size = item.utf8.count
                if has(.largeRecordNeverComes), size > room { break outer }
                if !batch.records.isEmpty, bytes + size > room { break outer }
                bytes += size
                add(item, number, &batch)
            }
        }
        if has(.staysHeldBack), !held.isEmpty, batch.records.isEmpty {
            try await upstream.forever.pass()
        }
        spoil(&batch)
        return batch
    }

    private func add(_ item: String, _ number: Int, _ batch: inout SourceBatch) {
        let place = next[number] ?? 0
        next[number] = place + 1
        if has(.dropsEmpty), item.isEmpty { return }
        let text = has(.trims) ? String(item.drop { $0 == " " }) : item
        let endsUnit = (place + 1).isMultiple(of: options.unitSize)
        let hasOffset = has(.offsetsInsideUnits) || endsUnit && !(has(.noOffsetAtUnitEnd) && place > 4)
        var record = ConnectorRecord(
            .text(text),
            partition: partitions[number],
            offset: hasOffset ? RecordOffset(Int64(place - (begun[number] ?? 0))) : nil
        )
        if has(.idsOfTheMoment) { record.id = "\(ObjectIdentifier(self))-\(place)" }
        batch.records.append(record)
        batch.progress.removeAll { $0.partition == partitions[number] }
        if options.marks, endsUnit || has(.markInsideUnit) {
            let mark = RecordOffset(Int64(place + (has(.markTooFar) ? 1 : 0)))
            batch.progress.append(RecordPosition(partition: partitions[number], offset: mark))
        }
        if has(.endsEarly), place == 2, upstream.state.withLock(\.isFinished) { batch.isEnd = true }
    }

    private func reject(_ number: Int, _ batch: inout SourceBatch) throws {
        let place = next[number] ?? 0
        if has(.throwsForBadInput) { throw ConnectorError(.invalidRecord, "bad input") }
        next[number] = place + 1
        if has(.skipsBadInput) { return }
        let offset = RecordOffset(Int64(place) - (has(.rejectsBeforeInput) ? 1 : 0))
        batch.rejected.append(
            RejectedInput(
                at: has(.wrongRejectedIndex) ? 0 : batch.records.count,
                position: RecordPosition(partition: partitions[number], offset: offset),
                error: ConnectorError(has(.badInputIsRetryable) ? .retryable : .invalidRecord, "bad input")
            )
        )
    }

    /// Flaws of whole batches. Large ones only, so that one check sees them and the others do not.
    private func spoil(_ batch: inout SourceBatch) {
        guard batch.records.count >= 2 else { return }
        if has(.offsetOfBatch), batch.records.count > 3 {
            var last: [RecordPartition: RecordOffset] = [:]
            for record in batch.records { last[record.partition] = record.offset }
            for index in batch.records.indices { batch.records[index].offset = last[batch.records[index].partition] }
        }
        guard batch.records.count >= 30 else { return }
        if has(.swapsRecords) { batch.records.swapAt(3, 4) }
        if has(.repeatsRecord) { batch.records.insert(batch.records[5], at: 5) }
        if has(.losesRecord) { batch.records.remove(at: 5) }
    }

    func commit(_ positions: [RecordPosition]) async throws {
        if has(.commitIgnoresCancellation), Task.isCancelled { await upstream.forever.passIgnoringCancellation() }
        while has(.commitWaitsForPoll), isPolled, !upstream.forever.isOpen {
            try? await Task.sleep(for: .milliseconds(1))
        }
        guard !has(.forgetsCommits) else { return }
        for position in positions {
            guard let number = partitions.firstIndex(of: position.partition) else { continue }
            let sequence = Int(position.offset.sequence ?? -1)
            try upstream.state.withLock { state in
                if has(.commitOnce), state.committed[number] == sequence {
                    throw ConnectorError(.fatal, "\(sequence) is committed already")
                }
                let newest = max(sequence, state.committed[number] ?? -1)
                state.committed[number] = has(.commitGoesBack) ? sequence : newest
            }
        }
    }

    private func followAssignments() async throws {
        let (owned, wanted) = upstream.state.withLock { ($0.owned, $0.wanted) }
        for number in Set(next.keys).subtracting(owned) where !has(.lossUnnoticed) {
            next[number] = nil
            context?.lost([partitions[number]])
        }
        for number in Set(next.keys).intersection(owned).subtracting(wanted) where !has(.notRevoked) {
            try await context?.revoke([partitions[number]])
            upstream.state.withLock { _ = $0.owned.remove(number) }
            if !has(.readsRevoked) { next[number] = nil }
        }
        for number in wanted.subtracting(next.keys) {
            upstream.state.withLock { _ = $0.owned.insert(number) }
            let stored = has(.notAssigned) ? [] : try await context?.assigned([partitions[number]]) ?? []
            next[number] = try begin(number, stored.first?.offset)
        }
    }
}
