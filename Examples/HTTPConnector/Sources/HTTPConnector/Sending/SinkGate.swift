// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Whether a sink may send at present. It is the same for all its puts.
final class SinkGate: Sendable {
    fileprivate struct State {
        /// Before this instant nothing is sent.
        var closedUntil: ConnectorClock.Instant?
        var reason: ConnectorError?
        /// Is told to the next put, because the one that met it had something else to tell.
        var pending: ConnectorError?
        /// Nothing is sent ever again.
        var final: ConnectorError?
    }

    private let state = Mutex(State())

    /// Why a put cannot begin.
    func admission(at now: ConnectorClock.Instant) -> ConnectorError? {
        state.withLock { state in
            if let error = state.final ?? state.pending.take() { return error }
            return state.obstacle(at: now)
        }
    }

    /// Why nothing can be sent at present.
    func obstacle(at now: ConnectorClock.Instant) -> ConnectorError? {
        state.withLock { $0.final ?? $0.obstacle(at: now) }
    }

    /// Keeps all puts from sending, where the reason concerns all of them.
    func close(_ halt: SinkHalt, at now: ConnectorClock.Instant) {
        state.withLock { state in
            switch halt.span {
            case .once: break
            case .forever: state.final = state.final ?? halt.error
            case .atLeast(let wait):
                let until = now.advanced(by: wait)
                guard until > state.closedUntil ?? now else { return }
                state.closedUntil = until
                state.reason = halt.error
            }
        }
    }

    /// Has the next put begin with an error instead of a request.
    func leave(_ error: ConnectorError) {
        state.withLock { $0.pending = error }
    }
}

extension SinkGate.State {
    fileprivate mutating func obstacle(at now: ConnectorClock.Instant) -> ConnectorError? {
        guard let until = closedUntil else { return nil }
        guard now < until else {
            closedUntil = nil
            return nil
        }
        var error = reason ?? ConnectorError(.throttled, "the target asks for patience")
        error.retryAfter = until.since(now)
        return error
    }
}
