// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnectFiles
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The built `file-connector` with a configuration.
@Suite struct FileConnectorConfigurationTests {
    private static let configuration = """
        {
          // Two files into one, and a second pipeline that follows.
          "offsets": { "type": "file", "path": "state" },
          "pipelines": {
            "copy": {
              "source": { "type": "file", "paths": ["one", "${env:SECOND:-two}"] },
              "sinks": [ { "type": "file", "path": "out" }, { "type": "file", "path": "events", "format": "cloudevents", "name": "events" } ],
              "deadLetters": { "type": "file", "path": "dead.jsonl" },
              "delivery": { "commitInterval": "10ms", "onError": "deadLetter" },
            },
          },
        }
        """
    private static let following = """
        { "offsets": { "type": "file", "path": "state" }, "pipelines": { "follow": {
          "source": { "type": "file", "path": "one", "follow": true, "pollInterval": "1ms" },
          "sinks": [ { "type": "file", "path": "out" } ], "delivery": { "commitInterval": "10ms" } } } }
        """

    private func prepare(_ directory: TemporaryDirectory, _ configuration: String = configuration) throws {
        try directory.write("a\nb\n", to: "one")
        try directory.write("c\n", to: "two")
        try directory.write(configuration, to: "c.json")
    }

    private func command(_ arguments: String, in directory: TemporaryDirectory) throws -> ProcessCommand {
        var command = try Executable.command(arguments.split(separator: " ").map(String.init))
        command.workingDirectory = directory.path
        return command
    }

    @Test func runsChecksAndResets() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            let check = try await command("check --config c.json", in: directory).run()
            #expect(check.exit == .exited(0), "\(check.standardError)")
            #expect(check.standardOutput.hasPrefix("copy: ok\n  delivers exactly once\n"))
            let run = try await command("run --config c.json --log-format json", in: directory).run()
            #expect(run.exit == .exited(0), "\(run.standardError)")
            #expect(run.standardError.contains(#""event":"delivery.guarantee""#))
            #expect(try Set(directory.text(of: "out").split(separator: "\n")) == ["a", "b", "c"])
            #expect(try directory.text(of: "events").split(separator: "\n").count == 3)

            try directory.append("d\n", to: "two")
            #expect(try await command("run --config c.json --quiet", in: directory).run().standardError.isEmpty)
            #expect(try directory.text(of: "out").hasSuffix("d\n"))
            let reset = try await command("offsets reset --config c.json @\(directory["one"])", in: directory).run()
            #expect(reset.standardOutput.contains("→ nothing"), "\(reset.standardError)")
            _ = try await command("run --config c.json", in: directory).run()
            #expect(try directory.text(of: "out").hasSuffix("d\na\nb\n"))
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalDrains(signal: Int32) async throws {
        try await withCrashDirectory { directory in
            try prepare(directory, Self.following)
            try await withChildProcess(command("run --config c.json", in: directory)) { child in
                try await eventually("output") { size(of: directory["out"]) == 4 }
                child.send(signal)
                #expect(await child.wait() == .exited(0))
                #expect(child.standardError.contains("the pipeline \"follow\" is stopped"))
                #expect(child.standardOutput.isEmpty)
            }
            try directory.append("c\n", to: "one")
            try await withChildProcess(command("run --config c.json", in: directory)) { child in
                try await eventually("output") { size(of: directory["out"]) == 6 }
                child.send(SIGKILL)
                _ = await child.wait()
            }
            #expect(try directory.text(of: "out") == "a\nb\nc\n")
        }
    }

    @Test(
        arguments: [
            ("run --config c.json --from x", "--from cannot be given together with --config"),
            ("run --config=c.json --follow", "--follow cannot be given together with --config"),
            ("run --config nowhere.json", "the configuration cannot be read"),
        ]
    )
    func refuses(_ arguments: String, _ words: String) async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            let result = try await command(arguments, in: directory).run()
            #expect(result.exit == .exited(2))
            #expect(result.standardError.hasPrefix("file-connector: ") && result.standardError.contains(words))
        }
    }

    @Test(arguments: ["one", "./one", "link", "hard"]) func refusesItsInputAsOutput(name: String) async throws {
        try await withCrashDirectory { directory in
            let configuration = Self.following.replacing(
                #""path": "out""#,
                with: #""append": true, "path": "\#(name)""#
            )
            try prepare(directory, configuration)
            try #require(symlink("one", directory["link"]) == 0 && link(directory["one"], directory["hard"]) == 0)
            let result = try await command("run --config c.json", in: directory).run()
            #expect(result.exit == .exited(2), "\(result.standardError)")
            #expect(result.standardError.contains("is also an output of the pipeline 'follow'"))
            #expect(try directory.text(of: "one") == "a\nb\n")
        }
    }

    @Test func tellsEveryMistakeAtItsPlace() async throws {
        try await withCrashDirectory { directory in
            try prepare(
                directory,
                #"""
                { "pipelines": { "copy": {
                  "source": { "type": "file", "path": "one", "paths": ["two"], "follows": true },
                  "sinks": [ { "type": "file", "format": "xml" } ] } } }
                """#
            )
            let result = try await command("run --config c.json", in: directory).run()
            #expect(result.exit == .exited(2))
            #expect(
                result.standardError == """
                    c.json:2:55: pipelines.copy.source.paths: cannot be given together with "path"
                    c.json:2:64: pipelines.copy.source.follows: is no setting: did you mean 'follow'?
                    c.json:3:14: pipelines.copy.sinks[0]: "path" is missing: The file, which is made if it is missing; its \
                    directory has to exist.
                    c.json:3:42: pipelines.copy.sinks[0].format: is one of lines, cloudevents, not 'xml'

                    """
            )
        }
    }
}
