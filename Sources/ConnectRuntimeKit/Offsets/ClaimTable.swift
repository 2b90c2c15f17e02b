// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Who owns which scope at present, and the newest epoch of every connector.
///
/// A claim of a connector and a claim of one of its partitions exclude each other, as two claims of one scope do.
struct ClaimTable: Sendable {
    private var epochs: [String: UInt64]
    /// The owners by connector and partition; no connector without one.
    private var owners: [String: [RecordPartition?: Epoch]] = [:]

    /// Nobody owns anything yet; epochs go on from what is stored.
    init(epochs: [String: UInt64] = [:]) {
        self.epochs = epochs
    }

    init(_ table: OffsetTable) {
        self.init(epochs: table.connectors.mapValues(\.epoch))
    }

    /// Whether nobody owns anything.
    var isEmpty: Bool { owners.isEmpty }

    /// Gives a scope to a new owner; where it is owned, only if it is to be taken over.
    ///
    /// - Returns: the proof of ownership, or the token of the owner in the way.
    mutating func claim(_ request: ClaimRequest) -> Result<ClaimToken, OwnedScope> {
        let scope = request.scope.detached
        let rivals = rivals(of: scope)
        if let rival = rivals.first, request.policy != .takeOver { return .failure(OwnedScope(owner: rival)) }
        for rival in rivals { _ = release(rival) }
        let epoch = Epoch((epochs[scope.connector] ?? 0) + 1)
        epochs[scope.connector] = epoch.number
        owners[scope.connector, default: [:]][scope.partition] = epoch
        return .success(ClaimToken(scope: scope, epoch: epoch))
    }

    /// Makes sure that a token still is the proof of ownership.
    func check(_ token: ClaimToken) throws(ConnectorError) {
        if isOwned(token) { return }
        let newest = epochs[token.scope.connector] ?? 0
        let reason =
            newest > token.epoch.number
            ? "epoch \(newest) was claimed after it" : "it was released, or the store that gave it is closed"
        throw ConnectorError(
            .fenced,
            "the claim of the offsets of \(token.scope) with epoch \(token.epoch) is outdated: \(reason); claim them again"
        )
    }

    /// Makes sure that changes may be saved under a token: that it is not outdated, and that they are within its scope.
    func check(_ changes: OffsetChanges, under token: ClaimToken) throws(ConnectorError) {
        try check(token)
        guard let own = token.scope.partition else { return }
        let named = changes.positions.map(\.position.partition) + changes.removed
        guard let foreign = named.first(where: { $0 != own }) else { return }
        throw ConnectorError(
            .fatal,
            "the claim of \(own) of \(token.scope.connector) cannot store a position of \(foreign); "
                + "claim that partition, or the whole connector"
        )
    }

    /// Takes a scope back. With an outdated token there is nothing to take.
    ///
    /// - Returns: whether the scope has become free.
    mutating func release(_ token: ClaimToken) -> Bool {
        guard isOwned(token) else { return false }
        owners[token.scope.connector]?[token.scope.partition] = nil
        if owners[token.scope.connector]?.isEmpty == true { owners[token.scope.connector] = nil }
        return true
    }

    private func isOwned(_ token: ClaimToken) -> Bool {
        owners[token.scope.connector]?[token.scope.partition] == token.epoch
    }

    /// The owners that a claim of a scope would meet: with the whole connector, all of its owners.
    private func rivals(of scope: ClaimScope) -> [ClaimToken] {
        guard let owners = owners[scope.connector] else { return [] }
        let places = scope.partition == nil ? Array(owners.keys) : [nil, scope.partition]
        return places.compactMap { place in
            owners[place].map { ClaimToken(scope: ClaimScope(connector: scope.connector, partition: place), epoch: $0) }
        }
    }
}

/// A claim met an owner.
struct OwnedScope: Error, Sendable {
    let owner: ClaimToken

    func error(for request: ClaimRequest) -> ConnectorError {
        ConnectorError(
            .retryable,
            "the offsets of \(request.scope) are owned: epoch \(owner.epoch) claimed \(owner.scope); "
                + "stop the pipeline that owns them, or give this one another name"
        )
    }
}

extension ClaimScope {
    /// The scope with a partition of just its name, so that the store keeps nothing of the source alive.
    fileprivate var detached: ClaimScope {
        ClaimScope(connector: connector, partition: partition.map { RecordPartition($0.name) })
    }
}
