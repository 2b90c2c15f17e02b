// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Keeps positions in a Redis server, so that processes on several machines are an active and its standbys.
///
/// A claim is a lease with an epoch. It ends when it is released, and when the lease is over by the server's clock: the owner
/// died, froze, or was cut off. An owner that comes back later finds a higher epoch and is fenced: each save looks at the epoch
/// in the step that stores the positions.
///
/// What is saved is as durable as the server makes it: see the package's README before positions are kept in a server that
/// may forget.
public final class RedisOffsetStore: OffsetStore {
    private let session: OffsetSession
    private let options: RedisOffsetStoreOptions

    /// A store in a server. Connects with the first claim, and closes the connection with the last release.
    public init(_ address: RedisAddress, options: RedisOffsetStoreOptions = RedisOffsetStoreOptions()) {
        self.options = options
        session = OffsetSession(address, options)
    }

    /// Takes ownership of a scope and returns what is stored there.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `retryable` when the scope is owned, with the owner's host and process;
    ///   `notConnected`; `invalidConfiguration` where a right is missing; `corruptOffsets` when something cannot be read.
    ///   `CancellationError` when cancelled while it waits.
    public func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        try await session.using {
            while true {
                switch try await self.session.claim(request) {
                case .granted(let claim): return claim
                case .owned(let words):
                    guard request.policy == .wait else { throw Self.owned(request, words) }
                }
                try await Task.sleep(for: self.options.standbyInterval)
            }
        }
    }

    /// Prolongs the lease of a claim.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `fenced` when somebody has taken over; `notConnected`.
    public func renew(_ claim: ClaimToken) async throws {
        try await session.using { try await self.session.renew(claim) }
    }

    /// Stores a set of changes in one step, which also prolongs the lease.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `fenced` when somebody has taken over; `fatal` when a claim of one
    ///   partition is used for another; `notConnected`, after which the changes may be stored or not.
    public func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        if let own = claim.scope.partition {
            let named = changes.positions.map(\.position.partition) + changes.removed
            if let foreign = named.first(where: { $0 != own }) {
                throw ConnectorError(
                    .fatal,
                    "the claim of \(own) of \(claim.scope.connector) cannot store a position of \(foreign); claim that "
                        + "partition, or the whole connector"
                )
            }
        }
        try await session.using { try await self.session.save(changes, under: claim) }
    }

    /// Gives the ownership back; with an outdated claim, nothing happens.
    public func release(_ claim: ClaimToken) async throws {
        try await session.using { try await self.session.release(claim) }
    }

    private static func owned(_ request: ClaimRequest, _ words: String) -> ConnectorError {
        ConnectorError(
            .retryable,
            "the offsets of \(request.scope) are owned: \(words); stop the pipeline that owns them, give this one another "
                + "name, or let it wait as a standby"
        )
    }
}
