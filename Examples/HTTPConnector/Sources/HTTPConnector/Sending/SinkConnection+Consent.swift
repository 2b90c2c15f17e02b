// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension SinkConnection {
    /// Asks the target of a webhook whether it takes deliveries (B4 to B7).
    ///
    /// - Returns: how many requests a minute it takes; `nil` for as many as there are.
    /// - Throws: `invalidConfiguration` where it does not consent, and what tells that it could not be asked.
    func askConsent(_ webhook: WebhookSender) async throws -> Int? {
        let answer = try await ask(webhook.registration.requestHeaders)
        let consent = webhook.registration.consent(in: answer.headers)
        guard let denial = consent.denial else { return consent.rate?.requestsPerMinute }
        // The status says nothing about consent, but a target that is in trouble cannot say anything else.
        switch outcome(of: answer) {
        case .failed(let error, _): throw error
        case .halted(let halt): throw halt.error
        case .delivered, .rejected: break
        }
        throw ConnectorError(
            .invalidConfiguration,
            "\(target) does not consent to deliveries of \(webhook.origin) (status \(answer.status)): "
                + Self.words(of: denial)
        )
    }

    /// Has the target answer something.
    func reach() async throws { _ = try await ask([]) }

    private func ask(_ headers: [MessageHeader]) async throws -> SinkAnswer {
        do throws(any Error) {
            return try await send("OPTIONS", headers, nil)
        } catch let failure as SendFailure {
            switch outcome(of: failure) {
            case .failed(let error, _), .rejected(let error): throw error
            case .halted(let halt): throw halt.error
            case .delivered: throw ConnectorError(.retryable, failure.reason)
            }
        }
    }

    private static func words(of denial: WebhookConsent.Denial) -> String {
        switch denial {
        case .noOrigin:
            "its answer has no header WebHook-Allowed-Origin (\(denial)); have it implement the handshake, or leave the "
                + "setting 'webhook' out"
        case .otherOrigin:
            "it allows other origins only (\(denial)); have it allow this one, or configure another origin"
        case .noRate: "it was asked for a rate and granted none (\(denial)); leave the rate out"
        case .invalidRate: "the rate that it granted is none (\(denial)); have it answer with a number or *"
        default: "\(denial)"
        }
    }
}
