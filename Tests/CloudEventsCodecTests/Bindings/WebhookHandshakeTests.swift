// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct WebhookHandshakeTests {
    private let listed = WebhookHandshake(
        WebhookPolicy(allowedOrigins: ["events.example.com"], rate: try! WebhookRate(requestsPerMinute: 100))
    )
    private let open = WebhookHandshake(WebhookPolicy(allowedOrigins: nil))

    private func headers(_ pairs: [(String, String)]) -> [MessageHeader] { pairs.map { MessageHeader($0.0, $0.1) } }

    private func value(_ name: String, in response: WebhookResponse) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    @Test("A validation request names its origin, and may ask for a rate and a callback (B4)")
    func requests() throws {
        let request = try WebhookHandshake.request(
            from: headers([
                ("webhook-REQUEST-origin", " a.example.com "), ("WebHook-Request-Rate", "120"),
                ("WebHook-Request-Callback", "https://example.com/confirm?key=secret"),
            ])
        )
        #expect(request.origin == "a.example.com")
        #expect(request.rate?.requestsPerMinute == 120)
        #expect(request.callback == "https://example.com/confirm?key=secret")
        #expect(!"\(request)".contains("secret"))
        let empty = try WebhookHandshake.request(from: headers([("WebHook-Request-Origin", "")]))
        #expect(empty.origin == nil)
    }

    @Test(
        "A rate that is no number of requests is refused (B4)",
        arguments: ["0", "-5", "+5", "", "1.5", "a", "*", "05", "1 0", "99999999999999999999", "٥"]
    )
    func wrongRates(rate: String) {
        let request = headers([("WebHook-Request-Origin", "a.example.com"), ("WebHook-Request-Rate", rate)])
        expectError(.invalidValue, rule: "B4", attribute: "webhook-request-rate") { try open.response(to: request) }
        expectError(.invalidValue) { try WebhookRate(requestsPerMinute: 0) }
    }

    @Test("A header that is there twice is refused (B4)")
    func duplicates() {
        let request = headers([("WebHook-Request-Origin", "a"), ("webhook-request-origin", "b")])
        expectError(.duplicate, rule: "B4") { try open.response(to: request) }
    }

    @Test("Consent names the origin or the asterisk, and always a rate (B5)")
    func consent() throws {
        let request = headers([("WebHook-Request-Origin", "Events.Example.com")])
        let answer = try listed.response(to: request)
        #expect(value("WebHook-Allowed-Origin", in: answer) == "Events.Example.com")
        #expect(value("WebHook-Allowed-Rate", in: answer) == "100")
        #expect(value("Allow", in: answer) == "POST")
        let any = try open.response(to: headers([("WebHook-Request-Origin", "x\r\ny")]))
        #expect(value("WebHook-Allowed-Origin", in: any) == "*")
        #expect(value("WebHook-Allowed-Rate", in: any) == "*")
    }

    @Test("Without consent there are no headers of it (B6)")
    func noConsent() throws {
        for request in [[], [("WebHook-Request-Origin", "evil.example.com")], [("WebHook-Request-Origin", " ")]] {
            let answer = try listed.response(to: headers(request))
            #expect(!answer.headers.contains { $0.name.hasPrefix("WebHook") })
        }
        let refused = WebhookResponse.optionsNotSupported(methods: ["GET", "POST"])
        #expect(refused.status == 405)
        #expect(refused.headers == [MessageHeader("Allow", "GET, POST")])
    }

    @Test("A sender asks with its origin and repeats it on each delivery (B4, B7)")
    func registration() throws {
        let rate = try WebhookRate(requestsPerMinute: 7)
        let registration = try WebhookRegistration(
            origin: "a.example.com",
            callback: "https://a.example.com/k",
            rate: rate
        )
        #expect(registration.requestHeaders.map(\.name).count == 3)
        #expect(registration.deliveryHeaders == [MessageHeader("WebHook-Request-Origin", "a.example.com")])
        #expect(!"\(registration)".contains("/k"))
        let answer = try open.response(to: registration.requestHeaders)
        #expect(registration.consent(in: answer.headers).rate == .unlimited)
        for origin in ["", "a b", "a\r\nX: y", "*", "ä", "a,b", String(repeating: "a", count: 254)] {
            expectError(.invalidValue, rule: "B4") { try WebhookRegistration(origin: origin) }
        }
        expectError(.invalidValue) { try WebhookRegistration(origin: "a", callback: "http://a/k") }
        expectError(.invalidValue) { try WebhookRegistration(origin: "a", rate: .unlimited) }
    }

    @Test("What an answer means to the sender, whatever its status (B5, B6)")
    func evaluation() throws {
        let asking = try WebhookRegistration(origin: "a.b", rate: WebhookRate(requestsPerMinute: 5))
        let silent = try WebhookRegistration(origin: "a.b")
        let origin = ("WEBHOOK-allowed-origin", "A.B")
        let cases: [([(String, String)], WebhookConsent.Denial?)] = [
            ([], .noOrigin), ([("WebHook-Allowed-Origin", "")], .noOrigin),
            ([("WebHook-Allowed-Origin", "b.a")], .otherOrigin),
            ([("WebHook-Allowed-Origin", "*.b")], .otherOrigin), ([origin], .noRate),
            ([origin, ("WebHook-Allowed-Rate", "0")], .invalidRate),
            ([origin, ("WebHook-Allowed-Rate", "x")], .invalidRate),
            ([origin, ("WebHook-Allowed-Rate", "1"), ("WebHook-Allowed-Rate", "2")], .invalidRate),
            ([origin, ("WebHook-Allowed-Rate", "2")], nil),
            ([("WebHook-Allowed-Origin", "*"), ("WebHook-Allowed-Rate", "*")], nil),
            ([("WebHook-Allowed-Origin", "x, a.b"), ("WebHook-Allowed-Rate", "*")], nil),
        ]
        for (answer, denial) in cases {
            let consent = asking.consent(in: headers(answer))
            #expect(consent.denial == denial)
            #expect(consent.isGranted == (denial == nil))
        }
        #expect(silent.consent(in: headers([origin])).isGranted)
        #expect(silent.consent(in: headers([origin])).rate == nil)
    }

    @Test(
        "A callback is an HTTPS URL (B4)",
        arguments: [
            "http://a/b", "https:/a", "https://", "https:///a", "https://?a", "https://:1", "ftp://a", "//a", "",
            "https://a b", "https://a#f",
        ]
    )
    func wrongCallbacks(url: String) {
        expectError(.invalidValue, rule: "B4") { try WebhookCallback.url(url) }
        let request = headers([("WebHook-Request-Origin", "a"), ("WebHook-Request-Callback", url)])
        expectError(.invalidValue, rule: "B4") { try open.response(to: request) }
    }

    @Test("A callback grants with GET and POST, with a rate or without (B8)")
    func callbacks() throws {
        #expect(try WebhookCallback.url("HTTPS://a.example.com:8443/k?x").string == "HTTPS://a.example.com:8443/k?x")
        let rate = try WebhookRate(requestsPerMinute: 9)
        for method in ["GET", "POST"] {
            let consent = WebhookCallback.consent(method: method, headers: WebhookCallback.grant(rate: rate))
            #expect(consent.isGranted)
            #expect(consent.rate == rate)
            #expect(WebhookCallback.consent(method: method, headers: []).isGranted)
        }
        #expect(WebhookCallback.consent(method: "PUT", headers: []).denial == .wrongMethod)
        let wrong = headers([("WebHook-Allowed-Rate", "0")])
        #expect(WebhookCallback.consent(method: "GET", headers: wrong).denial == .invalidRate)
    }
}
