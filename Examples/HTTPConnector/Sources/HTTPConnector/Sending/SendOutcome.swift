// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What became of one request.
enum SendOutcome: Sendable {
    /// The target has what was in it.
    case delivered
    /// The target will never take it.
    case rejected(ConnectorError)
    /// It failed in a way that may pass.
    case failed(ConnectorError, after: Duration? = nil)
    /// Nothing more is to be sent for now, whatever is in it.
    case halted(SinkHalt)
}

/// Why a sink sends nothing more, and for how long.
struct SinkHalt: Error {
    enum Span: Sendable {
        /// Until the runner calls again.
        case once
        /// For at least so long.
        case atLeast(Duration)
        /// As long as the instance lives.
        case forever
    }

    let error: ConnectorError
    let span: Span
    /// Whether a request was on its way when it happened, which may be to blame.
    var isOnTheWay = false
}

// MARK: - Answers

extension SinkConnection {
    /// What an answer means for the request.
    func outcome(of answer: SinkAnswer) -> SendOutcome {
        guard !answer.isSuccess else { return .delivered }
        let meaning = WebhookOutcome(status: answer.status, headers: answer.headers)
        let wait = meaning.retryAfter?.delay(from: Timestamp.now())
        let words = "\(target) answered \(answer.status)" + (answer.excerpt.isEmpty ? "" : ": \(answer.excerpt)")
        switch meaning.kind {
        case .delivered, .accepted: return .delivered
        case .redirected: return .halted(SinkHalt(error: redirected(answer), span: .forever))
        case .retired:
            let error = ConnectorError(
                .fatal,
                "\(target) is retired (status 410): send nothing more to it, and configure another url"
            )
            return .halted(SinkHalt(error: error, span: .forever))
        case .throttled: return .halted(throttled(words, wait))
        case .failed where answer.status == 503 && wait != nil: return .halted(throttled(words, wait))
        default:
            guard meaning.mayBeRetried else { return .rejected(ConnectorError(.invalidRecord, words)) }
            return .failed(ConnectorError(.retryable, words), after: wait)
        }
    }

    private func throttled(_ words: String, _ wait: Duration?) -> SinkHalt {
        SinkHalt(
            error: ConnectorError(.throttled, words, retryAfter: wait),
            span: wait.map { .atLeast($0) } ?? .once
        )
    }

    /// Redirects are not followed (B2): nobody knows whether the other place is meant to get what is sent.
    private func redirected(_ answer: SinkAnswer) -> ConnectorError {
        let place = answer.location.map { " to '\(shown($0))'" } ?? ""
        return ConnectorError(
            .invalidConfiguration,
            "\(target) answered \(answer.status) and points\(place.isEmpty ? " elsewhere" : place); redirects are not "
                + "followed: configure the final url, if that is where events are to be sent"
        )
    }

    /// A place without user information, query and fragment.
    private func shown(_ location: String) -> String {
        var text = String(location.prefix { $0 != "?" && $0 != "#" })
        if let slashes = text.firstRange(of: "//") {
            let behind = text[slashes.upperBound...]
            let authority = behind.prefix { $0 != "/" && $0 != "\\" }
            if let at = authority.lastIndex(of: "@") {
                text = text[..<slashes.upperBound] + String(behind[behind.index(after: at)...])
            }
        } else if let at = text.lastIndex(of: "@") {
            text = String(text[text.index(after: at)...])
        }
        return LineText.escaped(redaction.redact(text), limit: 200)
    }

    // MARK: Failures

    /// What it means for the request that there is no answer.
    func outcome(of failure: SendFailure) -> SendOutcome {
        let words = "no event could be sent to \(target): \(failure.reason)"
        switch failure.kind {
        case .unreachable:
            return .halted(SinkHalt(error: ConnectorError(.notConnected, words), span: .once))
        case .dropped:
            return .halted(SinkHalt(error: ConnectorError(.notConnected, words), span: .once, isOnTheWay: true))
        case .tls:
            let advice = "; check tls.authorities, tls.serverName, tls.certificate and the target's own certificate"
            let error = ConnectorError(.invalidConfiguration, words + advice)
            return .halted(SinkHalt(error: error, span: .forever))
        case .stopped:
            return .halted(SinkHalt(error: ConnectorError(.cancelled, words), span: .forever))
        case .timeout, .other:
            return .failed(ConnectorError(.retryable, words))
        }
    }
}
