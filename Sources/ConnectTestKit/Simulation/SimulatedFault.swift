// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The calls that a pipeline makes into the outside world.
package enum SimulatedCall: String, Sendable, CaseIterable {
    case sourceStart, poll, commit, acknowledge
    case sinkStart, put, report, flush, checkpoint, restore, positions
    case claim, save, renew, release
    case append, function

    /// Whether it tells that the pipeline gets on.
    var isProgress: Bool { self != .poll && self != .renew }
}

/// What goes wrong with one call, named by its kind and its number.
package struct SimulatedFault: Sendable, CustomStringConvertible {
    package enum Effect: Sendable {
        /// It throws and does nothing.
        case fail
        /// It is done, and throws all the same.
        case loseAnswer
        /// It takes this much longer.
        case delay(Duration)
        /// A put or flush does a part of its work and throws.
        case partial(Int)
        /// A put answers with a verdict for the record at an index, and does nothing for later records of its lane.
        case retry(at: Int, after: Duration?)
        /// A put leaves what follows an index untried.
        case notTried(from: Int)
        /// A poll cannot make a record of what it reads.
        case rejectInput
    }

    package enum Code: String, Sendable, CaseIterable {
        case retryable, throttled, notConnected, fatal

        var error: ConnectorError {
            switch self {
            case .retryable: ConnectorError(.retryable, "a passing fault")
            case .throttled: ConnectorError(.throttled, "too fast", retryAfter: .milliseconds(300))
            case .notConnected: ConnectorError(.notConnected, "nobody there")
            case .fatal: ConnectorError(.fatal, "broken")
            }
        }
    }

    package var call: SimulatedCall
    /// Counted from 0, over the whole simulation.
    package var number: Int
    package var effect: Effect
    package var code: Code = .retryable

    package var description: String { "\(call.rawValue) #\(number) \(effect) \(code.rawValue)" }

    var throwsBefore: ConnectorError? { if case .fail = effect { code.error } else { nil } }
    var throwsAfter: ConnectorError? { if case .loseAnswer = effect { code.error } else { nil } }
    var delay: Duration? { if case .delay(let delay) = effect { delay } else { nil } }
}
