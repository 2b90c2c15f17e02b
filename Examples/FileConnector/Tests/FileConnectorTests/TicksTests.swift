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

/// The executable that the README shows: an own source, the file sink and the whole command line.
@Suite struct TicksTests {
    @Test func hasAtMostFortyLines() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(5).joined(separator: "/")
        let readme = String(decoding: try FileSystem.contents(of: root + "/README.md"), as: UTF8.self)
        let block = try #require(readme.split(separator: "<!-- snippet: Ticks -->\n```swift\n").last)
        let code = try #require(block.split(separator: "\n```").first)
        #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count <= 40)
        #expect(code.contains("ConnectorApplication") && code.contains("FileSink"))
    }

    @Test func isAWholeApplication() async throws {
        try await withCrashDirectory { directory in
            try directory.write(
                """
                { "offsets": { "type": "file", "path": "state" }, "pipelines": { "ticks": {
                  "source": { "type": "ticks", "every": "1ms" }, "sinks": [ { "type": "file", "path": "ticks.txt" } ],
                  "delivery": { "commitInterval": "10ms" } } } }
                """,
                to: "ticks.json"
            )
            let settings = try await command("settings ticks", in: directory).run()
            #expect(settings.standardOutput.contains("every  (duration such as 250ms, 1s or 5m, default 1s)"))
            #expect(try await command("check --config ticks.json", in: directory).run().exit == .exited(0))
            for round in 1...3 {
                let seen = size(of: directory["ticks.txt"])
                try await withChildProcess(command("run --config ticks.json", in: directory)) { child in
                    try await eventually("ticks") { size(of: directory["ticks.txt"]) > seen + 50 }
                    child.send(round == 2 ? SIGKILL : SIGTERM)
                    _ = await child.wait()
                }
            }
            let ticks = try directory.text(of: "ticks.txt").split(separator: "\n")
            #expect(ticks.indices.allSatisfy { ticks[$0] == "tick \($0)" })
        }
    }

    private func command(_ arguments: String, in directory: TemporaryDirectory) throws -> ProcessCommand {
        var command = try ProcessCommand(built: "Ticks", arguments.split(separator: " ").map(String.init))
        command.workingDirectory = directory.path
        return command
    }
}
