// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A store of this process that knows at once when a claim is taken over, so that an owner with nothing to save hears of it.
protocol TakeoverReporting: OffsetStore {
    /// Counts the takeovers.
    var takeovers: ChangeSignal { get }
}

/// Ends a run whose claim is taken over, in a store that can tell.
struct TakeoverWatch: Sendable {
    let store: any TakeoverReporting
    let claim: ClaimToken
    let handOver: HandOver

    func run() async {
        do {
            while true {
                let seen = store.takeovers.count
                try await store.renew(claim)
                try await store.takeovers.wait(beyond: seen)
            }
        } catch let error as ConnectorError where error.code == .fenced {
            handOver.fail(error, sinkIsUsable: false)
        } catch {
            // Whatever else is wrong with the store shows at the next commit.
        }
    }
}
