// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Waits for the instants at which puts are due: to be tried again, or not to wait for more records any longer.
struct DueTimer: Sendable {
    let handOver: HandOver

    @concurrent
    func run() async {
        // Most pipelines never have anything to wait for: a group of tasks is made when there is.
        guard let first = await nextDue() else { return }
        await withDiscardingTaskGroup { group in
            var next = Optional(first)
            while let due = next {
                group.addTask {
                    try? await handOver.clock.sleep(until: due)
                    handOver.step { $0.noteDue(due, &$1) }
                }
                next = await nextDue()
            }
            group.cancelAll()
        }
    }

    /// The next instant to wait for, beside those that are waited for already; `nil` when there will be none.
    private func nextDue() async -> ConnectorClock.Instant? {
        while true {
            switch handOver.step({ $0.dueStep(&$1) }) {
            case .end:
                return nil
            case .arm(let due):
                return due
            case .park:
                await handOver.park(\.parkedDueTimer) { state, wake in
                    switch state.dueStep(&wake) {
                    case .park: return false
                    // It is armed by the step that comes next.
                    case .arm: state.armedDues.removeLast()
                    case .end: break
                    }
                    return true
                }
            }
        }
    }
}
