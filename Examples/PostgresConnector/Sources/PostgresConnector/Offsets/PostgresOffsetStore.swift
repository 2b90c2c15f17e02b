// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Keeps positions in tables of a PostgreSQL database, so that processes on several machines are an active and its standbys.
///
/// A claim is a lease with an epoch. It ends when it is released; within ``PostgresOffsetStoreOptions/standbyInterval`` when
/// the owner's connection does (the process died); and when the lease is over, by the server's clock (the process froze,
/// or the network is cut). An owner that comes back later finds a higher epoch and is fenced: each save checks the epoch in
/// the statement that stores the positions.
///
/// While a process owns something, or waits to, the store has one connection, in which no transaction stays open. After it
/// broke, the next call makes a new one, and the claims go on in that unless somebody has taken over.
///
/// The server's session pooling has to be by session: a pooler that gives each transaction another session makes owners
/// look dead.
public final class PostgresOffsetStore: OffsetStore {
    private let session: OffsetSession
    private let options: PostgresOffsetStoreOptions

    /// A store in a database. Connects with the first claim.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for a connection string that cannot be
    ///   read.
    public init(_ address: PostgresAddress, options: PostgresOffsetStoreOptions = PostgresOffsetStoreOptions()) throws {
        self.options = options
        session = OffsetSession(options, try address.target())
    }

    /// Takes ownership of a scope and returns what is stored there.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `retryable` when the scope is owned, with the owner's host and process;
    ///   `notConnected`; `throttled` where a lock or a time limit was in the way; `invalidConfiguration` where tables or
    ///   rights are missing; `corruptOffsets` when a row cannot be read. `CancellationError` when cancelled while it waits.
    public func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        await session.keepOpen()
        do {
            let claim = try await granted(request)
            await session.endKeeping()
            return claim
        } catch {
            await session.endKeeping()
            throw error
        }
    }

    private func granted(_ request: ClaimRequest) async throws -> OffsetClaim {
        while true {
            do {
                return try await session.claim(request)
            } catch let owner as OffsetSession.Owner {
                guard request.policy == .wait else { throw owner.error(for: request) }
            }
            try await Task.sleep(for: options.standbyInterval)
        }
    }

    /// Prolongs the lease of a claim.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `fenced` when somebody has taken over; `notConnected`.
    public func renew(_ claim: ClaimToken) async throws {
        try await session.renew(claim)
    }

    /// Stores a set of changes in one statement, which also prolongs the lease.
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
        try await session.save(changes, under: claim)
    }

    /// Gives the ownership back; with an outdated claim, nothing happens. With the last one the connection is closed.
    public func release(_ claim: ClaimToken) async throws {
        try await session.release(claim)
    }
}

extension OffsetSession.Owner {
    fileprivate func error(for request: ClaimRequest) -> ConnectorError {
        ConnectorError(
            .retryable,
            "the offsets of \(request.scope) are owned: \(words); stop the pipeline that owns them, give this one another "
                + "name, or let it wait as a standby"
        )
    }
}
