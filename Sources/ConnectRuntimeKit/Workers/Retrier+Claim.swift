// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension Retrier {
    /// Claims a scope by a policy, through outages of the store.
    ///
    /// `retryable` is not tried again: it says that the scope is owned, and then the policy has decided.
    ///
    /// - Throws: the newest error of the store; `cancelled` when the wait for an owner was.
    func claim(_ scope: ClaimScope, in store: any OffsetStore, by policy: ClaimPolicy) async throws -> OffsetClaim {
        var failures = Failures()
        while true {
            do {
                return try await attempt(scope, store, policy)
            } catch {
                let error = error.inCall("claim", of: "offset store")
                guard error.code == .notConnected || error.code == .throttled else { throw error }
                try await pause(after: error, &failures, "claim", "offset store")
            }
        }
    }

    private func attempt(_ scope: ClaimScope, _ store: any OffsetStore, _ policy: ClaimPolicy) async throws
        -> OffsetClaim
    {
        // A standby tries before it waits, so that the operator hears whether it waits, and for whom.
        let first = policy == .wait ? ClaimPolicy.failIfOwned : policy
        do {
            return try await calls.noting("claim", of: "offset store") {
                try await store.claim(ClaimRequest(scope: scope, policy: first))
            }
        } catch let error as ConnectorError where error.code == .retryable && policy == .wait {
            events.send(.claimWaiting, .info, "waits for the offsets of \(scope) as a standby", error: error)
        }
        return try await calls.noting("claim", of: "offset store", isWaiting: true) {
            try await store.claim(ClaimRequest(scope: scope, policy: .wait))
        }
    }
}
