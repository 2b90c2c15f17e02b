// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Prolongs the claims of a run in good time, from the claim on: also a start may take longer than a lease.
final class LeaseRenewal: Sendable {
    private let keeper: PositionKeeper
    private let holdsConnector: Bool
    private let clock: ConnectorClock
    private let retrier: Retrier
    private let onLoss: @Sendable (ConnectorError) -> Void
    /// When the claims were prolonged last.
    private let prolonged: Lock<ConnectorClock.Instant>

    /// How often to look for a lease while there is none.
    private static let lookAgain = Duration.seconds(3)
    /// Into how many parts a lease is cut, to be prolonged after the first third, and tried again after each part.
    private static let parts = 12

    /// - Parameter onLoss: ends the run, which has lost a claim; may be told so more than once.
    init(
        _ keeper: PositionKeeper,
        holdsConnector: Bool,
        _ clock: ConnectorClock,
        _ retrier: Retrier,
        onLoss: @escaping @Sendable (ConnectorError) -> Void
    ) {
        self.keeper = keeper
        self.holdsConnector = holdsConnector
        self.clock = clock
        self.retrier = retrier
        self.onLoss = onLoss
        prolonged = Lock(clock.now)
    }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tellingLoss { try await self.prolong() } }
            group.addTask { await self.tellingLoss { try await self.watch() } }
            await group.next()
            group.cancelAll()
        }
    }

    /// Tells of a loss at once: a call of the store may hang for long after it.
    private func tellingLoss(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
        } catch {
            onLoss(error.inCall("renewal", of: "offset store"))
        }
    }

    private func prolong() async throws {
        while true {
            try await clock.sleep(for: (keeper.lease ?? Self.lookAgain) / 3)
            let start = try await renew(after: prolonged.withLock { $0 })
            prolonged.withLock { $0 = start }
        }
    }

    /// Gives the claims up where nothing has come back by the last part of the lease, as from a store that is cut off.
    private func watch() async throws {
        while true {
            guard let lease = keeper.lease else {
                try await clock.sleep(for: Self.lookAgain)
                continue
            }
            let part = lease / Self.parts
            let seen = prolonged.withLock { $0 }
            try await clock.sleep(until: seen.advanced(by: lease - part * 2))
            // A process that stood still for longer may own them yet, and asks once.
            try await clock.sleep(for: part)
            guard prolonged.withLock({ $0 }) == seen else { continue }
            throw ConnectorError(
                .notConnected,
                "the store did not answer within the lease of \(lease); the claims are given up, as somebody else may have them"
            )
        }
    }

    /// Tries again what may pass, until nothing is left of the lease but its last part.
    ///
    /// - Returns: when the claims were prolonged.
    private func renew(after prolonged: ConnectorClock.Instant) async throws -> ConnectorClock.Instant {
        var attempt = 0
        while true {
            let start = clock.now
            do {
                try await retrier.calls.noting("renewal", of: "offset store") {
                    try await keeper.renew(holdsConnector: holdsConnector)
                }
                return start
            } catch let error as CancellationError {
                throw error
            } catch {
                attempt += 1
                try await pause(after: error.inCall("renewal", of: "offset store"), attempt, prolonged)
            }
        }
    }

    private func pause(
        after error: ConnectorError,
        _ attempt: Int,
        _ prolonged: ConnectorClock.Instant
    ) async throws {
        guard error.isPassing, let lease = keeper.lease else { throw error }
        let delay = lease / Self.parts
        guard clock.now.since(prolonged) + delay < lease - delay else { throw error }
        retrier.tellRetry("renewal", of: "offset store", after: error, attempt: attempt, delay: delay)
        try await clock.sleep(for: delay)
    }
}
