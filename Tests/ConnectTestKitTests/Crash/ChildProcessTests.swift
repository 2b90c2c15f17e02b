// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite struct ChildProcessTests {
    @Test(arguments: [
        ("exit 0", ProcessExit.exited(0)), ("exit 3", .exited(3)), ("exit 255", .exited(255)),
        ("kill -KILL $$", .signalled(9)), ("kill -TERM $$", .signalled(15)),
        ("trap 'exit 7' TERM; kill -TERM $$", .exited(7)),
    ])
    func saysHowItEnded(script: String, exit: ProcessExit) async throws {
        #expect(try await shell(script).run().exit == exit)
    }

    @Test func keepsItsOutputs() async throws {
        let result = try await shell("echo out; echo err >&2; echo \"$1\"", "two words").run()
        #expect(result.standardOutput == "out\ntwo words\n")
        #expect(result.standardError == "err\n")
    }

    @Test func keepsMoreThanAPipeHolds() async throws {
        let result = try await ProcessCommand("head", ["-c", "1000000", "/dev/zero"]).run()
        #expect(result.standardOutput.utf8.count == 1_000_000)
    }

    @Test func appendsItsOutputsToFiles() async throws {
        try await withScratchDirectory { directory in
            var command = shell("echo out; echo err >&2")
            command.standardOutput = directory + "/out"
            command.standardError = directory + "/err"
            for _ in 0..<2 {
                let result = try await command.run()
                #expect(result.standardOutput.isEmpty && result.standardError.isEmpty)
            }
            let texts = try ["/out", "/err"].map { try contents(of: directory + $0) }
            #expect(texts == ["out\nout\n", "err\nerr\n"])
        }
    }

    @Test func hasNothingToRead() async throws {
        #expect(try await shell("cat; echo end").run().standardOutput == "end\n")
    }

    @Test func takesEnvironmentAndDirectory() async throws {
        try await withScratchDirectory { directory in
            var command = shell("pwd -P; echo \"$ADDED\"; echo \"${PATH:+inherited}\"")
            command.environment = ["ADDED": "a=b c"]
            command.workingDirectory = directory
            let lines = try await command.run().standardOutput.split(separator: "\n")
            #expect(try #require(lines.first).hasSuffix(directory.split(separator: "/").last!))
            #expect(lines.dropFirst() == ["a=b c", "inherited"])
        }
    }

    @Test func limitsTheSizeOfFiles() async throws {
        try await withScratchDirectory { directory in
            var command = ProcessCommand("dd", ["if=/dev/zero", "of=big", "bs=512", "count=8"])
            command.workingDirectory = directory
            command.maximumFileSize = 2048
            let result = try await command.run()
            #expect(result.exit == .exited(1), "\(result.standardError)")
            #expect(try contents(of: directory + "/big").utf8.count == 2048)
        }
    }

    @Test func cannotStartWhatIsNotThere() async throws {
        let error = await #expect(throws: CrashTestError.self) { try await ProcessCommand("/no/such/program").run() }
        #expect(error?.code == .cannotStart)
        #expect(error?.message.contains("/no/such/program") == true)
    }

    @Test func endsAtItsLimit() async throws {
        let error = await #expect(throws: CrashTestError.self) {
            try await shell("echo words >&2; exec sleep 1000").run(atMost: .milliseconds(200))
        }
        #expect(error?.code == .timeLimit)
    }

    @Test func obeysASignal() async throws {
        try await withChildProcess(shell("trap 'echo bye; exit 0' INT; echo ready; while :; do sleep 0.01; done")) {
            child in
            try await eventually { child.standardOutput == "ready\n" }
            #expect(child.send(SIGINT))
            #expect(await child.wait() == .exited(0))
            #expect(child.standardOutput == "ready\nbye\n")
            #expect(!child.send(SIGINT))
        }
    }

    @Test func isNotWaitedForForeverWhereSomebodyElseHasCollectedIt() async throws {
        let exit = try await withChildProcess(shell("exit 3")) { child in
            var status: Int32 = 0
            #expect(waitpid(child.identifier, &status, 0) == child.identifier)
            return await child.wait()
        }
        #expect(exit == .unknown)
    }

    @Test func doesNotOutliveItsScope() async throws {
        struct Expected: Error {}
        var identifier: Int32 = 0
        await #expect(throws: Expected.self) {
            try await withChildProcess(ProcessCommand("sleep", ["1000"])) { child in
                identifier = child.identifier
                throw Expected()
            }
        }
        #expect(identifier > 0)
        #expect(!exists(identifier))
    }

    @Test func isKilledByCancellation() async throws {
        try await withScratchDirectory { directory in
            let note = directory + "/pid"
            let task = Task {
                try await withChildProcess(shell("echo $$ > \"$1.new\"; mv \"$1.new\" \"$1\"; exec sleep 1000", note)) {
                    await $0.wait()
                }
            }
            try await eventually { access(note, F_OK) == 0 }
            task.cancel()
            #expect(try await task.value == .signalled(SIGKILL))
            let text = try contents(of: note)
            #expect(!exists(try #require(Int32(text.dropLast()))))
        }
    }

    #if os(Linux)
    @Test func leavesNoDescriptorOpen() async throws {
        // Only the files of children's outputs: other tests open hundreds of files at the same time.
        func count() async throws -> Int {
            let output = try await shell("ls -l /proc/\(getpid())/fd").run().standardOutput
            return output.split(separator: "\n").count { $0.contains("child-output-") }
        }
        let before = try await count()
        for _ in 0..<60 { _ = try await shell("exit 0").run() }
        #expect(try await count() < before + 60)
    }
    #endif
}
