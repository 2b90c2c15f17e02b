// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A pipeline's dealings with its offset store: the claims it holds, and what it has to tell the source.
final class PositionKeeper: Sendable {
    private struct State: Sendable {
        var partitionClaims: [RecordPartition: ClaimToken] = [:]
        /// Claims that are given up, and of which the store was not told yet.
        var forgotten: [ClaimToken] = []
        /// Committed positions that the source has not taken note of.
        var unreported: [RecordPartition: RecordPosition] = [:]
        /// The shortest lease of a claim that is held.
        var lease: Duration?
        /// Whether the run gives back all it has: nobody would give back what is claimed from then on.
        var isClosed = false
    }

    private let store: (any OffsetStore)?
    private let claim: ClaimToken
    /// Whether positions go into the store; checkpoints of the sink do in any case.
    private let storesPositions: Bool
    /// What is done where a partition that is assigned has an owner.
    private let policy: ClaimPolicy
    private let retrier: Retrier
    private let state: Lock<State>

    init(
        store: (any OffsetStore)?,
        claim: ClaimToken,
        lease: Duration?,
        storesPositions: Bool,
        policy: ClaimPolicy,
        retrier: Retrier
    ) {
        self.policy = policy
        self.retrier = retrier
        state = Lock(State(lease: lease))
        self.store = store
        self.claim = claim
        self.storesPositions = storesPositions
    }

    /// Stores what a commit makes durable, each claim's part of it atomically.
    ///
    /// - Parameter claims: the claims of partitions at the time of the commit. A partition that went and came again
    ///   meanwhile has another one, and belongs to others in between.
    func save(_ set: CommitSet, under claims: [RecordPartition: ClaimToken]) async throws {
        guard let store else { return }
        guard !claims.isEmpty else {
            let positions = storesPositions ? set.positions : []
            guard !positions.isEmpty || !set.checkpoints.isEmpty else { return }
            return try await store.save(OffsetChanges(positions: positions, checkpoints: set.checkpoints), under: claim)
        }
        // In the order of the set, so that a run can be repeated.
        var tokens: [ClaimToken] = []
        var changes: [ClaimToken: OffsetChanges] = [:]
        if storesPositions {
            for position in set.positions {
                let token = claims[position.position.partition] ?? claim
                if changes[token] == nil { tokens.append(token) }
                changes[token, default: OffsetChanges()].positions.append(position)
            }
        }
        if !set.checkpoints.isEmpty {
            if changes[claim] == nil { tokens.append(claim) }
            changes[claim, default: OffsetChanges()].checkpoints = set.checkpoints
        }
        for token in tokens {
            do {
                try await store.save(changes[token] ?? OffsetChanges(), under: token)
            } catch let error as ConnectorError where error.code == .fenced && isGone(token) {
                // Whoever has the partition now goes on from what was saved before.
            }
        }
    }

    /// Whether a claim of a partition is not held any more.
    private func isGone(_ token: ClaimToken) -> Bool {
        token != claim && !state.withLock { $0.partitionClaims.values.contains(token) }
    }

    /// The claims of single partitions that are held at present.
    var partitionClaims: [RecordPartition: ClaimToken] { state.withLock(\.partitionClaims) }

    // MARK: Telling the source

    /// The newest position of each partition that the source has not taken note of, or `nil` if there is none.
    ///
    /// A single one that is told at once is not kept: where that fails, it is noted then.
    func unreported(adding newest: [StoredPosition]) -> [RecordPosition]? {
        state.withLock { state in
            guard newest.count != 1 || !state.unreported.isEmpty else { return newest.map(\.position) }
            for position in newest { state.unreported[position.position.partition] = position.position }
            return state.unreported.isEmpty ? nil : state.unreported.values.sorted { $0.partition < $1.partition }
        }
    }

    func noteUnreported(_ positions: [StoredPosition]) {
        state.withLock { state in
            for position in positions { state.unreported[position.position.partition] = position.position }
        }
    }

    func noteReported(_ positions: [RecordPosition]) {
        state.withLock { state in
            guard !state.unreported.isEmpty else { return }
            for position in positions where state.unreported[position.partition] == position {
                state.unreported[position.partition] = nil
            }
            // Not its room either: there may have been many.
            if state.unreported.isEmpty { state.unreported = [:] }
        }
    }

    // MARK: Partitions that come and go

    /// Claims partitions one by one, all or none of them; what is stored for them.
    func claim(_ partitions: [RecordPartition]) async throws -> [StoredPosition] {
        guard let store, storesPositions else { return [] }
        // A claim of its own that is left of them would be in the way.
        forget(partitions)
        if state.withLock({ !$0.forgotten.isEmpty }) {
            try await retrier.run("release", of: "offset store") { try await releaseForgotten() }
        }
        var claimed: [RecordPartition] = []
        do {
            return try await claim(partitions, in: store, &claimed)
        } catch {
            try? await release(claimed)
            throw error
        }
    }

    private func claim(
        _ partitions: [RecordPartition],
        in store: any OffsetStore,
        _ claimed: inout [RecordPartition]
    ) async throws -> [StoredPosition] {
        var found: [StoredPosition] = []
        for partition in partitions {
            let scope = ClaimScope(connector: claim.scope.connector, partition: partition)
            let granted = try await retrier.claim(scope, in: store, by: policy)
            guard hold(granted, of: partition) else {
                throw ConnectorError(.cancelled, "the run ended while \(partition) was being claimed for it")
            }
            claimed.append(partition)
            found += granted.positions
        }
        return found
    }

    /// Whether the run goes on; where it does not, the claim is kept for the last release.
    private func hold(_ granted: OffsetClaim, of partition: RecordPartition) -> Bool {
        state.withLock { state in
            guard !state.isClosed else {
                state.forgotten.append(granted.token)
                return false
            }
            state.partitionClaims[partition] = granted.token
            if let lease = granted.lease { state.lease = min(lease, state.lease ?? lease) }
            return true
        }
    }

    /// Gives claims back, and those that were forgotten before.
    func release(_ partitions: [RecordPartition]) async throws {
        forget(partitions)
        try await releaseForgotten()
    }

    /// Gives back every claim of a partition.
    func releaseAll() async throws { try await release(heldPartitions) }

    /// From now on no partition can be claimed: the run is about to give back what it has.
    func close() { state.withLock { $0.isClosed = true } }

    /// Drops claims that are gone anyway. To the store they are owned until it is told, which is done later.
    func forget(_ partitions: [RecordPartition]) {
        state.withLock { state in
            for partition in partitions {
                state.unreported[partition] = nil
                if let token = state.partitionClaims.removeValue(forKey: partition) { state.forgotten.append(token) }
            }
        }
    }

    /// Releases what was forgotten; a claim for which that fails keeps its place, and the others are released all the same.
    private func releaseForgotten() async throws {
        var failure: (any Error)?
        for token in state.withLock(\.forgotten) {
            do {
                try await store?.release(token)
                state.withLock { state in state.forgotten.removeAll { $0 == token } }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private var heldPartitions: [RecordPartition] { state.withLock { $0.partitionClaims.keys.sorted(by: <) } }

    /// Whether the store has a claim of a partition for this run.
    var hasPartitionClaims: Bool { state.withLock { !$0.partitionClaims.isEmpty || !$0.forgotten.isEmpty } }

    /// Where the store can tell that the claim of the connector is taken over: what waits for it.
    func takeoverWatch(_ handOver: HandOver) -> TakeoverWatch? {
        (store as? any TakeoverReporting).map { TakeoverWatch(store: $0, claim: claim, handOver: handOver) }
    }

    /// How long a claim lasts without being renewed, or `nil` where all of them last as long as the process.
    var lease: Duration? { state.withLock(\.lease) }

    /// Prolongs every claim.
    func renew(holdsConnector: Bool) async throws {
        guard let store else { return }
        // Others may be waiting for what was lost. Where this fails, it is tried again the next time.
        try? await releaseForgotten()
        if holdsConnector { try await store.renew(claim) }
        for partition in heldPartitions {
            guard let token = state.withLock({ $0.partitionClaims[partition] }) else { continue }
            do {
                try await store.renew(token)
            } catch let error as ConnectorError where error.code == .fenced && isGone(token) {
                // It was given back meanwhile.
            }
        }
    }
}
