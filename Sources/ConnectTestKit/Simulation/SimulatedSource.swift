// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Synchronization

/// Reads the simulated upstream for one process.
final class SimulatedReader: Sendable {
    let process: SimulatedProcess
    let partitions: [RecordPartition]
    private let context = Mutex<ConnectorContext?>(nil)

    init(_ process: SimulatedProcess) {
        self.process = process
        partitions = process.world.plan.partitions.indices.map { RecordPartition("\($0)") }
    }

    var world: SimulatedWorld { process.world }
    var plan: SimulationPlan { process.world.plan }

    var traits: SourceTraits {
        switch plan.source {
        case .log, .pruning: SourceTraits(canHoldBackPartitions: leavesOut)
        case .upstreamKept: SourceTraits(positions: .upstream, canHoldBackPartitions: leavesOut)
        case .queue: SourceTraits(acknowledgement: .individual, positions: .upstream)
        case .group:
            SourceTraits(positions: .upstream, hasDynamicPartitions: true, canHoldBackPartitions: leavesOut)
        case .storedGroup: SourceTraits(hasDynamicPartitions: true, canHoldBackPartitions: leavesOut)
        }
    }

    private var leavesOut: Bool { plan.leavesOutHeldBack }

    func start(_ context: ConnectorContext) async throws {
        self.context.withLock { $0 = context }
        let positions = try await context.positions()
        try await process.perform(.sourceStart) { state, _ in state.begin(self.process.number, positions) }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try Task.checkCancellation()
        if plan.source.isGroup { try await followRebalance() }
        var wait = Duration.milliseconds(70)
        while true {
            let answer = try await read(request)
            if !answer.isEmpty { return batch(answer) }
            // A queue gets back what others do not acknowledge; a group what others give up.
            let isWaiting = plan.isBounded || world.look { !$0.isComplete }
            try await world.clock.sleep(for: isWaiting ? wait : .seconds(1_000_000))
            wait = min(wait * 2, .seconds(60))
            if plan.source.isGroup || !request.heldBack.isEmpty { return SourceBatch() }
        }
    }

    private func read(_ request: PollRequest) async throws -> PollAnswer {
        let number = process.number
        let taken = Mutex<PollAnswer?>(nil)
        do {
            return try await process.perform(
                .poll,
                begin: { $0.beginPoll(number, request) },
                end: { $0.processes[number - 1].isPolling = false }
            ) { state, fault in
                try state.checkSession(number)
                let answer = state.poll(number, request, fault, self.plan.draw(.poll, state.history.count, 3))
                state.note(number, .polled(answer), isProgress: !answer.isEmpty)
                taken.withLock { $0 = answer }
                return answer
            }
        } catch {
            if let answer = taken.withLock(\.self) {
                world.look { if $0.processes[number - 1].isAlive { $0.unpoll(number, answer) } }
            }
            throw error
        }
    }

    private func batch(_ answer: PollAnswer) -> SourceBatch {
        var batch = SourceBatch(answer.records.map(record), isEnd: answer.isEnd, quiet: answer.quiet)
        batch.progress = answer.marks.map(position)
        if let (index, ref) = answer.rejected {
            let error = ConnectorError(.invalidRecord, "\(ref) cannot be read")
            batch.rejected = [RejectedInput(at: index, position: position(ref), error: error)]
        }
        return batch
    }

    private func record(_ ref: RecordRef) -> ConnectorRecord {
        let entry = plan.partitions[ref.partition][ref.number]
        let offset = entry.endsUnit ? RecordOffset(Int64(ref.number)) : nil
        var record = ConnectorRecord(.text(ref.description), partition: partitions[ref.partition], offset: offset)
        if plan.hasKeyLanes { record.key = .text("\(entry.key)") }
        return record
    }

    private func position(_ ref: RecordRef) -> RecordPosition {
        RecordPosition(partition: partitions[ref.partition], offset: RecordOffset(Int64(ref.number)))
    }

    func commit(_ positions: [RecordPosition]) async throws {
        let positions = positions.sorted { $0.partition.name < $1.partition.name }
        do {
            try await process.perform(.commit, positions.compactMap(\.ref)) { state, _ in
                try state.commit(self.process.number, positions)
            }
            world.look { $0.processes[self.process.number - 1].commitFailures = 0 }
        } catch {
            world.look { $0.noteFailedCommit(self.process.number, error) }
            throw error
        }
    }

    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        let list = acknowledgements.compactMap { acknowledgement in
            acknowledgement.position.ref.map { (ref: $0, outcome: acknowledgement.outcome) }
        }
        try await process.perform(.acknowledge, list.map(\.ref)) { state, _ in
            state.acknowledge(self.process.number, list)
        }
    }
}

// MARK: Partitions that come and go

extension SimulatedReader {
    private func followRebalance() async throws {
        guard let context = context.withLock(\.self) else { return }
        let number = process.number
        let (rebalance, mine) = world.look { state in
            let mine = self.partitions.indices.filter { state.upstream.owners[$0] == number }
            return (state.processes[number - 1].rebalance.take(), mine)
        }
        if let rebalance, !mine.isEmpty { try await rebalanced(rebalance, mine, context) }
        try await takeFree(context)
    }

    private func rebalanced(_ kind: SimulationPlan.Incident.Kind, _ mine: [Int], _ context: ConnectorContext)
        async throws
    {
        let number = process.number
        let draw = world.look { self.plan.draw(.poll, $0.history.count, 5) }
        let gone = mine.filter { draw >> UInt64($0) & 1 == 0 }
        let names = gone.map { partitions[$0] }
        world.look { $0.note(number, .note("\(kind.rawValue) partitions \(gone)")) }
        var failure: (any Error)?
        if kind == .revoke {
            do { try await context.revoke(names) } catch { failure = error }
        } else {
            world.look { state in
                for partition in gone { state.expel(partition) }
            }
            context.lost(names)
        }
        world.look { state in
            guard state.processes[number - 1].isAlive else { return }
            for partition in gone {
                state.give(up: partition, number)
                state.consumeElsewhere(partition, Int(draw >> 20 & 7))
            }
        }
        if let failure { throw failure }
    }

    private func takeFree(_ context: ConnectorContext) async throws {
        let number = process.number
        let free = world.look { state in
            guard state.processes[number - 1].isAlive else { return [Int]() }
            let free = partitions.indices.filter { state.upstream.owners[$0] == nil }
            for partition in free { state.upstream.owners[partition] = number }
            return free
        }
        guard !free.isEmpty else { return }
        let found: [RecordPosition]
        do {
            found = try await context.assigned(free.map { partitions[$0] })
        } catch {
            // Asked for again at the next poll.
            world.look { state in
                for partition in free where state.upstream.owners[partition] == number {
                    state.upstream.owners[partition] = nil
                }
            }
            throw error
        }
        world.look { state in
            guard state.processes[number - 1].isAlive else { return }
            state.note(number, .note("assigned partitions \(free)"))
            for partition in free {
                let position = found.first { $0.partition == self.partitions[partition] }?.ref?.number ?? -1
                state.beginPartition(number, partition, at: position)
            }
        }
    }
}

struct SimulatedSource: Source {
    let reader: SimulatedReader
    var traits: SourceTraits { reader.traits }
    func start(_ context: ConnectorContext) async throws { try await reader.start(context) }
    func poll(_ request: PollRequest) async throws -> SourceBatch { try await reader.poll(request) }
}

struct SimulatedCommittingSource: CommittingSource {
    let reader: SimulatedReader
    var traits: SourceTraits { reader.traits }
    func start(_ context: ConnectorContext) async throws { try await reader.start(context) }
    func poll(_ request: PollRequest) async throws -> SourceBatch { try await reader.poll(request) }
    func commit(_ positions: [RecordPosition]) async throws { try await reader.commit(positions) }
}

struct SimulatedQueueSource: AcknowledgingSource {
    let reader: SimulatedReader
    var traits: SourceTraits { reader.traits }
    func start(_ context: ConnectorContext) async throws { try await reader.start(context) }
    func poll(_ request: PollRequest) async throws -> SourceBatch { try await reader.poll(request) }
    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        try await reader.acknowledge(acknowledgements)
    }
}
