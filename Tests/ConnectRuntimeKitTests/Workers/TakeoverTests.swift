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

@Suite("Two processes and one claim", .timeLimit(.minutes(2)))
struct TakeoverTests {
    @Test("S30 G12 G4: a process that was suspended in a put and wakes up as an old owner can put no more")
    func fencedByTheSink() async throws {
        try await withTemporaryDirectory { directory in
            let zombie = try await takeOver(directory, "table", freezingAt: "put")
            #expect(zombie.exit == .exited(3), "\(zombie.output)")
            let rows = try lines("output", in: directory).dropFirst(2).map { $0.split(separator: " ") }
            #expect(rows.map { String($0[0]) } == (0..<100).map(String.init))
            #expect(Set(rows.map { String($0[1]) }) == ["1", "2"], "both have written")
        }
    }

    @Test("S30 G12 G2: one that was suspended before it stored its offsets cannot set back those of the new owner")
    func fencedByTheStore() async throws {
        try await withTemporaryDirectory { directory in
            let zombie = try await takeOver(directory, "list", freezingAt: "flush")
            #expect(zombie.exit == .exited(3), "\(zombie.output)")
            #expect(try lines("offsets", in: directory) == ["2", "99 100"])
            let rows = try lines("output", in: directory).dropFirst(2).map { String($0.split(separator: " ")[0]) }
            // A plain sink cannot be fenced: what was put and not committed is there twice.
            #expect(Set(rows) == Set((0..<100).map(String.init)) && rows.count > 100)
        }
    }

    /// Freezes a process at a step, lets another do all the work, and thaws the first.
    private func takeOver(
        _ directory: String,
        _ sink: String,
        freezingAt step: String
    ) async throws -> (exit: ProcessExit, output: String) {
        let command = try ProcessCommand(built: "takeover-fixture", [directory, sink])
        return try await withChildProcess(command.with(arguments: [directory, sink, step])) { zombie in
            while !zombie.standardOutput.contains("frozen") {
                try #require(try await zombie.wait(atMost: .milliseconds(5)) == nil, "\(zombie.standardOutput)")
            }
            let successor = try await command.run()
            #expect(successor.exit == .exited(0), "\(successor.standardOutput)")
            // It may have been on its way to its freezing, and then misses the first signal.
            while try await zombie.wait(atMost: .milliseconds(50)) == nil { zombie.send(SIGCONT) }
            return (await zombie.wait(), zombie.standardOutput)
        }
    }

    private func lines(_ name: String, in directory: String) throws -> [String] {
        let bytes = try FileSystem.contents(of: FileSystem.join(directory, name))
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
