// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// An offset store that fails, loses its answers, is full, tears or is fenced, as a script says: a wrapper around any
/// store.
public final class FaultyOffsetStore<Base: OffsetStore>: OffsetStore {
    /// The store that is called unless something goes wrong.
    public let base: Base
    private let script: FaultScript
    private let clock: ConnectorClock
    private let tear = Mutex<(any Error)?>(nil)

    /// A store whose calls go wrong as the script says.
    ///
    /// - Parameters:
    ///   - base: the store that is called unless something goes wrong.
    ///   - script: what goes wrong.
    ///   - clock: the time by which calls wait.
    public init(_ base: Base, _ script: FaultScript, clock: ConnectorClock = .continuous) {
        self.base = base
        self.script = script
        self.clock = clock
    }

    public func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        try await script.perform(.claim, clock) {
            tear.withLock { $0 = nil }
            return try await base.claim(request)
        }
    }

    public func renew(_ claim: ClaimToken) async throws {
        try await script.perform(.renew, clock) {
            try checkWhole()
            try await base.renew(claim)
        }
    }

    public func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try checkWhole()
        let fault = script.next(.save)
        if case .tears(_, let error) = fault?.kind { tear.withLock { $0 = error } }
        try await script.perform(fault, clock) { try await base.save(changes, under: claim) }
    }

    public func release(_ claim: ClaimToken) async throws {
        try await script.perform(.release, clock) { try await base.release(claim) }
    }

    private func checkWhole() throws {
        if let error = tear.withLock({ $0 }) { throw error }
    }
}
