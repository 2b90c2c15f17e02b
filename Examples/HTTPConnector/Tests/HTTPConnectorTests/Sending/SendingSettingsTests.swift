// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Settings of the http sink")
struct SendingSettingsTests {
    private static func problems(_ settings: SettingInput) -> String {
        do {
            _ = try HTTPSink(settings: settings)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        "", "x", "/path", "ftp://h/", "http:", "http:///path", "http://:80/", "http://h:0/", "http://h:70000/",
        "http://h:x/", "http://h/#top", "http://h/a b", "http://h/ä", "http://[::1/", "http://u@h/",
        "https://u:s3cret@h/",
    ])
    func `a URL that cannot be a target is refused, and not shown`(url: String) {
        let text = Self.problems(["url": SettingInput(url)])
        #expect(text.contains("url"))
        #expect(!text.contains("s3cret"))
        #expect(throws: ConnectorError.self) { try HTTPSink(url: url) }
    }

    @Test(
        arguments: [
            ("http://h", "h", nil, "/", nil, "http://h/"),
            ("HTTP://h:8080?q=1", "h", 8080, "/", "q=1", "http://h:8080/"),
            ("https://[::1]:8443/a/b?x=?y", "::1", 8443, "/a/b", "x=?y", "https://[::1]:8443/a/b"),
            ("https://h.example:/p", "h.example", nil, "/p", nil, "https://h.example:/p"),
        ] as [(String, String, Int?, String, String?, String)]
    )
    func `a URL is taken apart`(
        url: String,
        host: String,
        port: Int?,
        path: String,
        query: String?,
        shown: String
    ) throws {
        let target = try SinkTarget(url)
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(target.path == path)
        #expect(target.query == query)
        #expect("\(target)" == shown)
    }

    @Test(arguments: [
        "Content-Type", "content-length", "HOST", "Transfer-Encoding", "Connection", "ce-id", "CE-Anything", "Upgrade",
        "TE", "Trailer", "Expect", "WebHook-Request-Origin", "a b", "", "a\r\nb", "a:b", "ä",
    ])
    func `a header that the sink sets, or that is none, is refused`(name: String) throws {
        let text = Self.problems(["url": "http://h/", "headers": [name: "s3cret"]])
        #expect(text.contains("headers") && !text.contains("s3cret"))
        #expect(throws: ConnectorError.self) {
            try HTTPSink(url: "http://h/", options: HTTPSink.Options(headers: [name: Secret("s3cret")]))
        }
    }

    @Test(arguments: ["a\r\nX: 1", "a\nb", "a\u{0}", "\u{1}"])
    func `a value that would add a header is refused, and not shown`(value: String) throws {
        let error = #expect(throws: ConnectorError.self) {
            try HTTPSink(url: "http://h/", options: HTTPSink.Options(headers: ["X-Key": Secret("s3cret" + value)]))
        }
        #expect(try !#require(error).description.contains("s3cret"))
        #expect(throws: ConnectorError.self) { try ClientCredentials.bearer(Secret("s3cret" + value)) }
    }

    @Test(
        arguments: [
            (["url": "http://h/", "mode": "batched", "format": "avro"], "format"),
            (["url": "http://h/", "bearer": "a", "basic": ["user": "u", "password": "p"]], "basic"),
            (["url": "http://h/", "bearer": "a", "headers": ["authorization": "x"]], "headers"),
            (["url": "http://h/", "basic": ["user": "a:b", "password": "p"]], "user"),
            (["url": "http://h/", "method": "PUT", "webhook": ["origin": "a.example"]], "method"),
            (["url": "http://h/", "tls": ["authorities": "x.pem"]], "tls"),
            (["url": "https://h/", "tls": ["certificate": "x.pem"]], "key"),
            (["url": "http://h/", "concurrency": 0], "concurrency"),
            (["url": "http://h/", "timeout": "0s"], "timeout"),
            (["url": "http://h/", "batchEvents": 0], "batchEvents"), (["url": "http://h/", "method": "GET"], "method"),
            (["url": "http://h/", "webhook": ["origin": "a b"]], "origin"), (["mode": "binary"], "url"),
        ] as [(SettingInput, String)]
    )
    func `settings that do not go together are named`(settings: SettingInput, name: String) {
        #expect(Self.problems(settings).contains(name))
    }

    @Test func `no description shows a secret`() async throws {
        let settings: SettingInput = [
            "url": "http://127.0.0.1:1/p?key=s3cret", "headers": ["X-Key": "s3cret"],
            "basic": ["user": "u", "password": "s3cret"],
        ]
        let values = try HTTPSink.settings.values(from: settings)
        let sink = try HTTPSink(values)
        var dumped = ""
        let error = try await failure {
            try await started(sink) { sink in
                dump(sink, to: &dumped)
                try await sink.deliver(["a"])
            }
        }
        for text in ["\(values)", "\(error)", "\(sink)", dumped] {
            #expect(!text.contains("s3cret") && !text.contains("czNjcmV0"), "\(text)")
        }
    }

    @Test func `a target that repeats what it got gives no secret away`() async throws {
        let echo = "you sent Basic dTpzM2NyZXRwdw== and X-Key: hidden-key to /events?token=query-key"
        try await ReceivingServer.serving([.init(status: 400, body: echo)]) { server in
            let settings: SettingInput = [
                "url": SettingInput(server.url + "?token=query-key"), "headers": ["X-Key": "hidden-key"],
                "basic": ["user": "u", "password": "s3cretpw"],
            ]
            let sink = try HTTPSink(settings: settings)
            let result = try await started(sink) { try await $0.put(["a"]) }
            let text = "\(try #require(result.exceptions[0].verdict.error))"
            #expect(text.contains("you sent <redacted> and X-Key: <redacted>"))
            for secret in ["dTpzM2NyZXRwdw", "hidden-key", "query-key", "s3cretpw"] { #expect(!text.contains(secret)) }
        }
    }
}
