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

/// Runs a test with a directory of its own, and removes it afterwards.
func withScratchDirectory(_ body: (String) async throws -> Void) async throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let path = "\(base)/openconnect-crash-\(UInt64.random(in: .min ... .max))"
    try #require(mkdir(path, 0o700) == 0)
    do {
        try await body(path)
    } catch {
        _ = try await ProcessCommand("rm", ["-rf", path]).run()
        throw error
    }
    _ = try await ProcessCommand("rm", ["-rf", path]).run()
}

func write(_ text: String, to path: String, appending: Bool = false) throws {
    let file = try #require(fopen(path, appending ? "a" : "w"))
    fputs(text, file)
    try #require(fclose(file) == 0)
}

func contents(of path: String) throws -> String {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var text: [UInt8] = []
    var byte = fgetc(file)
    while byte != EOF {
        text.append(UInt8(byte))
        byte = fgetc(file)
    }
    return String(decoding: text, as: UTF8.self)
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// A program in the shell's language.
func shell(_ script: String, _ arguments: String...) -> ProcessCommand {
    ProcessCommand("/bin/sh", ["-c", script, "sh"] + arguments)
}

/// Whether there is a process with that number, a zombie included.
func exists(_ identifier: Int32) -> Bool { kill(identifier, 0) == 0 }

/// Waits for something that will happen.
func eventually(_ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(1800)
    while try !condition() {
        try #require(ContinuousClock.now < deadline)
        try await Task.sleep(for: .milliseconds(1))
    }
}
