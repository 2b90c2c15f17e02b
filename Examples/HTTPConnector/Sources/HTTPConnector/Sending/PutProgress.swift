// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// What has become of the records of one put so far.
final class PutProgress: Sendable {
    private struct State {
        /// By the index of the record; a record without one was not tried.
        var verdicts: [RecordVerdict?]
        var delivered = 0
        var settled = 0
        var halt: SinkHalt?
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(verdicts: Array(repeating: nil, count: count))) }

    /// Whether nothing more is to be sent.
    var isHalted: Bool { state.withLock { $0.halt != nil } }

    func noteDelivered(_ index: Int) {
        note(index, .delivered)
        state.withLock { $0.delivered += 1 }
    }

    func note(_ index: Int, _ verdict: RecordVerdict) {
        state.withLock { state in
            state.verdicts[index] = verdict
            state.settled += 1
        }
    }

    /// Notes why nothing more is to be sent; the first reason counts.
    func halt(_ halt: SinkHalt) {
        state.withLock { $0.halt = $0.halt ?? halt }
    }

    /// What the put comes to.
    ///
    /// - Returns: the verdicts, and what the next put has to be told.
    /// - Throws: why nothing could be sent, where nothing was settled.
    func result() throws(ConnectorError) -> (PutResult, left: ConnectorError?) {
        let state = state.withLock { $0 }
        if let halt = state.halt, state.settled == 0 { throw halt.error }
        guard state.delivered < state.verdicts.count else { return (.delivered, state.halt?.error) }
        var exceptions: [Int: RecordVerdict] = [:]
        for (index, verdict) in state.verdicts.enumerated() { exceptions[index] = verdict ?? .notTried }
        return (.verdicts(exceptions), state.halt?.error)
    }
}
