// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnectFiles
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The built `file-connector`.
enum Executable {
    static func command(_ arguments: [String]) throws -> ProcessCommand {
        try ProcessCommand(built: "file-connector", arguments)
    }

    /// `file-connector run`.
    static func run(
        _ inputs: [String],
        to output: String,
        state: String,
        _ further: [String] = []
    ) throws -> ProcessCommand {
        try command(["run"] + inputs.flatMap { ["--from", $0] } + ["--to", output, "--state", state] + further)
    }
}

struct CrashTestProblem: Error, CustomStringConvertible {
    let description: String
}

/// What a crash test is told from outside.
enum CrashSettings {
    /// `CRASH_SEED` repeats the moments of an earlier run.
    static let seed = number("CRASH_SEED") ?? .random(in: .min ... .max)
    /// `CRASH_KILLS` asks for more kills, or fewer.
    static let kills = Int(number("CRASH_KILLS") ?? 30)

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}

/// Runs a test in a directory of its own, whatever the test leaves in it.
func withCrashDirectory(_ body: (TemporaryDirectory) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(directory)) } catch { outcome = .failure(error) }
    _ = try await ProcessCommand("rm", ["-rf", directory.path]).run()
    try outcome.get()
}

/// The numbered lines of an input, all different.
func numberedLines(_ count: Int, of name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 50)
    for number in 0..<count { bytes += "\(name) line \(number) of some words that end here\n".utf8 }
    return bytes
}

func size(of path: String) -> Int64 { (try? FileSystem.statusIfPresent(of: path)?.size) ?? 0 }

func remove(_ paths: [String]) throws {
    for path in paths { try FileSystem.remove(path) }
}

/// Forgets how far the work has come.
func removeState(_ directory: String) throws {
    guard try FileSystem.statusIfPresent(of: directory) != nil else { return }
    for name in try FileSystem.list(directory) { try FileSystem.remove(FileSystem.join(directory, name)) }
}

/// Waits for something that will happen.
func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(180)
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw CrashTestProblem(description: "never happened: \(what)") }
        try await Task.sleep(for: .milliseconds(1))
    }
}
