// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import OpenConnectFiles
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What becomes of an answer that cannot be written.
@Suite struct ApplicationConsoleTests {
    @Test(arguments: ["--version", "--help", "settings", "run --help", "settings generator"])
    func anAnswerThatCannotBeWrittenIsAFailure(_ arguments: String) async throws {
        let transcript = Transcript()
        let console = ApplicationConsole(
            output: { _ in throw ConnectorError(.fatal, "there is no room") },
            diagnostics: transcript.console.diagnostics,
            abandon: transcript.console.abandon
        )
        let references = SettingReferences(variable: { _ in nil }, file: { _ in "" })
        let application = ConnectorApplication(name: "tested", version: "1", console: console, references: references)
        let status = await application.run(arguments.split(separator: " ").map(String.init))
        #expect(status == .failed)
        #expect(transcript.diagnostics == "tested: there is no room\n")
    }

    #if os(Linux)
    @Test func theSystemSaysWhyItTakesNothing() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        defer { close(full) }
        #expect(ApplicationConsole.write("text", to: full) == "No space left on device")
    }
    #endif

    /// Whoever shares a pipe may have made it one that does not block.
    @Test func everythingIsWrittenIntoAPipeThatDoesNotBlock() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        try #require(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
        let text = String(repeating: "0123456789abcdef", count: 1 << 16)
        let reader = Task.detached {
            var (all, piece) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
            while case let count = read(reading, &piece, piece.count), count > 0 { all += piece[..<count] }
            close(reading)
            return String(decoding: all, as: UTF8.self)
        }
        let failure = ApplicationConsole.write(text, to: writing)
        close(writing)
        #expect(failure == nil)
        #expect(await reader.value == text)
    }
}
