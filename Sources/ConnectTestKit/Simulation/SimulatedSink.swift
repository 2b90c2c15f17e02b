// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Writes one of the simulated downstreams for one process.
struct SimulatedWriter: Sendable {
    let process: SimulatedProcess
    let sink: Int

    private var number: Int { process.number }

    var traits: SinkTraits {
        let plan = process.world.plan.sinks[sink]
        return SinkTraits(
            maxConcurrentPuts: plan.maxConcurrentPuts,
            isOrdered: plan.isOrdered,
            preferredBatch: SinkTraits.PreferredBatch(maxRecords: plan.preferredRecords),
            isDurableOnPut: plan.isDurableOnPut
        )
    }

    func start() async throws {
        try await process.perform(.sinkStart) { _, _ in }
    }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance? = nil) async throws -> PutResult {
        var put = SimulatedPut(sink: sink, refs: Self.refs(batch))
        defer { process.world.leave(number) { $0.endPut(number, put) } }
        return try await apply(&put, advancing: advance)
    }

    /// Applies a batch, and tells of it later.
    func begin(_ batch: RecordBatch) async throws -> PendingPut {
        var put = SimulatedPut(sink: sink, refs: Self.refs(batch))
        let outcome: Result<PutResult, any Error>
        do {
            outcome = .success(try await apply(&put))
        } catch {
            outcome = .failure(error)
        }
        let begun = put
        process.world.look { $0.noteOutcome(number, of: begun, outcome) }
        return PendingPut {
            defer { process.world.leave(number) { $0.endAnswered(number, begun) } }
            try await process.perform(.report, begun.refs) { _, _ in }
            return try outcome.get()
        }
    }

    private static func refs(_ batch: RecordBatch) -> [RecordRef] {
        batch.compactMap { RecordRef($0.data.text ?? "") }
    }

    private func apply(_ put: inout SimulatedPut, advancing advance: PositionAdvance? = nil) async throws -> PutResult {
        do {
            return try await process.perform(
                .put,
                put.refs,
                begin: { put.generations = $0.beginPut(number, sink, put.refs) }
            ) { state, fault in
                let result =
                    if let advance {
                        try state.transact(number, put, advance, fault)
                    } else {
                        try state.put(number, put, fault)
                    }
                if !result.isDelivered {
                    let verdicts = result.exceptions.map { "\(put.refs[$0.index]) \($0.verdict.kind)" }
                    state.note(number, .note("    verdicts: \(verdicts.joined(separator: ", "))"))
                }
                return result
            }
        } catch {
            process.world.look { $0.noteFailure(number, of: put, error) }
            throw error
        }
    }

    func flush() async throws {
        try await process.perform(
            .flush,
            begin: { $0.beginFlush(number, sink) },
            end: { $0.processes[number - 1].isFlushing[sink] = false }
        ) { state, fault in try state.flush(number, sink, fault) }
    }

    func checkpoint() async throws -> SinkCheckpoint {
        let length = try await noting {
            try await process.perform(.checkpoint) { state, _ in state.sinks[sink].rows.count }
        }
        process.world.look { if $0.processes[number - 1].isAlive { $0.noteCheckpoint(number, sink) } }
        return SinkCheckpoint(SharedBytes(utf8: "\(length)"))
    }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        try await noting {
            try await process.perform(.restore) { state, _ in
                state.note(number, .note("    restore to \(checkpoint?.length.map(String.init) ?? "nothing stored")"))
                try state.restore(number, sink, to: checkpoint?.length)
                state.unsettle(number, sink)
            }
        }
    }

    /// Makes a call whose failure counts as one of the records that are to be put.
    private func noting<Answer: Sendable>(_ call: () async throws -> Answer) async throws -> Answer {
        do {
            return try await call()
        } catch {
            process.world.look { $0.noteFailure(number, ofSink: sink, error) }
            throw error
        }
    }

    func positions() async throws -> [StoredPosition] {
        try await process.perform(.positions) { state, _ in
            state.tellPositions(number, sink)
            return state.sinks[sink].positions.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}

struct SimulatedPlainSink: Sink {
    let writer: SimulatedWriter
    var traits: SinkTraits { writer.traits }
    func start(_ context: ConnectorContext) async throws { try await writer.start() }
    func put(_ batch: RecordBatch) async throws -> PutResult { try await writer.put(batch) }
    func flush() async throws { try await writer.flush() }
}

struct SimulatedPipeliningSink: PipeliningSink {
    let writer: SimulatedWriter
    var traits: SinkTraits { writer.traits }
    func start(_ context: ConnectorContext) async throws { try await writer.start() }
    func begin(_ batch: RecordBatch) async throws -> PendingPut { try await writer.begin(batch) }
    func flush() async throws { try await writer.flush() }
}

struct SimulatedCheckpointingSink: CheckpointingSink {
    let writer: SimulatedWriter
    var traits: SinkTraits { writer.traits }
    func start(_ context: ConnectorContext) async throws { try await writer.start() }
    func put(_ batch: RecordBatch) async throws -> PutResult { try await writer.put(batch) }
    func flush() async throws { try await writer.flush() }
    func checkpoint() async throws -> SinkCheckpoint { try await writer.checkpoint() }
    func restore(_ checkpoint: SinkCheckpoint?) async throws { try await writer.restore(checkpoint) }
}

struct SimulatedPositionKeepingSink: PositionKeepingSink {
    let writer: SimulatedWriter
    var traits: SinkTraits { writer.traits }
    func start(_ context: ConnectorContext) async throws { try await writer.start() }
    func positions(in scope: ClaimScope) async throws -> [StoredPosition] { try await writer.positions() }
    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        try await writer.put(batch, advancing: advance)
    }
    func put(_ batch: RecordBatch) async throws -> PutResult {
        throw ConnectorError(.fatal, "the sink was written without positions")
    }
}

extension RecordRef {
    /// The entry that the text of a record names.
    init?(_ text: String) {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let place = text[text.index(after: slash)...].split(separator: ".").compactMap { Int($0) }
        guard let partition = Int(text[..<slash]), let number = place.first else { return nil }
        self.init(partition: partition, number: number, part: place.dropFirst().first ?? 0)
    }
}
