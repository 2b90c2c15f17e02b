// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Prolongs the claims of a run in good time, from the claim on: also a start may take longer than a lease.
struct LeaseRenewal: Sendable {
    let keeper: PositionKeeper
    let holdsConnector: Bool
    let clock: ConnectorClock
    let retrier: Retrier
    /// Ends the run, which has lost a claim.
    let onLoss: @Sendable (ConnectorError) -> Void

    /// How often to look for a lease while there is none.
    private static let lookAgain = Duration.seconds(3)
    /// Into how many parts a lease is cut, to be prolonged after the first third, and tried again after each part.
    private static let parts = 12

    func run() async {
        do {
            var prolonged = clock.now
            while true {
                try await clock.sleep(for: (keeper.lease ?? Self.lookAgain) / 3)
                prolonged = try await renew(after: prolonged)
            }
        } catch is CancellationError {
        } catch {
            onLoss(error.inCall("renewal", of: "offset store"))
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
