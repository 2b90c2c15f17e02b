// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@testable import HTTPConnector

/// A request that is refused, and how.
struct RefusedRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var method = "POST"
    var path = "/"
    var headers: [String: String] = [:]
    var body = "{}"
    let status: Int
    /// A part of the answer's text.
    let says: String

    static let event = ["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/a", "ce-type": "t"]

    static let all: [RefusedRequest] = [
        RefusedRequest(testDescription: "no event", status: 400, says: "no CloudEvent"),
        RefusedRequest(
            testDescription: "an attribute is missing",
            headers: event.filter { $0.key != "ce-type" },
            status: 400,
            says: "attribute type"
        ),
        RefusedRequest(
            testDescription: "a version that nobody knows",
            headers: event.merging(["ce-specversion": "7.0"]) { $1 },
            status: 400,
            says: "specversion"
        ),
        RefusedRequest(
            testDescription: "structured, cut off",
            headers: ["content-type": "application/cloudevents+json"],
            body: #"{"specversion":"1.0","id":"#,
            status: 400,
            says: "attribute id"
        ),
        RefusedRequest(
            testDescription: "an event format that nobody knows",
            headers: ["content-type": "application/cloudevents+cbor"],
            status: 415,
            says: "format"
        ),
        RefusedRequest(
            testDescription: "a batch with a bad event is refused as a whole",
            headers: ["content-type": "application/cloudevents-batch+json"],
            body: #"[{"specversion":"1.0","id":"1","source":"/a","type":"t"},{"specversion":"1.0"}]"#,
            status: 400,
            says: "missing"
        ),
        RefusedRequest(
            testDescription: "too many events",
            headers: ["content-type": "application/cloudevents-batch+json"],
            body: "["
                + (0..<4).map { #"{"specversion":"1.0","id":"\#($0)","source":"/a","type":"t"}"# }
                .joined(separator: ",") + "]",
            status: 413,
            says: "limit of 3"
        ),
        RefusedRequest(
            testDescription: "a large body",
            headers: event,
            body: String(repeating: "x", count: 2001),
            status: 413,
            says: "limit of 2000"
        ),
        RefusedRequest(
            testDescription: "a compressed body",
            headers: event.merging(["content-encoding": "gzip"]) { $1 },
            status: 415,
            says: "without one"
        ),
        RefusedRequest(testDescription: "another path", path: "/other", headers: event, status: 404, says: "nothing"),
        RefusedRequest(testDescription: "another method", method: "GET", body: "", status: 405, says: "POST"),
        RefusedRequest(testDescription: "a handshake", method: "OPTIONS", body: "", status: 405, says: "OPTIONS"),
        RefusedRequest(
            testDescription: "health is not written",
            method: "POST",
            path: "/health/live",
            status: 405,
            says: "GET"
        ),
    ]
}

@Suite("What an HTTP source refuses", .timeLimit(.minutes(10)))
struct RefusedRequestsTests {
    @Test("The sender learns why, as problem details, and nothing else stops", arguments: RefusedRequest.all)
    func refused(request: RefusedRequest) async throws {
        var options = HTTPSource.Options()
        options.maxBodyBytes = 2000
        options.maxBatchEvents = 3
        try await withReceiver(options) { receiver in
            let reply = try await receiver.send(
                request.body,
                request.headers,
                method: request.method,
                path: request.path
            )
            #expect(reply.status == request.status && reply.body.contains(request.says), "\(reply)")
            #expect(reply.headers["content-type"] == "application/problem+json")
            let problem = try StructuredValue(json: SharedBytes(utf8: reply.body))
            #expect(problem != .null)
            if request.status == 405, request.method != "POST" { #expect(reply.headers["allow"] == "POST") }
            #expect(receiver.log.count == 0)
            #expect(try await receiver.send("{}", RefusedRequest.event).status == 200)
            #expect(receiver.log.count == 1)
        }
    }

    @Test("The longest body and the largest batch are taken")
    func atTheLimit() async throws {
        var options = HTTPSource.Options()
        options.maxBodyBytes = 2000
        try await withReceiver(options) { receiver in
            let reply = try await receiver.send(String(repeating: "x", count: 2000), RefusedRequest.event)
            #expect(reply.status == 200)
        }
    }

    @Test(
        "Only who has the credentials may send, and no answer repeats them",
        arguments: [
            (SenderAuthentication.bearer(Secret("t0ken")), "Bearer t0ken", "Bearer"),
            (
                .basic(user: "ann", password: Secret("pä:ss")), "Basic YW5uOnDDpDpzcw==",
                #"Basic realm="events", charset="UTF-8""#
            ),
        ]
    )
    func authentication(expected: SenderAuthentication, right: String, challenge: String) async throws {
        var options = HTTPSource.Options()
        options.authentication = expected
        try await withReceiver(options) { receiver in
            let scheme = right.prefix { $0 != " " }
            for wrong in [nil, "", right.dropLast() + "", right + "x", String(scheme), "Other x", "\(scheme) "]
                as [String?]
            {
                var headers = RefusedRequest.event
                headers["authorization"] = wrong
                let reply = try await receiver.send("{}", headers)
                #expect(reply.status == 401 && reply.headers["www-authenticate"] == challenge, "\(wrong ?? "none")")
                #expect(!reply.body.contains("t0ken") && !reply.body.contains("pä"))
            }
            for good in [right, right.replacing(scheme, with: scheme.uppercased())] {
                let headers = RefusedRequest.event.merging(["authorization": good]) { $1 }
                #expect(try await receiver.send("{}", headers).status == 200)
            }
            #expect(receiver.log.count == 2)
            #expect(try await receiver.send("", method: "GET", path: "/health/live").status == 200)
        }
        #expect(!"\(options)".contains("t0ken"))
    }
}
