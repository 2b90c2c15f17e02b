// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Prolongs the claims of a run in good time; losing one ends the run.
struct LeaseRenewal: Sendable {
    let keeper: PositionKeeper
    let holdsConnector: Bool
    let handOver: HandOver
    let retrier: Retrier

    /// How often to look for a lease while there is none.
    private static let lookAgain = Duration.seconds(3)
    /// Into how many parts a lease is cut, to be prolonged after the first third, and tried again after each part.
    private static let parts = 12

    func run() async {
        do {
            while true {
                try await handOver.clock.sleep(for: (keeper.lease ?? Self.lookAgain) / 3)
                try await renew()
            }
        } catch is CancellationError {
        } catch {
            handOver.fail(error.inCall("renewal", of: "offset store"), sinkIsUsable: false)
        }
    }

    /// Tries again what may pass, until nothing is left of the lease but its last part.
    private func renew() async throws {
        var attempt = 0
        while true {
            do {
                return try await retrier.calls.noting("renewal", of: "offset store") {
                    try await keeper.renew(holdsConnector: holdsConnector)
                }
            } catch {
                let error = error.inCall("renewal", of: "offset store")
                attempt += 1
                let isLastPart = attempt >= Self.parts * 2 / 3
                guard error.isPassing, !isLastPart, let lease = keeper.lease else { throw error }
                let delay = lease / Self.parts
                retrier.tellRetry("renewal", of: "offset store", after: error, attempt: attempt, delay: delay)
                try await handOver.clock.sleep(for: delay)
            }
        }
    }
}
