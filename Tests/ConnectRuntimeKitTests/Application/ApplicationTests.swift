// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import OpenConnectFiles
import Testing

/// The command line of an author's executable.
@Suite struct ApplicationTests {
    private static let configuration = """
        {
          "offsets": { "type": "file", "path": "${env:DIRECTORY}/state" },
          "pipelines": {
            "orders": {
              "source": { "type": "generator", "count": 5, "partitions": 2 },
              "functions": [ { "type": "word", "word": "" } ],
              "sinks": [ { "type": "vault", "password": "${env:PASSWORD}" } ],
              "deadLetters": { "type": "file", "path": "${env:DIRECTORY}/dead" }
            }
          }
        }
        """

    private func run(
        _ arguments: String,
        _ configuration: String = configuration,
        in directory: String,
        password: String = "planted-secret"
    ) async throws -> (status: ApplicationStatus, transcript: Transcript) {
        let variables = ["DIRECTORY": directory, "PASSWORD": password]
        return try await runApplication(arguments, configuration: configuration, in: directory, variables: variables)
    }

    // MARK: Verbs

    @Test func runsChecksListsSetsAndResets() async throws {
        let logs = TestLogs()
        try await VaultSink.$logs.withValue(logs) {
            try await withTemporaryDirectory { directory in
                let check = try await run("check --config CONFIG", in: directory)
                #expect(check.status == .done)
                for line in [
                    "orders: ok\n", "  delivers at least once: the vault keeps neither positions nor checkpoints\n",
                    "  ok     offset store: is empty", "  ok     vault: is reached\n",
                    "  ok     source: has no check of its own\n",
                    "  ok     dead letters: can be written, and redriven\n",
                ] { #expect(check.transcript.output.contains(line), "\(line)\n\(check.transcript.output)") }

                let first = try await run("run --config CONFIG", in: directory)
                #expect(first.status == .done, "\(first.transcript.diagnostics)")
                #expect(first.transcript.diagnostics.contains(" INFO orders: the pipeline \"orders\" is running\n"))
                #expect(first.transcript.output.isEmpty)
                #expect(logs["vault"].texts.count == 5)

                let list = try await run("offsets list --config CONFIG", in: directory)
                #expect(list.transcript.output == "orders\tsequence:2@0\norders\tsequence:1@1\n")
                let set = try await run("offsets set --config CONFIG --pipeline orders sequence:1@0", in: directory)
                #expect(
                    set.status == .done && set.transcript.output == "\"0\": 2 → 1\n",
                    "\(set.transcript.diagnostics)"
                )
                _ = try await run("run --config CONFIG --quiet", in: directory)
                #expect(logs["vault"].texts.count == 6)

                let reset = try await run("offsets reset --config CONFIG @1", in: directory)
                #expect(reset.transcript.output == "\"1\": 1 → nothing\n")
                let second = try await run("run --config CONFIG --quiet", in: directory)
                #expect(second.transcript.diagnostics.isEmpty, "\(second.transcript.diagnostics)")
                #expect(logs["vault"].texts.count == 8)
                _ = try await run("offsets reset --config CONFIG", in: directory)
                let nothing = try await run("offsets list --config CONFIG", in: directory)
                #expect(nothing.status == .done && nothing.transcript.output.isEmpty)
            }
        }
    }

    @Test func redrives() async throws {
        let logs = TestLogs()
        try await VaultSink.$logs.withValue(logs) {
            try await withTemporaryDirectory { directory in
                let store = FileDeadLetterStore(path: directory + "/dead")
                let letter = DeadLetter(
                    record: ConnectorRecord(.text("late"), offset: RecordOffset(0)),
                    pipeline: "orders",
                    connector: "vault",
                    stage: .put,
                    sink: "vault",
                    error: ConnectorError(.invalidRecord, "bad"),
                    attempts: 1,
                    firstFailure: .now,
                    lastFailure: .now
                )
                try await store.append([letter])
                await store.close()
                let result = try await run("redrive --config CONFIG --limit 1 --stage put", in: directory)
                #expect(result.status == .done, "\(result.transcript.diagnostics)")
                #expect(
                    result.transcript.output
                        == "1 delivered, 0 filtered, 0 dropped, 0 failed again and kept, 0 not tried and kept\n"
                )
                #expect(logs["vault"].texts == ["late"])
            }
        }
    }

    @Test(
        arguments: [
            ("--help", "USAGE\n  tested run --config FILE"), ("help", "STATUS"), ("-h", "redrive"),
            ("run --help", "--log-format text|json"), ("offsets -h", "OFFSET@PARTITION"),
            ("--version", "tested 1.2.3\n"),
            ("settings", "  vault      Writes into a vault.\n"),
            ("settings vault", "  password  (secret text, required)\n"),
            ("settings vault --format markdown", "| `password` | secret text | required | What opens the vault. |\n"),
            ("settings --format=markdown", "## Delivery: the object"),
            ("settings --format json-schema", "\"$ref\": \"#/$defs/pipeline\""),
            ("settings word --format json-schema", "\"const\": \"word\""),
        ]
    )
    func explainsItself(_ arguments: String, _ words: String) async throws {
        try await withTemporaryDirectory { directory in
            let result = try await run(arguments, in: directory)
            #expect(result.status == .done)
            #expect(result.transcript.output.contains(words), "\(result.transcript.output)")
            #expect(result.transcript.diagnostics.isEmpty)
        }
    }

    /// Every default of a schema is allowed by the schema's own words, and every reference leads somewhere.
    @Test func theSchemaIsJSON() async throws {
        try await withTemporaryDirectory { directory in
            let result = try await run("settings --format json-schema", in: directory)
            let schema = try StructuredValue(setting: SettingDocument(json: result.transcript.output).root)
            guard case .object(let root) = schema, case .object(let definitions)? = root["$defs"] else {
                throw ConnectorError(.fatal, "no definitions")
            }
            #expect(
                definitions.members.map(\.name) == [
                    "source", "function", "sink", "offset-store", "dead-letter-store", "pipeline",
                ]
            )
            for name in definitions.members.map(\.name) {
                #expect(result.transcript.output.contains("#/$defs/\(name)"))
            }
        }
    }

    // MARK: Mistakes

    @Test(
        arguments: [
            ("", "a command is missing: run, check, settings, offsets, redrive"),
            ("rum", "'rum' is no command: did you mean 'run'?"), ("copy", "'copy' is no command; there are run, check"),
            ("run", "the configuration is missing: --config"), ("run --config", "--config needs a value: FILE"),
            ("run --config a --config b", "--config is given twice"), ("run extra", "'extra' is one argument too many"),
            ("run --confg a", "--confg is no option: did you mean '--config'?"),
            ("run --quiet=1 --config a", "--quiet takes no value"),
            ("run --log-format xml --config a", "--log-format is one of text, json, not 'xml'"),
            ("run --config /nowhere/at/all", "the configuration cannot be read"),
            ("settings volt", "'volt' is no type"), ("settings a b", "takes one type, not 2"),
            ("offsets --config CONFIG", "say what to do with the offsets"),
            ("offsets set --config CONFIG", "'offsets set' needs what to store"),
            ("offsets set 42 --config CONFIG", "'42' is no position"),
            ("offsets set sequence:1@0 sequence:2@0 --config CONFIG", "\"0\" is given twice"),
            ("offsets reset 42 --config CONFIG", "'42' is no partition"),
            ("offsets list x --config CONFIG", "takes nothing but options"),
            ("offsets list --config CONFIG --pipeline order", "there is no pipeline 'order'; there are orders"),
            ("redrive --limit 0 --config CONFIG", "--limit is a number from 1 on, not '0'"),
            ("redrive --stage pot --config CONFIG", "did you mean 'put'?"),
        ]
    )
    func refuses(_ arguments: String, _ words: String) async throws {
        try await withTemporaryDirectory { directory in
            let result = try await run(arguments, in: directory)
            #expect(result.status == .usage)
            #expect(result.transcript.output.isEmpty)
            #expect(result.transcript.diagnostics.hasPrefix("tested: "))
            #expect(result.transcript.diagnostics.contains(words), "\(result.transcript.diagnostics)")
        }
    }

    @Test(arguments: [
        ("run", ApplicationStatus.usage), ("check", .failed), ("offsets list", .usage), ("redrive", .usage),
    ])
    func tellsOneProblemOnEachLine(_ verb: String, _ status: ApplicationStatus) async throws {
        try await withTemporaryDirectory { directory in
            let result = try await run(
                verb + " --config CONFIG",
                "{\n  \"a\": 1,\n  \"pipelines\": []\n}",
                in: directory
            )
            #expect(result.status == status)
            let path = directory + "/config.json"
            #expect(
                result.transcript.diagnostics == """
                    \(path):2:3: a: is not known here; there are $schema, offsets, runtime, pipelines
                    \(path):3:16: pipelines: is an object in braces, not a list

                    """
            )
        }
    }

    @Test func severalPipelinesHaveToBeToldApart() async throws {
        let one = #"{ "source": { "type": "generator" }, "sinks": [ { "type": "vault", "password": "1" } ] }"#
        try await withTemporaryDirectory { directory in
            let result = try await run(
                "redrive --config CONFIG",
                #"{ "pipelines": { "a": \#(one), "b": \#(one) } }"#,
                in: directory
            )
            #expect(result.status == .usage)
            #expect(result.transcript.diagnostics.contains("choose one by --pipeline: a, b"))
        }
    }

    @Test func offsetsAreListedOfThePipelinesThatHaveSome() async throws {
        let one = #"{ "source": { "type": "generator", "count": 1 }, "sinks": [ { "type": "vault", "password": "1" } ]"#
        let store = #""offsets": { "type": "file", "path": "${env:DIRECTORY}/state" }"#
        try await withTemporaryDirectory { directory in
            let configuration = #"{ "pipelines": { "a": \#(one) }, "b": \#(one), \#(store) } } }"#
            _ = try await run("run --config CONFIG", configuration, in: directory)
            let result = try await run("offsets list --config CONFIG", configuration, in: directory)
            #expect(result.transcript.output.hasPrefix("b\tsequence:"), "\(result.transcript.output)")
            #expect(result.transcript.diagnostics.contains("a: "), "\(result.transcript.diagnostics)")
            #expect(result.status == .done)
            let named = try await run("offsets list --config CONFIG --pipeline a", configuration, in: directory)
            #expect(named.status == .usage)
        }
    }

    // MARK: Secrets

    /// Whatever is done and whatever goes wrong: nothing that is written holds the secret.
    @Test(
        arguments: [
            "run --config CONFIG", "run --config CONFIG --log-format json --log-level debug", "check --config CONFIG",
            "redrive --config CONFIG", "settings vault", "settings --format json-schema",
            "offsets list --config CONFIG", "offsets reset @planted-secret --config CONFIG",
            "offsets set sequence:1@planted-secret --config CONFIG",
            "offsets list --config CONFIG --pipeline planted-secret",
        ]
    )
    func `S97: nothing that is written holds the secret`(_ arguments: String) async throws {
        let logs = TestLogs()
        try await VaultSink.$logs.withValue(logs) {
            for extra in [
                "", ", \"fails\": true", ", \"fails\": \"${env:PASSWORD}\"", ", \"log\": \"forbidden\"",
                ", \"log\": \"leaking\"",
            ] {
                try await withTemporaryDirectory { directory in
                    let configuration = Self.configuration.replacing(
                        "\"${env:PASSWORD}\"",
                        with: "\"${env:PASSWORD}\"\(extra)"
                    )
                    let result = try await run(arguments, configuration, in: directory)
                    let written = result.transcript.output + result.transcript.diagnostics
                    #expect(!written.contains("planted"), "\(written)")
                    #expect(!written.isEmpty || arguments.hasPrefix("offsets"))
                }
            }
        }
    }

    @Test func aFailingSinkIsNamedByCheckAndRun() async throws {
        try await withTemporaryDirectory { directory in
            let configuration = Self.configuration.replacing(
                "\"${env:PASSWORD}\"",
                with: "\"${env:PASSWORD}\", \"fails\": true"
            )
            let check = try await run("check --config CONFIG", configuration, in: directory)
            #expect(check.status == .failed)
            #expect(check.transcript.output.hasPrefix("orders: FAILED\n"))
            #expect(
                check.transcript.output.contains("  FAILED vault: does not work: the vault"),
                "\(check.transcript.output)"
            )
            let run = try await run("run --config CONFIG", configuration, in: directory)
            #expect(run.status == .failed || run.status == .usage)
            #expect(run.transcript.diagnostics.contains("\ntested: "))
        }
    }
}
