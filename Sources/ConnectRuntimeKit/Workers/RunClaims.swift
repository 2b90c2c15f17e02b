// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What one run of a pipeline claims in its offset store.
struct RunClaims: Sendable {
    private let store: (any OffsetStore)?
    private let scope: ClaimScope
    private let storesPositions: Bool
    private let policy: ClaimPolicy
    /// Whether the connector as a whole is claimed, and not each partition for itself.
    let holdsConnector: Bool
    /// Whether other members of a group work beside the run, and may take partitions over from it.
    let isShared: Bool

    init(_ pipeline: Pipeline, source: SourceTraits, sinks: [any Sink]) throws {
        let keepsPositions = sinks.contains { $0 is any PositionKeepingSink }
        guard source.positions != .offsetStore || pipeline.store != nil || keepsPositions else {
            throw ConnectorError(
                .invalidConfiguration,
                "the source of the pipeline \"\(pipeline.name)\" needs an offset store: pass `offsets:`, for example a "
                    + "FileOffsetStore, or an InMemoryOffsetStore if a restart may begin from the beginning"
            )
        }
        storesPositions = source.positions == .offsetStore
        holdsConnector = !(source.hasDynamicPartitions && storesPositions)
        isShared = source.hasDynamicPartitions && (pipeline.store == nil || !holdsConnector)
        guard holdsConnector || !sinks.contains(where: { $0 is any CheckpointingSink }) else {
            throw ConnectorError(
                .invalidConfiguration,
                "the sink keeps one checkpoint for all partitions, but those of the source are claimed one by one; "
                    + "use a source whose positions the upstream keeps, or a sink without checkpoints"
            )
        }
        store = pipeline.store
        policy = pipeline.options.claim
        scope = ClaimScope(connector: pipeline.name)
    }

    /// - Parameter policy: what is done where there is an owner; `nil` for what the options say.
    func claim(by policy: ClaimPolicy? = nil, _ retrier: Retrier) async throws -> OffsetClaim {
        guard let store, holdsConnector else {
            return OffsetClaim(token: ClaimToken(scope: scope, epoch: Epoch(1)))
        }
        return try await retrier.claim(scope, in: store, by: policy ?? self.policy)
    }

    func save(_ changes: OffsetChanges, _ token: ClaimToken) async throws {
        if holdsConnector { try await store?.save(changes, under: token) }
    }

    func release(_ token: ClaimToken) async throws {
        if holdsConnector { try await store?.release(token) }
    }

    func keeper(_ claim: OffsetClaim, _ retrier: Retrier) -> PositionKeeper {
        PositionKeeper(
            store: store,
            claim: claim.token,
            lease: claim.lease,
            storesPositions: storesPositions,
            policy: policy,
            retrier: retrier
        )
    }
}
