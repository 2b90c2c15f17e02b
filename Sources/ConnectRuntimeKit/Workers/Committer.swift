// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes durable what is committable: noted, then flushed by the sink, then stored, then told to the source.
struct Committer: Sendable {
    let source: any Source
    let sink: SinkWorker
    let positions: PositionKeeper
    let handOver: HandOver
    let context: ConnectorContext

    @concurrent
    func run() async {
        while let set = await handOver.nextCommit() {
            do {
                try await commit(set)
            } catch {
                handOver.step { state, wake in
                    state.abandonCommit(set, &wake)
                    state.fail(error, sinkIsUsable: false, &wake)
                }
                return
            }
            guard await report(set) else { return }
        }
    }

    private func commit(_ set: CommitSet) async throws {
        let steps = handOver.step { state, _ in state.ledger.stepsWithoutRecords(set) }
        try await sink.flush(steps)
        handOver.step { state, wake in
            state.ledger.noteApplied(steps)
            state.endFlush(&wake)
        }
        do {
            try await positions.save(set)
        } catch {
            throw error.inCall("save", of: "offset store")
        }
    }

    /// Tells the source what is committed. A failure is no failure of the data: it is told again later.
    ///
    /// - Returns: whether there is any use in going on.
    private func report(_ set: CommitSet) async -> Bool {
        handOver.step { state, _ in state.commitStage = .reporting }
        do {
            if !set.acknowledgements.isEmpty, let source = source as? any AcknowledgingSource {
                try await source.acknowledge(set.acknowledgements)
            }
            if let source = source as? any CommittingSource, let newest = positions.unreported(adding: set.positions) {
                try await source.commit(newest)
                positions.noteReported(newest)
            }
        } catch {
            context.emit(
                ConnectorEvent(
                    .warning,
                    "the source could not take note of a commit; it is told again later",
                    error: error
                )
            )
            guard !set.acknowledgements.isEmpty else {
                handOver.step { $0.endCommit(set, &$1) }
                return true
            }
            return handOver.step { state, wake in
                state.abandonCommit(set, &wake)
                return !state.hasSinkEnded
            }
        }
        handOver.step { $0.endCommit(set, &$1) }
        return true
    }
}
