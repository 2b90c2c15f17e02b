// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization

/// One thing that is wrong with an offset store.
enum StoreFlaw: String, Sendable {
    case keepsOldest, forgetsOthers, noSequence, shortOffsets, foldsCase, losesManyPositions, ignoresRemove
    case oneCheckpoint, forgetsCheckpoints, losesConcurrent, cancelledSaveIsHalf, saveIgnoresCancellation
    case sameEpoch, alwaysGives, releaseOfOthers, releaseForgets, waitFails, waitIgnoresCancellation, cancelledWaitOwns
    case takeOverFails, savesWhenFenced, fencedSaveIsHalf, renewsAnything, partitionsIgnoreConnector, mixesConnectors
    case reopensEmpty, epochsRestart, emptySaveThrows, leaksDescriptor, waitSeesOldPositions
}

/// A store in memory, with at most one flaw.
final class FlawedOffsetStore: OffsetStore {
    private let base: InMemoryOffsetStore
    private let flaw: StoreFlaw?
    private let forever: Gate
    private let seen = Mutex<Set<RecordPartition>>([])
    private let saved = Mutex<OffsetChanges>(OffsetChanges())
    private let owners = Mutex<[ClaimScope: ClaimToken]>([:])
    /// The tokens of the store underneath, by those that were given out for them.
    private let issued = Mutex<[ClaimToken: ClaimToken]>([:])

    init(_ base: InMemoryOffsetStore, _ flaw: StoreFlaw?, forever: Gate) {
        self.base = base
        self.flaw = flaw
        self.forever = forever
    }

    private func scope(_ scope: ClaimScope) -> ClaimScope {
        switch flaw {
        case .mixesConnectors: ClaimScope(connector: "all", partition: scope.partition)
        case .foldsCase: ClaimScope(connector: scope.connector.lowercased(), partition: scope.partition)
        case .partitionsIgnoreConnector where scope.partition != nil:
            ClaimScope(connector: scope.connector + " of " + (scope.partition?.name ?? ""))
        default: scope
        }
    }

    private func real(_ token: ClaimToken) -> ClaimToken {
        issued.withLock { $0[token] } ?? token
    }

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        var policy = request.policy
        if flaw == .alwaysGives, policy == .failIfOwned { policy = .takeOver }
        if flaw == .waitFails, policy == .wait { policy = .failIfOwned }
        if flaw == .takeOverFails, policy == .takeOver { policy = .failIfOwned }
        if flaw == .cancelledWaitOwns, policy == .wait, Task.isCancelled {
            _ = try await base.claim(ClaimRequest(scope: request.scope, policy: .takeOver))
        }
        let old = flaw == .waitSeesOldPositions && policy == .wait ? saved.withLock(\.positions) : nil
        let asked = ClaimRequest(scope: scope(request.scope), policy: policy)
        let claim: OffsetClaim
        if flaw == .waitIgnoresCancellation, policy == .wait, Task.isCancelled {
            await forever.passIgnoringCancellation()
            throw CancellationError()
        } else {
            do {
                claim = try await base.claim(asked)
            } catch  where flaw == .waitIgnoresCancellation && error is CancellationError {
                await forever.passIgnoringCancellation()
                throw error
            }
        }
        owners.withLock { $0[request.scope] = claim.token }
        let epoch = flaw == .sameEpoch ? Epoch(1) : claim.token.epoch
        let token = ClaimToken(scope: request.scope, epoch: epoch)
        issued.withLock { $0[token] = claim.token }
        return OffsetClaim(
            token: token,
            positions: old ?? positions(claim.positions),
            checkpoints: flaw == .forgetsCheckpoints ? [:] : claim.checkpoints
        )
    }

    private func positions(_ positions: [StoredPosition]) -> [StoredPosition] {
        switch flaw {
        case .noSequence: positions.map { StoredPosition($0.position, sequence: min($0.sequence, 1 << 40)) }
        case .shortOffsets:
            positions.map { stored in
                guard let text = stored.position.offset.text, text.count > 255 else { return stored }
                var position = stored.position
                position.offset = RecordOffset(String(text.prefix(255)))
                return StoredPosition(position, sequence: stored.sequence)
            }
        case .losesManyPositions: Array(positions.prefix(500))
        default: positions
        }
    }

    func renew(_ claim: ClaimToken) async throws {
        if flaw == .renewsAnything { return }
        try await base.renew(real(claim))
    }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        if flaw == .saveIgnoresCancellation, Task.isCancelled { await forever.passIgnoringCancellation() }
        if flaw == .emptySaveThrows, changes.isEmpty { throw ConnectorError(.fatal, "nothing to save") }
        var changes = changes
        if flaw == .keepsOldest {
            changes.positions.removeAll { position in seen.withLock { $0.contains(position.position.partition) } }
            seen.withLock { $0.formUnion(changes.positions.map(\.position.partition)) }
        }
        if flaw == .forgetsOthers {
            let named = Set(changes.positions.map(\.position.partition))
            changes.removed += seen.withLock { $0.subtracting(named) }
            seen.withLock { $0.formUnion(named) }
        }
        if flaw == .ignoresRemove { changes.removed = [] }
        if flaw == .oneCheckpoint, let first = changes.checkpoints.min(by: { $0.key < $1.key }) {
            changes.checkpoints = [first.key: first.value]
        }
        if flaw == .cancelledSaveIsHalf, Task.isCancelled { changes.positions = Array(changes.positions.prefix(1)) }
        if flaw == .losesConcurrent {
            let before = saved.withLock { $0 }
            try await Task.sleep(for: .milliseconds(2))
            if saved.withLock({ $0 }) != before, claim.scope.connector.hasPrefix("connector") { return }
        }
        saved.withLock { $0 = changes }
        do {
            try await base.save(changes, under: real(claim))
        } catch let error as ConnectorError where error.code == .fenced {
            guard flaw == .savesWhenFenced || flaw == .fencedSaveIsHalf else { throw error }
            if let owner = owners.withLock({ $0[claim.scope] }) {
                let part = flaw == .savesWhenFenced ? changes : OffsetChanges(positions: changes.positions)
                try await base.save(part, under: owner)
            }
            if flaw == .fencedSaveIsHalf { throw error }
        }
    }

    func release(_ claim: ClaimToken) async throws {
        if flaw == .releaseOfOthers, let owner = owners.withLock({ $0[claim.scope] }) {
            return try await base.release(owner)
        }
        if flaw == .releaseForgets {
            let partitions = (0..<26).map { RecordPartition(String(UnicodeScalar(UInt8(97 + $0)))) }
            try? await base.save(OffsetChanges(removed: partitions), under: claim)
        }
        try await base.release(real(claim))
    }
}

extension StoreFlaw? {
    /// The subject of a store with this flaw.
    func subject() -> OffsetStoreSubject {
        let base = InMemoryOffsetStore()
        let upstream = ModelUpstream()
        var subject = OffsetStoreSubject { FlawedOffsetStore(base, self, forever: upstream.forever) }
        subject.reopen = {
            if self == .leaksDescriptor { upstream.openDescriptor() }
            let isEmpty = self == .reopensEmpty
            if self == .epochsRestart {
                let claim = try await base.claim(ClaimRequest(scope: ClaimScope(connector: "orders")))
                let fresh = InMemoryOffsetStore()
                let copy = try await fresh.claim(ClaimRequest(scope: ClaimScope(connector: "orders")))
                let all = OffsetChanges(positions: claim.positions, checkpoints: claim.checkpoints)
                try await fresh.save(all, under: copy.token)
                try await fresh.release(copy.token)
                try await base.release(claim.token)
                return RestartedStore(base: fresh)
            }
            return FlawedOffsetStore(isEmpty ? InMemoryOffsetStore() : base, self, forever: upstream.forever)
        }
        subject.close = { upstream.tidyUp() }
        return subject
    }
}

/// A store whose epochs begin anew when it is opened.
private struct RestartedStore: OffsetStore {
    let base: InMemoryOffsetStore

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        let claim = try await base.claim(request)
        return OffsetClaim(
            token: ClaimToken(scope: claim.token.scope, epoch: Epoch(1)),
            positions: claim.positions,
            checkpoints: claim.checkpoints
        )
    }

    private func real(_ token: ClaimToken) -> ClaimToken { ClaimToken(scope: token.scope, epoch: Epoch(2)) }
    func renew(_ claim: ClaimToken) async throws { try await base.renew(real(claim)) }
    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await base.save(changes, under: real(claim))
    }
    func release(_ claim: ClaimToken) async throws { try await base.release(real(claim)) }
}
