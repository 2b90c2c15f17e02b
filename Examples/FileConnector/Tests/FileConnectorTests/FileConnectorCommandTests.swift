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

/// What the built `file-connector` does and says.
@Suite struct FileConnectorCommandTests {
    /// A command line that is wrong, or cannot work where it is given.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let arguments: String
        var status: Int32 = 2
        /// What the one message says.
        let says: [String]
    }

    static let usage = [
        Wrong(testDescription: "nothing", arguments: "", says: ["run", "--help"]),
        Wrong(testDescription: "another verb", arguments: "copy", says: ["copy", "run"]),
        Wrong(testDescription: "no input", arguments: "run --to o --state s", says: ["--from PATH"]),
        Wrong(testDescription: "no output", arguments: "run --from in --state s", says: ["--to PATH"]),
        Wrong(testDescription: "no state", arguments: "run --from in --to o", says: ["--state DIR"]),
        Wrong(testDescription: "no value", arguments: "run --from in --to o --state", says: ["--state needs a value"]),
        Wrong(testDescription: "an unknown option", arguments: "run --fast", says: ["--fast", "--follow"]),
        Wrong(testDescription: "no option", arguments: "run in", says: ["'in'", "--from"]),
        Wrong(testDescription: "two outputs", arguments: "run --to a --to b", says: ["--to is given twice"]),
        Wrong(testDescription: "a value for none", arguments: "run --quiet=yes", says: ["--quiet takes no value"]),
        Wrong(testDescription: "another format", arguments: "run --format xml", says: ["xml", "lines", "cloudevents"]),
        Wrong(testDescription: "no time", arguments: "run --commit-interval 5", says: ["5", "1s"]),
        Wrong(testDescription: "no number", arguments: "run --batch 0", says: ["0", "1000000"]),
    ]

    static let paths = [
        Wrong(
            testDescription: "a missing input",
            arguments: "run --from no --to o --state s",
            says: ["no'", "does not exist"]
        ),
        Wrong(
            testDescription: "a directory as input",
            arguments: "run --from d --to o --state s",
            says: ["/d'", "directory"]
        ),
        Wrong(
            testDescription: "an input given twice",
            arguments: "run --from in --from d/../in --to o --state s",
            says: ["/in'", "same input"]
        ),
        Wrong(
            testDescription: "a directory as output",
            arguments: "run --from in --to d --state s",
            says: ["/d'", "directory"]
        ),
        Wrong(
            testDescription: "an output in no directory",
            arguments: "run --from in --to no/o --state s",
            says: ["no", "does not exist"]
        ),
        Wrong(
            testDescription: "a device as output",
            arguments: "run --from in --to /dev/full --state s",
            says: ["/dev/full"]
        ),
        Wrong(
            testDescription: "the input as output",
            arguments: "run --from in --to in --state s",
            says: ["same file"]
        ),
        Wrong(
            testDescription: "an output with content",
            arguments: "run --from in --to old --state s",
            says: ["/old'", "--append"]
        ),
        Wrong(
            testDescription: "a file as state",
            arguments: "run --from in --to o --state old",
            says: ["old", "directory"]
        ),
    ]

    @Test(arguments: usage + paths) func refuses(_ wrong: Wrong) async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            let result = try await run(wrong.arguments, in: directory)
            #expect(result.exit == .exited(wrong.status), "\(result.standardError)")
            expectOneMessage(result, saying: wrong.says)
            #expect(try directory.text(of: "old") == "old\n")
            #expect(try directory.text(of: "in") == "one\ntwo\nthree\n")
        }
    }

    @Test(.enabled(if: getuid() != 0, "root may read and write everything"))
    func refusesWhatItMayNotReadOrWrite() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            for (name, arguments) in [
                ("in", "run --from in --to o --state s"), ("old", "run --from in --to old --state s"),
            ] {
                chmod(directory[name], 0)
                let result = try await run(arguments, in: directory)
                chmod(directory[name], 0o644)
                #expect(result.exit == .exited(2))
                expectOneMessage(result, saying: [name, "ermission"])
            }
        }
    }

    @Test func explainsItself() async throws {
        for arguments in [["--help"], ["-h"], ["run", "--help"]] {
            let result = try await Executable.command(arguments).run()
            #expect(result.exit == .exited(0))
            #expect(result.standardError.isEmpty)
            for word in [
                "--from", "--to", "--state", "--format", "--follow", "--commit-interval", "--batch", "--append",
                "--bypass-cache", "--quiet", "--help", "STATUS",
            ] {
                #expect(result.standardOutput.contains(word))
            }
        }
    }

    @Test func copiesSumsUpAndAddsNothingTheSecondTime() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            let first = try await run("run --from in --to o --state s", in: directory)
            #expect(first.exit == .exited(0))
            #expect(first.standardOutput.isEmpty)
            #expect(first.standardError.hasPrefix("3 records, ") && first.standardError.hasSuffix(" s\n"))
            #expect(first.standardError.split(separator: "\n").count == 1)
            let second = try await run("run --from in --to o --state s", in: directory)
            #expect(second.exit == .exited(0))
            #expect(second.standardError.hasPrefix("0 records, "))
            #expect(try directory.text(of: "o") == "one\ntwo\nthree\n")
            try directory.append("four\n", to: "in")
            let third = try await run("run --from in --to o --state s --quiet", in: directory)
            #expect(third.exit == .exited(0))
            #expect(third.standardError.isEmpty && third.standardOutput.isEmpty)
            #expect(try directory.text(of: "o") == "one\ntwo\nthree\nfour\n")
        }
    }

    @Test func appendsWhereAsked() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            let result = try await run("run --from in --to old --state s --append", in: directory)
            #expect(result.exit == .exited(0), "\(result.standardError)")
            #expect(try directory.text(of: "old") == "old\none\ntwo\nthree\n")
        }
    }

    /// The lines of a rotated file must not be passed over because the process has too many files open.
    @Test func waitsWhereItCannotOpenAllRotatedFiles() async throws {
        try await withCrashDirectory { directory in
            try directory.write("0\n", to: "in")
            #expect(try await run("run --from in --to o --state s", in: directory).exit == .exited(0))
            try FileSystem.rename(directory["in"], to: directory["in.39"])
            for age in 1..<39 { try directory.write("\(39 - age)\n", to: "in.\(age)") }
            try directory.write("39\n", to: "in")
            var limited = try command("run --from in --to o --state s", in: directory)
            limited.arguments = ["-c", "ulimit -n 32; exec \"$0\" \"$@\"", limited.executable] + limited.arguments
            limited.executable = "/bin/sh"
            try await withChildProcess(limited) { child in
                try await eventually("it says so, and waits") { child.standardError.contains("cannot open") }
                child.send(SIGTERM)
                #expect(await child.wait() == .exited(1))
            }
            #expect(try directory.text(of: "o") == "0\n")
            #expect(try await run("run --from in --to o --state s", in: directory).exit == .exited(0))
            #expect(try directory.text(of: "o") == (0..<40).map { "\($0)\n" }.joined())
        }
    }

    // MARK: The state

    @Test func acceptsFurtherInputsAndMissesKnownOnes() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            try directory.write("more\n", to: "more")
            #expect(try await run("run --from in --to o --state s", in: directory).exit == .exited(0))
            #expect(try await run("run --from in --from more --to o --state s", in: directory).exit == .exited(0))
            let result = try await run("run --from in --to o --state s", in: directory)
            #expect(result.exit == .exited(2))
            expectOneMessage(result, saying: ["/more'", "--from"])
            #expect(try directory.text(of: "o") == "one\ntwo\nthree\nmore\n")
        }
    }

    @Test(arguments: [("--to other", ["/o'", "/other'"]), ("--to o --format cloudevents", ["lines", "cloudevents"])])
    func refusesTheStateOfAnotherOutput(further: String, says: [String]) async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            #expect(try await run("run --from in --to o --state s", in: directory).exit == .exited(0))
            let result = try await run("run --from in --state s " + further, in: directory)
            #expect(result.exit == .exited(2))
            expectOneMessage(result, saying: says)
            #expect(try directory.text(of: "o") == "one\ntwo\nthree\n")
        }
    }

    @Test func refusesADamagedState() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            #expect(try await run("run --from in --to o --state s", in: directory).exit == .exited(0))
            let log = directory["s/offsets.log"]
            let bytes = try FileSystem.contents(of: log)
            try directory.append("four\n", to: "in")
            for index in stride(from: 0, to: bytes.count, by: max(bytes.count / 7, 1)) + [bytes.count - 1] {
                var damaged = bytes
                damaged[index] ^= 0x10
                try directory.write(damaged, to: "s/offsets.log")
                let result = try await run("run --from in --to o --state s", in: directory)
                #expect(result.exit == .exited(1), "byte \(index) of \(bytes.count)")
                expectOneMessage(result, saying: ["offsets.log"])
                #expect(try directory.text(of: "o") == "one\ntwo\nthree\n")
            }
            try directory.write(bytes, to: "s/offsets.log")
            #expect(try await run("run --from in --to o --state s", in: directory).exit == .exited(0))
            #expect(try directory.text(of: "o") == "one\ntwo\nthree\nfour\n")
        }
    }

    @Test func refusesTheStateOfARunningProcess() async throws {
        try await withCrashDirectory { directory in
            try prepare(directory)
            try await withChildProcess(command("run --from in --to o --state s --follow", in: directory)) { child in
                try await eventually("output") { size(of: directory["o"]) == 14 }
                let result = try await run("run --from in --to other --state s", in: directory)
                #expect(result.exit == .exited(2) || result.exit == .exited(1))
                expectOneMessage(result, saying: ["\(child.identifier)", "'s'"])
                #expect(child.exit == nil)
            }
        }
    }

    // MARK: Stopping, and room

    @Test(arguments: [SIGTERM, SIGINT]) func stopsGracefullyAndGoesOn(signal: Int32) async throws {
        try await withCrashDirectory { directory in
            try directory.write(numberedLines(200_000, of: "in"), to: "in")
            let arguments = "run --from in --to o --state s"
            try await withChildProcess(command(arguments + " --follow --batch 1", in: directory)) { child in
                try await eventually("output") { size(of: directory["o"]) > 0 }
                child.send(signal)
                #expect(await child.wait() == .exited(0))
                #expect(child.standardError.contains(" records, "))
                #expect(child.standardOutput.isEmpty)
            }
            try directory.append("more\n", to: "in")
            #expect(try await run(arguments, in: directory).exit == .exited(0))
            let check = try OutputCheck(output: directory["o"], inputs: [directory["in"]])
            #expect(check.isExact, "\(check)")
        }
    }

    @Test(arguments: ["lines", "cloudevents"]) func goesOnWhenThereIsRoomAgain(format: String) async throws {
        try await withCrashDirectory { directory in
            try directory.write(numberedLines(5000, of: "in"), to: "in")
            let arguments = "run --from in --state s --commit-interval 1ms --batch 50 --format \(format) --to "
            var limited = try command(arguments + "o", in: directory)
            for _ in 0..<2 {
                limited.maximumFileSize = 100_352
                let result = try await limited.run()
                #expect(result.exit == .exited(1))
                expectOneMessage(result, saying: ["/o'", "nothing is lost"])
                #expect(size(of: directory["o"]) <= 100_352)
            }
            #expect(try await run(arguments + "o", in: directory).exit == .exited(0))
            #expect(
                try await run(arguments.replacing("state s", with: "state t") + "p", in: directory).exit == .exited(0)
            )
            let check = try OutputCheck(output: directory["o"], inputs: [directory["p"]])
            #expect(check.isExact && check.found == 5000, "\(check)")
        }
    }
}

extension FileConnectorCommandTests {
    private func prepare(_ directory: TemporaryDirectory) throws {
        try directory.write("one\ntwo\nthree\n", to: "in")
        try directory.write("old\n", to: "old")
        try directory.makeDirectory("d")
    }

    /// A command line without spaces in its words, with paths in the directory.
    private func command(_ arguments: String, in directory: TemporaryDirectory) throws -> ProcessCommand {
        var command = try Executable.command(arguments.split(separator: " ").map(String.init))
        command.workingDirectory = directory.path
        return command
    }

    private func run(_ arguments: String, in directory: TemporaryDirectory) async throws -> ProcessResult {
        try await command(arguments, in: directory).run()
    }

    /// Nothing on standard output, and one message on standard error.
    private func expectOneMessage(_ result: ProcessResult, saying words: [String]) {
        #expect(result.standardOutput.isEmpty)
        #expect(result.standardError.hasPrefix("file-connector: "))
        #expect(result.standardError.split(separator: "file-connector: ").count == 1, "\(result.standardError)")
        for word in words { #expect(result.standardError.contains(word), "\(result.standardError)") }
    }
}
