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

@Suite("Two processes and one claim", .timeLimit(.minutes(10)))
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

    @Test("S30 G2: a standby waits for the files of a process that stands still, and goes on when it is killed")
    func standby() async throws {
        try await withTemporaryDirectory { directory in
            let command = try ProcessCommand(built: "takeover-fixture", [directory, "files", "put"])
            try await withChildProcess(command) { owner in
                try await wait(for: "frozen", from: owner)
                let standby = command.with(arguments: [directory, "files", "-", "wait"])
                try await withChildProcess(standby) { standby in
                    try await wait(for: "waiting", from: standby)
                    owner.send(SIGKILL)
                    #expect(await standby.wait() == .exited(0), "\(standby.standardOutput)")
                }
            }
            #expect(Set(try numbers(in: directory)) == Set(0..<100))
        }
    }

    @Test("S30: files in use by another process cannot be taken over, and their owner goes on unharmed")
    func noTakeOver() async throws {
        try await withTemporaryDirectory { directory in
            let command = try ProcessCommand(built: "takeover-fixture", [directory, "files", "put"])
            try await withChildProcess(command) { owner in
                try await wait(for: "frozen", from: owner)
                let rival = try await command.with(arguments: [directory, "files", "-", "takeOver"]).run()
                #expect(rival.exit == .exited(4))
                #expect(
                    rival.standardOutput.contains("process \(owner.identifier); it cannot be taken over from there")
                )
                while try await owner.wait(atMost: .milliseconds(50)) == nil { owner.send(SIGCONT) }
                #expect(await owner.wait() == .exited(0), "\(owner.standardOutput)")
            }
            #expect(try numbers(in: directory) == Array(0..<100))
        }
    }

    private func wait(for line: String, from process: ChildProcess) async throws {
        while !process.standardOutput.contains(line) {
            try #require(try await process.wait(atMost: .milliseconds(5)) == nil, "\(process.standardOutput)")
        }
    }

    private func numbers(in directory: String) throws -> [Int] {
        try lines("output", in: directory).dropFirst(2).compactMap { Int($0.prefix { $0 != " " }) }
    }

    /// Freezes a process at a step, lets another do all the work, and thaws the first.
    private func takeOver(
        _ directory: String,
        _ sink: String,
        freezingAt step: String
    ) async throws -> (exit: ProcessExit, output: String) {
        let command = try ProcessCommand(built: "takeover-fixture", [directory, sink])
        return try await withChildProcess(command.with(arguments: [directory, sink, step])) { zombie in
            try await wait(for: "frozen", from: zombie)
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
