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

/// The built command, from its standard input to its status.
struct ExecutableTests {
    private func run(_ input: String, _ arguments: String) async throws -> ProcessResult {
        let script = "printf '%s' \"$1\" | \"$0\" " + arguments
        return try await ProcessCommand(
            "/bin/sh",
            ["-c", script, ProcessCommand(built: "cloudevents").executable, input]
        ).run()
    }

    @Test("The program reads standard input, and tells its result by outputs and status")
    func program() async throws {
        let valid = try await run(Example.event, "validate")
        #expect(valid.exit == .exited(0) && valid.standardError.isEmpty)
        #expect(valid.standardOutput == "event 1: valid, t from /s, id 1\n")
        let invalid = try await run("{}", "validate")
        #expect(invalid.exit == .exited(1) && invalid.standardOutput.isEmpty)
        #expect(invalid.standardError.hasPrefix("cloudevents: event 1: line 1, column "))
        let wrong = try await run("", "validate --nothing")
        #expect(wrong.exit == .exited(2) && wrong.standardError.hasPrefix("cloudevents: --nothing is no option"))
        let large = try await run("", "--help > /dev/null; head -c 300000 /dev/zero | \"$0\" validate --from json")
        #expect(large.exit == .exited(1))
        #if os(Linux)
        let full = try await run(Example.event, "validate > /dev/full")
        #expect(full.exit == .exited(1) && full.standardError.contains("standard output cannot be written: "))
        #endif
    }
}
