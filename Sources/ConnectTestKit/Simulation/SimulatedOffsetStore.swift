// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The simulated offset store as one process sees it.
struct SimulatedOffsetStore: OffsetStore {
    let process: SimulatedProcess

    private var number: Int { process.number }
    /// Long enough for a renewal of every partition in a world where each call is slow.
    private var lease: Duration? {
        guard process.world.plan.seed % 3 == 0 else { return nil }
        return process.world.plan.latency == .slow ? .seconds(30) : .seconds(2)
    }

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        try await process.perform(.claim) { state, _ in state.claim(number, request, lease: lease) }
    }

    func renew(_ claim: ClaimToken) async throws {
        try await process.perform(.renew) { state, _ in try state.checkOwner(number, claim) }
    }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await process.perform(.save) { state, _ in
            let saved = try state.save(number, changes, claim)
            state.note(number, .saved(saved))
        }
    }

    func release(_ claim: ClaimToken) async throws {
        try await process.perform(.release) { state, _ in state.release(number, claim) }
    }
}
