// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct WebhookDeliveryTests {
    private let policy = WebhookPolicy(allowedOrigins: ["a.b"], methods: ["POST", "GET"])

    private func delivery(
        _ method: String = "POST",
        _ headers: [(String, String)] = [("Content-Type", "application/json")],
        body: String? = "1",
        isEncrypted: Bool? = nil
    ) -> WebhookDelivery {
        let message = HTTPMessage(
            headers: headers.map { MessageHeader($0.0, $0.1) },
            body: body.map { SharedBytes(utf8: $0) }
        )
        return WebhookDelivery(method: method, message: message, isEncrypted: isEncrypted)
    }

    @Test("A delivery is a POST over HTTPS with a payload and its content type (B1)")
    func rules() {
        let type = ("content-type", "a/b")
        #expect(delivery().refusal(by: policy) == nil)
        #expect(delivery(isEncrypted: true).refusal(by: policy) == nil)
        #expect(delivery("PUT").refusal(by: policy)?.status == 405)
        #expect(delivery("PUT").refusal(by: policy)?.headers == [MessageHeader("Allow", "POST, GET")])
        #expect(delivery("post").refusal(by: policy)?.status == 405)
        #expect(delivery(isEncrypted: false).refusal(by: policy)?.status == 403)
        #expect(delivery(body: nil).refusal(by: policy)?.status == 400)
        #expect(delivery(body: "").refusal(by: policy)?.status == 400)
        #expect(delivery("POST", []).refusal(by: policy)?.status == 400)
        #expect(delivery("POST", [("Content-Type", "json")]).refusal(by: policy)?.status == 400)
        #expect(delivery("POST", [type, type]).refusal(by: policy)?.status == 400)
    }

    @Test("An origin has to be allowed, and to be there where the target needs it (B7)")
    func origins() {
        let type = ("content-type", "a/b")
        let origin = ("WebHook-Request-Origin", "A.b")
        #expect(delivery("POST", [type, origin]).refusal(by: policy, requiresOrigin: true) == nil)
        #expect(delivery("POST", [type]).refusal(by: policy, requiresOrigin: true)?.status == 403)
        #expect(delivery("POST", [type, ("WebHook-Request-Origin", "c.d")]).refusal(by: policy)?.status == 403)
        #expect(delivery("POST", [type, origin, origin]).refusal(by: policy)?.status == 403)
    }

    @Test("A target's answers (B2)")
    func answers() {
        #expect(WebhookResponse.processed.status == 204)
        #expect(WebhookResponse.accepted.status == 202)
        #expect(WebhookResponse.retired.status == 410)
        #expect(WebhookResponse.throttled(retryAfterSeconds: 9).headers == [MessageHeader("Retry-After", "9")])
        #expect(WebhookResponse.throttled(retryAfterSeconds: -9).headers == [MessageHeader("Retry-After", "0")])
        #expect(WebhookResponse(refusing: CloudEventError(.unsupportedFormat, "")).status == 415)
        #expect(WebhookResponse(refusing: CloudEventError(.limitExceeded, "")).status == 413)
        #expect(WebhookResponse(refusing: CloudEventError(.malformed, "")).status == 400)
    }

    @Test(
        "What an answer means to the sender (B2)",
        arguments: [
            (200, WebhookOutcome.Kind.delivered, false), (201, .delivered, false), (204, .delivered, false),
            (206, .delivered, false), (202, .accepted, false), (301, .redirected, false), (304, .redirected, false),
            (308, .redirected, false), (400, .refused, false), (408, .refused, true), (410, .retired, false),
            (415, .unsupportedFormat, false), (425, .refused, true), (429, .throttled, true), (500, .failed, true),
            (503, .failed, true), (100, .failed, true), (0, .failed, true), (-1, .failed, true), (999, .failed, true),
        ]
    )
    func outcomes(status: Int, kind: WebhookOutcome.Kind, mayBeRetried: Bool) {
        let outcome = WebhookOutcome(status: status, headers: [])
        #expect(outcome.kind == kind)
        #expect(outcome.mayBeRetried == mayBeRetried)
        #expect(outcome.isSuccess == (200..<300).contains(status))
        #expect(outcome.retryAfter == nil)
    }

    @Test(
        "Retry-After is a number of seconds or a date in one of HTTP's three forms (B2)",
        arguments: [
            ("120", 120), ("0", 0), ("00", 0), ("99999999999999999999999", 2_147_483_647),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
            ("Sun Nov  6 08:49:37 1994", 37), ("Sun Nov 16 08:49:37 1994", 864_037),
            ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
            ("Sun, 06 Nov 2994 08:49:00 GMT", nil), ("Sun, 06 Nov 1994 08:49:60 GMT", 59), ("-1", nil), ("", nil),
            ("1.5", nil), ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Xyz, 06 Nov 1994 08:49:37 GMT", nil), ("soon", nil),
            ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 94 08:49:37 GMT", nil), ("1994-11-06T08:49:37Z", nil),
        ] as [(String, Int?)]
    )
    func retryAfter(text: String, seconds: Int?) throws {
        let now = try Timestamp("1994-11-06T08:49:00Z")
        let outcome = WebhookOutcome(status: 429, headers: [MessageHeader("retry-after", text)])
        if text.contains("2994") {
            #expect(try #require(outcome.retryAfter).delay(from: now) > .seconds(86_400 * 365 * 999))
        } else {
            #expect(outcome.retryAfter?.delay(from: now) == seconds.map { .seconds($0) })
        }
        let twice = [MessageHeader("retry-after", text), MessageHeader("Retry-After", text)]
        #expect(WebhookOutcome(status: 503, headers: twice).retryAfter == nil)
    }

    @Test("A wait is never negative, whatever the instants (B2)")
    func waits() throws {
        let date = RetryAfter.date(try Timestamp("1994-11-06T08:49:37Z"))
        #expect(date.delay(from: try Timestamp("1994-11-06T08:49:36.75Z")) == .milliseconds(250))
        #expect(date.delay(from: try Timestamp("1994-11-06T08:49:37.75Z")) == .zero)
        #expect(date.delay(from: try Timestamp("9999-12-31T23:59:59Z")) == .zero)
    }
}
