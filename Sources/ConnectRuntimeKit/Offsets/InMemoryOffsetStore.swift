// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Keeps positions as long as the process lives: for tests, and for sources that begin at the same place every time.
///
/// It fences owners as a durable store does. Several pipelines can share one.
public final class InMemoryOffsetStore: OffsetStore {
    private struct State {
        var table = OffsetTable()
        var claims = ClaimTable()
    }

    private let state = Lock(State())
    private let released = ChangeSignal()
    let takeovers = ChangeSignal()

    /// A store without positions.
    public init() {}

    /// Takes ownership of a scope and returns what is stored there.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `retryable` when the scope is owned and the policy is to
    ///   fail; `CancellationError` when cancelled while it waits.
    public func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        while true {
            let seen = released.count
            do throws(OwnedScope) {
                let claim = try take(request)
                if request.policy == .takeOver {
                    takeovers.notify()
                    // What the former owner had besides is free.
                    released.notify()
                }
                return claim
            } catch {
                guard request.policy == .wait else { throw error.error(for: request) }
            }
            try await released.wait(beyond: seen)
        }
    }

    private func take(_ request: ClaimRequest) throws(OwnedScope) -> OffsetClaim {
        try state.withLock { state throws(OwnedScope) in
            let token = try state.claims.claim(request).get()
            state.table.apply(.epoch(connector: token.scope.connector, token.epoch.number))
            return state.table.claim(token)
        }
    }

    /// Checks that the claim is not outdated; there is no lease.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `fenced` when it is.
    public func renew(_ claim: ClaimToken) async throws {
        try state.withLock { state throws(ConnectorError) in try state.claims.check(claim) }
    }

    /// Stores a set of changes atomically.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `fenced` when the claim is outdated, and `fatal` when a
    ///   claim of one partition is used for another.
    public func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try state.withLock { state throws(ConnectorError) in
            try state.claims.check(changes, under: claim)
            state.table.apply(.changes(claim.scope, changes))
        }
    }

    /// Gives the ownership back; with an outdated claim, nothing happens.
    public func release(_ claim: ClaimToken) async throws {
        if state.withLock({ $0.claims.release(claim) }) { released.notify() }
    }
}

extension InMemoryOffsetStore: TakeoverReporting {}
