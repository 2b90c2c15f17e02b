// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A pipeline's dealings with its offset store: the claims it holds, and what it has to tell the source.
final class PositionKeeper: Sendable {
    private struct State: Sendable {
        var partitionClaims: [RecordPartition: ClaimToken] = [:]
        /// Committed positions that the source has not taken note of.
        var unreported: [RecordPartition: RecordPosition] = [:]
        /// The shortest lease of a claim that is held.
        var lease: Duration?
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
            state.withLock { state in
                state.partitionClaims[partition] = granted.token
                if let lease = granted.lease { state.lease = min(lease, state.lease ?? lease) }
            }
            claimed.append(partition)
            found += granted.positions
        }
        return found
    }

    /// Gives claims back.
    func release(_ partitions: [RecordPartition]) async throws {
        for token in forget(partitions) { try await store?.release(token) }
    }

    /// Drops claims that are gone anyway; what is left to do is to release them.
    @discardableResult
    func forget(_ partitions: [RecordPartition]) -> [ClaimToken] {
        state.withLock { state in
            partitions.compactMap { partition in
                state.unreported[partition] = nil
                return state.partitionClaims.removeValue(forKey: partition)
            }
        }
    }

    /// The claims of partitions that are still held.
    var heldPartitions: [RecordPartition] { state.withLock { $0.partitionClaims.keys.sorted(by: <) } }

    /// Where the store can tell that the claim of the connector is taken over: what waits for it.
    func takeoverWatch(_ handOver: HandOver) -> TakeoverWatch? {
        (store as? any TakeoverReporting).map { TakeoverWatch(store: $0, claim: claim, handOver: handOver) }
    }

    /// How long a claim lasts without being renewed, or `nil` where all of them last as long as the process.
    var lease: Duration? { state.withLock(\.lease) }

    /// Prolongs every claim.
    func renew(holdsConnector: Bool) async throws {
        guard let store else { return }
        if holdsConnector { try await store.renew(claim) }
        for partition in heldPartitions {
            guard let token = state.withLock({ $0.partitionClaims[partition] }) else { continue }
            try await store.renew(token)
        }
    }
}
