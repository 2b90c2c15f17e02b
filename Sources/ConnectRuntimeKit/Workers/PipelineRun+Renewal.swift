// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PipelineRun {
    /// Does something while the claims are prolonged.
    func renewing(
        _ keeper: PositionKeeper,
        _ claims: RunClaims,
        _ body: () async throws -> Void
    ) async throws {
        // Claims of single partitions may come later.
        guard keeper.lease != nil || !claims.holdsConnector else { return try await body() }
        let renewal = LeaseRenewal(
            keeper,
            holdsConnector: claims.holdsConnector,
            pipeline.clock,
            retrier,
            onLoss: { [self] error in
                let handOver = state.withLock { state in
                    state.lostClaim = state.lostClaim ?? error
                    return state.handOver
                }
                handOver?.fail(error, sinkIsUsable: false)
                // Also a start that waits has to end: somebody else has what it would open.
                stop.request()
            }
        )
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await renewal.run() }
                defer { group.cancelAll() }
                try await body()
            }
        } catch {
            throw lossOrFailure ?? error
        }
    }

    /// What came first where a claim was lost: the loss, or what the delivery failed with before.
    private var lossOrFailure: (any Error)? {
        let (lost, handOver) = state.withLock { ($0.lostClaim, $0.handOver) }
        guard let lost else { return nil }
        return handOver?.step { state, _ in state.firstError } ?? lost
    }
}
