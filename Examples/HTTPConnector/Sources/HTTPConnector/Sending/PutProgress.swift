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
        /// The records that were on their way when their connection was lost.
        var suspects: [Int] = []
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

    /// Notes why nothing more is to be sent, and what it happened to; the first reason counts.
    func halt(_ halt: SinkHalt, at indices: [Int]) {
        state.withLock { state in
            state.halt = state.halt ?? halt
            if halt.isOnTheWay { state.suspects += indices }
        }
    }

    /// What the put comes to.
    ///
    /// - Returns: the verdicts, and what the next put has to be told, unless the gate tells it.
    /// - Throws: why nothing could be sent, where nothing was settled.
    func result() throws(ConnectorError) -> (PutResult, left: ConnectorError?) {
        var state = state.withLock { $0 }
        if let halt = state.halt, state.settled == 0 { throw halt.error }
        if let halt = state.halt, halt.isOnTheWay, state.delivered > 0 {
            // The target takes others: it may be the record that breaks the connection, which must not go on for ever.
            for index in state.suspects { state.verdicts[index] = .retry(halt.error) }
            state.halt = nil
        }
        let left = state.halt.flatMap { $0.error.retryAfter == nil ? $0.error : nil }
        guard state.delivered < state.verdicts.count else { return (.delivered, left) }
        var exceptions: [Int: RecordVerdict] = [:]
        for (index, verdict) in state.verdicts.enumerated() { exceptions[index] = verdict ?? .notTried }
        return (.verdicts(exceptions), left)
    }
}
