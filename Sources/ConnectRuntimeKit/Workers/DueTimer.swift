// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Waits for the instants at which puts are due: to be tried again, or not to wait for more records any longer.
struct DueTimer: Sendable {
    let handOver: HandOver

    @concurrent
    func run() async {
        await withDiscardingTaskGroup { group in
            while true {
                switch handOver.step({ $0.dueStep(&$1) }) {
                case .end:
                    group.cancelAll()
                    return
                case .arm(let due):
                    group.addTask {
                        try? await handOver.clock.sleep(until: due)
                        handOver.step { $0.noteDue(due, &$1) }
                    }
                case .park:
                    await handOver.park(\.parkedDueTimer) { state, wake in
                        if case .park = state.dueStep(&wake) { return false }
                        state.armedDue = nil
                        return true
                    }
                }
            }
        }
    }
}
