// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension SinkTrial {
    static let checkpoints: [ConformanceCheck<SinkTrial>] = [
        .init("sink.checkpoint", "a new instance cuts the output back to exactly each checkpoint") {
            try await $0.checkCheckpoint()
        },
        .init("sink.checkpoint.running", "a running instance takes back exactly what a put had written") {
            try await $0.checkRunningCheckpoint()
        },
        .init("sink.checkpoint.foreign", "a checkpoint that is not the sink's own is refused, and nothing is cut") {
            try await $0.checkForeignCheckpoint()
        },
        .init("sink.checkpoint.ahead", "an output that no longer reaches its checkpoint is an error") {
            try await $0.checkCheckpointAhead()
        },
        .init("sink.checkpoint.cancelled", "a cancelled checkpoint or restore returns in time") {
            try await $0.checkCancelledCheckpoint()
        },
    ]

    /// A session of a sink that has checkpoints.
    private func checkpointing(from checkpoint: SinkCheckpoint? = nil) async throws -> SinkSession {
        // Nothing is started for a check that does not apply.
        let canCheck = try await unstarted().checkpointing != nil
        try need(canCheck, "the sink has no checkpoints")
        return try await session(from: checkpoint)
    }

    /// Writes batches, each with the checkpoint before it; all of it is durable.
    private func write(_ count: Int, _ session: SinkSession) async throws -> [(SinkCheckpoint?, [ConnectorRecord])] {
        var moments: [(SinkCheckpoint?, [ConnectorRecord])] = []
        for _ in 0..<count {
            moments.append((try await session.checkpoint(), batch(2)))
            try await session.put(moments[moments.count - 1].1)
        }
        try await session.flush()
        return moments
    }

    private func checkCheckpoint() async throws {
        let first = try await checkpointing()
        let moments = try await write(4, first)
        try await first.end()
        for index in [3, 1, 0] {
            let session = try await session(from: moments[index].0)
            try await session.end()
            try await expectCut(to: moments[..<index])
        }
        let last = try await session(from: moments[0].0)
        try await last.put(moments[0].1)
        try await last.flush()
        try await last.end()
        try await expectCut(to: moments[...0])
    }

    private func expectCut(to moments: ArraySlice<(SinkCheckpoint?, [ConnectorRecord])>) async throws {
        try await expectDurable(
            moments.flatMap(\.1),
            isOrdered: true,
            advice: "let a checkpoint say where the output ended at that moment, and cut it there, durably"
        )
    }

    private func checkRunningCheckpoint() async throws {
        let session = try await checkpointing()
        let moments = try await write(3, session)
        try await session.restore(moments[1].0)
        try await session.put(moments[1].1)
        try await session.flush()
        try await session.end()
        try await expectCut(to: moments[...1])
    }

    private func checkForeignCheckpoint() async throws {
        let first = try await checkpointing()
        let moments = try await write(2, first)
        let checkpoint = try await first.checkpoint()
        try await first.end()
        let foreign = SinkCheckpoint(SharedBytes(utf8: "no checkpoint of yours"), version: 9999)
        let second = try await unstarted()
        try await second.start()
        guard let sink = second.checkpointing else { return }
        let outcome = try await caller.attempt("restore") { try await sink.restore(foreign) }
        try await second.end()
        try expectRefusal(outcome, of: "a checkpoint that another sink made")
        let third = try await session(from: checkpoint)
        try await third.end()
        try await expectCut(to: moments[...])
    }

    private func expectRefusal(_ outcome: Result<Void, any Error>, of what: String) throws {
        let codes: [ConnectorError.Code] = [.corruptOffsets, .invalidConfiguration]
        if case .failure(let error as ConnectorError) = outcome, codes.contains(error.code) { return }
        let seen = if case .failure(let error) = outcome { "the error '\(error)'" } else { "that it was accepted" }
        throw Finding.broken(
            expected: "restore to refuse \(what) with corruptOffsets or invalidConfiguration",
            seen: seen,
            advice: "check that the output is the one that the checkpoint speaks of, before anything is changed"
        )
    }

    private func checkCheckpointAhead() async throws {
        let first = try await checkpointing()
        let moments = try await write(2, first)
        let end = try await first.checkpoint()
        try await first.end()
        try await session(from: moments[1].0).end()
        let last = try await unstarted()
        try await last.start()
        guard let sink = last.checkpointing else { return }
        let outcome = try await caller.attempt("restore") { try await sink.restore(end) }
        try await last.end()
        if case .success = outcome {
            // An output that keeps its history can go forward, too.
            let count = try await durable().count
            if count == moments.flatMap(\.1).count { return }
        }
        try expectRefusal(outcome, of: "a checkpoint behind the end of the output")
    }

    private func checkCancelledCheckpoint() async throws {
        let session = try await checkpointing()
        let moments = try await write(2, session)
        guard let sink = session.checkpointing else { return }
        _ = try await caller.cancelled("checkpoint") { try await sink.checkpoint() }
        let checkpoint = moments[1].0
        _ = try await caller.cancelled("restore") { try await sink.restore(checkpoint) }
        try await session.restore(checkpoint)
        try await session.flush()
        try await session.end()
        try await expectCut(to: moments[...0])
    }
}
