// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Testing

/// A configuration file, from text to pipelines.
@Suite("S91 S92 S93: a configuration file") struct ConnectConfigurationTests {
    private func configuration(_ json: String) throws -> ConnectConfiguration {
        try ConnectConfiguration(SettingDocument(json: json, file: "c.json"), registry: .tested)
    }

    private func problems(_ json: String) throws -> [String] {
        try #require(throws: SettingProblems.self) { try configuration(json) }.problems.map(\.description)
    }

    @Test func runs() async throws {
        let logs = TestLogs()
        try await VaultSink.$logs.withValue(logs) {
            let configuration = try configuration(
                """
                {
                  "offsets": { "type": "memory" },
                  "pipelines": {
                    "one": {
                      "source": { "type": "generator", "count": 20, "size": "8B" },
                      "functions": [ { "type": "word", "word": "a" } ],
                      "sinks": [
                        { "type": "vault", "password": "12345", "log": "a" },
                        { "type": "vault", "password": "12345", "log": "b", "name": "second" },
                      ],
                      "delivery": { "commitInterval": "10ms" },
                    },
                    "two": { "source": { "type": "generator", "count": 3 }, "sinks": [ { "type": "vault", "password": "1" } ] },
                  },
                }
                """
            )
            #expect(configuration.names == ["one", "two"])
            try await configuration.makeRuntime().run()
        }
        #expect(logs["vault"].texts.count == 3)
        #expect(logs["a"].texts == logs["b"].texts)
        #expect(logs["a"].texts.allSatisfy { $0.contains("a") } && (1..<20).contains(logs["a"].texts.count))
    }

    @Test func aPipelineWaitsToBeResumed() async throws {
        let configuration = try configuration(
            """
            { "offsets": { "type": "memory" }, "pipelines": { "p": { "initially": "paused",
              "source": { "type": "generator", "rate": 500 }, "sinks": [ { "type": "vault", "password": "1" } ] } } }
            """
        )
        let runtime = try configuration.makeRuntime()
        async let run: Void = runtime.run()
        #expect(runtime.health.pipelines[0].status.counts.polled == 0)
        try await runtime.resume("p")
        while runtime.health.pipelines[0].status.counts.polled == 0 { await Task.yield() }
        runtime.stop()
        try await run
    }

    /// The promise of the configuration: every mistake of a file in one run, each with its place.
    @Test func tellsTenMistakesAtOnce() throws {
        let json = """
            {
              "offset": { "type": "file", "path": "state" },
              "pipelines": {
                "orders": {
                  "source": { "type": "generater" },
                  "sinks": [
                    { "type": "vault", "pasword": "geheim", "log": 7 },
                    { "type": "vault", "password": "x", "log": "forbidden" }
                  ],
                  "functions": { "type": "word" },
                  "delivery": { "commitInterval": "100", "retry": { "maxAttempts": 0 }, "retry": {} }
                },
                "b": { "sinks": [] }
              }
            }
            """
        let expected = [
            "c.json:2:3: offset: is not known here: did you mean 'offsets'?",
            "c.json:5:27: pipelines.orders.source.type: 'generater' is no source: did you mean 'generator'?",
            #"c.json:7:9: pipelines.orders.sinks[0]: "password" is missing: What opens the vault."#,
            "c.json:7:28: pipelines.orders.sinks[0].pasword: is no setting: did you mean 'password'?",
            "c.json:7:56: pipelines.orders.sinks[0].log: is a text in quotes, not 7",
            #"c.json:8:9: pipelines.orders.sinks[1]: there are two sinks with the name 'vault'; give one another "name""#,
            "c.json:8:52: pipelines.orders.sinks[1].log: may not be written",
            "c.json:10:20: pipelines.orders.functions: is a list in brackets, not an object",
            "c.json:11:39: pipelines.orders.delivery.commitInterval: is a duration such as 250ms, 1s or 5m, not '100'",
            "c.json:11:72: pipelines.orders.delivery.retry.maxAttempts: is at least 1, not 0",
            "c.json:11:77: pipelines.orders.delivery.retry: is there twice; the first is in line 11",
            #"c.json:13:10: pipelines.b: "source" is missing"#,
            "c.json:13:21: pipelines.b.sinks: there is no sink; name at least one",
        ]
        #expect(try problems(json) == expected)
    }

    static let source = #""source": { "type": "generator", "rate": 500 }"#
    static let sinks = #""sinks": [ { "type": "vault", "password": "1" } ]"#

    @Test(
        arguments: [
            ("[]", "is an object in braces, not a list"),
            ("{}", #""pipelines" is missing"#),
            (#"{ "pipelines": {} }"#, "there is no pipeline"),
            (#"{ "pipelines": { "": { \#(source), \#(sinks) } } }"#, "needs a name"),
            (
                #"{ "pipelines": { "p": { \#(source), "sinks": [ {} ] } } }"#,
                #""type" is missing: which sink it is; there are vault"#
            ),
            (#"{ "pipelines": { "p": { "source": { "type": 1 }, \#(sinks) } } }"#, "is a text in quotes, not 1"),
            (#"{ "pipelines": { "p": { "source": "x", \#(sinks) } } }"#, "is an object in braces, not a text"),
            (
                #"{ "pipelines": { "p": { \#(source), \#(sinks), "initially": "asleep" } } }"#,
                "one of running, paused, stopped"
            ),
            (
                #"{ "pipelines": { "p": { \#(source), \#(sinks), "delivery": { "onError": "deadLetter" } } } }"#,
                #"pipelines.p.delivery.onError: is deadLetter, but the pipeline has no "deadLetters""#
            ),
            (
                #"{ "pipelines": { "p": { \#(source), \#(sinks), "deadLetters": { "type": "fil" } } } }"#,
                "'fil' is no dead letter store: did you mean 'file'?"
            ),
            (
                #"{ "pipelines": { "p": { \#(source), \#(sinks), "delivery": { "errorLimit": { "failures": 3, "records": 2 } } } } }"#,
                "delivery.errorLimit.failures: is more than \"records\""
            ),
            (
                #"{ "pipelines": { "p": { \#(source), "sinks": [ { "type": "vault", "password": "1", "name": "" } ] } } }"#,
                "not empty"
            ),
            (
                #"{ "runtime": { "stallLimit": "0s" }, "pipelines": { "p": { \#(source), \#(sinks) } } }"#,
                "runtime.stallLimit: is at least 1ms"
            ),
        ]
    )
    func refuses(_ json: String, _ words: String) throws {
        let problems = try problems(json)
        #expect(problems.count == 1 && problems[0].contains(words), "\(problems)")
    }

    @Test func takesEveryOptionOfDelivery() throws {
        let configuration = try configuration(
            """
            { "$schema": "x", "runtime": { "restart": { "maxRestarts": null }, "stopDeadline": "7s" }, "pipelines": { "p": {
              \(Self.source), \(Self.sinks), "deadLetters": { "type": "vault", "password": "x" },
              "delivery": {
                "maxPollRecords": 1, "maxInFlightRecords": 2, "maxInFlightBytes": "3KiB", "commitInterval": "4s",
                "maxUncommittedRecords": 5, "maxUncommittedBytes": "6MiB", "maxUncommittedTime": "7s", "drainDeadline": "8s",
                "lanes": "partitionAndKey", "laneShare": 0.5, "onError": "deadLetter",
                "retry": { "firstDelay": "1ms", "maxDelay": "2ms", "maxAttempts": null, "timeLimit": "3s" },
                "outage": { "timeLimit": "1h" }, "errorLimit": { "failures": 1, "records": 2 },
                "guarantee": "atLeastOnce", "claim": "wait", "rateLimit": { "recordsPerSecond": 9, "bytesPerSecond": "10KiB", "burst": "2s" }
              } } } }
            """
        )
        var options = DeliveryOptions()
        options.maxPollRecords = 1
        options.maxInFlightRecords = 2
        options.maxInFlightBytes = 3 << 10
        options.commitInterval = .seconds(4)
        options.maxUncommittedRecords = 5
        options.maxUncommittedBytes = 6 << 20
        options.maxUncommittedTime = .seconds(7)
        options.drainDeadline = .seconds(8)
        options.lanes = .partitionAndKey
        options.laneShare = 0.5
        options.onError = .deadLetter.limited(to: ErrorTolerance.Limit(1, ofLast: 2))
        options.retry = RetryPolicy(
            firstDelay: .milliseconds(1),
            maxDelay: .milliseconds(2),
            maxAttempts: nil,
            timeLimit: .seconds(3)
        )
        options.outage.timeLimit = .seconds(3600)
        options.guarantee = .atLeastOnce
        options.claim = .wait
        options.rateLimit = RateLimit(recordsPerSecond: 9, bytesPerSecond: 10_240, burst: .seconds(2))
        #expect(configuration.makePipelines()[0].options == options)
        #expect(configuration.runtime.restart == RestartPolicy.forever)
        #expect(configuration.runtime.stopDeadline == .seconds(7))
    }

    @Test(
        arguments: [
            ("", "30s", 45), ("", "2m", 135), (#""runtime": { "stallLimit": "1m" },"#, "2m", 135),
            (#""runtime": { "stopDeadline": "7s" },"#, "2m", 7),
        ]
    )
    func aStopMayTakeAsLongAsTheLongestDrain(_ runtime: String, _ drain: String, _ seconds: Int) throws {
        let configuration = try configuration(
            """
            { \(runtime) "pipelines": {
              "p": { \(Self.source), \(Self.sinks), "delivery": { "drainDeadline": "\(drain)" } },
              "q": { \(Self.source), \(Self.sinks) } } }
            """
        )
        #expect(configuration.runtime.stopDeadline == .seconds(seconds))
    }

    @Test func aRuntimeKnowsTheSecretsOfItsConfiguration() throws {
        let document = SettingReferences(variable: { _ in "planted-secret" }, file: { _ in "" })
        let text =
            #"{ "pipelines": { "p": { \#(Self.source), "sinks": [ { "type": "vault", "password": "${env:P}" } ] } } }"#
        let redaction = SecretRedaction()
        let input = try SettingDocument(json: text, file: "c.json", references: document, redaction: redaction)
        let runtime = try ConnectConfiguration(input, registry: .tested).makeRuntime()
        #expect(runtime.redaction.redact("no planted-secret here") == "no <redacted> here")
    }

    @Test func nothingGivenIsTheDefault() throws {
        let configuration = try configuration(
            #"{ "runtime": {}, "pipelines": { "p": { \#(Self.source), \#(Self.sinks), "delivery": { "retry": {}, "outage": {} } } } }"#
        )
        #expect(configuration.makePipelines()[0].options == DeliveryOptions())
        #expect(configuration.runtime == RuntimeOptions())
    }

    /// One file is one store, however many pipelines use it: a second one would find it locked.
    @Test func pipelinesShareWhatIsTheSame() async throws {
        try await withTemporaryDirectory { directory in
            func pipeline(_ letters: String, _ offsets: String) -> String {
                """
                { "source": { "type": "generator", "count": 1 }, \(Self.sinks),
                  "deadLetters": { \(letters) }, "delivery": { "onError": "deadLetter" }, "offsets": { \(offsets) } }
                """
            }
            let (type, letters, offsets) = (
                #""type": "file""#, #""path": "\#(directory)/dead""#, #""path": "\#(directory)/state""#
            )
            let first = pipeline("\(type), \(letters)", "\(type), \(offsets)")
            let second = pipeline("\(letters), \(type)", "\(offsets), \(type)")
            let configuration = try configuration(#"{ "pipelines": { "a": \#(first), "b": \#(second) } }"#)
            let pipelines = configuration.makePipelines()
            for pipeline in pipelines { #expect(try await pipeline.check().isPassed) }
            try await configuration.makeRuntime().run()
        }
    }

    /// A check while another pipeline holds the store: one store can tell them apart, two would keep each other out.
    @Test func aStoreInUseIsNoFault() async throws {
        try await withTemporaryDirectory { directory in
            func text(_ names: [String]) -> String {
                let pipelines = names.map { #""\#($0)": { \#(Self.source), \#(Self.sinks) }"# }.joined(separator: ", ")
                return
                    #"{ "offsets": { "type": "file", "path": "\#(directory)/state" }, "pipelines": { \#(pipelines) } }"#
            }
            let pipelines = try configuration(text(["a", "b"])).makePipelines()
            let elsewhere = try configuration(text(["a"])).makePipelines()[0]
            async let run = pipelines[0].run()
            while pipelines[0].status.counts.polled == 0 { await Task.yield() }
            let beside = try await pipelines[1].check()
            #expect(beside.findings[0].description == "offset store: is empty: the source begins anew")
            let other = try await elsewhere.check()
            #expect(other.isPassed && other.findings[0].message.hasPrefix("is in use: "), "\(other.findings)")
            pipelines[0].stop()
            _ = try await run
        }
    }

    // MARK: Functions

    @Test(
        arguments: [
            (#""word = 'x'""#, 4), (#""EXISTS subject""#, 0), (#"{ "subject": [ { "exists": false } ] }"#, 4),
            (#"{ "type": [ "org.openconnect.generator.record" ] }"#, 0),
        ]
    )
    func aFunctionIsAppliedWhenItsConditionHolds(_ condition: String, _ remaining: Int) async throws {
        let logs = TestLogs()
        try await VaultSink.$logs.withValue(logs) {
            let configuration = try configuration(
                """
                { "offsets": { "type": "memory" }, "pipelines": { "p": {
                  "source": { "type": "generator", "count": 4, "attributes": true },
                  "functions": [ { "type": "word", "word": "no such word", "when": \(condition) } ],
                  \(Self.sinks) } } }
                """
            )
            try await configuration.makeRuntime().run()
        }
        #expect(logs["vault"].texts.count == remaining)
    }

    @Test(
        arguments: [
            (#"{ "type": "word", "word": "no such word", "when": "type = 'org.openconnect.generator.record'" }"#, 0),
            (#"{ "type": "word", "word": "no such word", "when": { "source": [ "urn:openconnect:p" ] } }"#, 0),
            (#"{ "type": "filter", "sql": "source = 'urn:openconnect:p'" }"#, 4),
            (#"{ "type": "filter", "sql": "source LIKE 'other%'", "onError": "reject" }"#, 0),
            (#"{ "type": "filter", "pattern": { "type": [ { "prefix": "org.openconnect.generator." } ] } }"#, 4),
            (#"{ "type": "filter", "subscription": { "prefix": { "source": "urn:openconnect:" } } }"#, 4),
        ]
    )
    func conditionsSeeWhatAPipelineSaysOfRecordsThatSayNothing(_ function: String, _ remaining: Int) async throws {
        let logs = TestLogs()
        try await VaultSink.$logs.withValue(logs) {
            let configuration = try configuration(
                """
                { "offsets": { "type": "memory" }, "pipelines": { "p": {
                  "source": { "type": "generator", "count": 4 }, "functions": [ \(function) ],
                  \(Self.sinks) } } }
                """
            )
            try await configuration.makeRuntime().run()
        }
        #expect(logs["vault"].texts.count == remaining)
    }

    @Test(
        arguments: [
            (#""type = ""#, "functions[0].when: the SQL expression is wrong"),
            (#"{ "data": { "total": [ { "numeric": [">"] } ] } }"#, "functions[0].when"),
            ("5", "functions[0].when: is"),
        ]
    )
    func refusesAConditionThatIsNone(_ condition: String, _ words: String) throws {
        let problems = try problems(
            #"{ "pipelines": { "p": { \#(Self.source), \#(Self.sinks), "functions": [ { "type": "word", "word": "a", "when": \#(condition) } ] } } }"#
        )
        #expect(problems.count == 1 && problems[0].contains(words), "\(problems)")
    }
}
