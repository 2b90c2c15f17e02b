// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Foundation
import Testing

/// Kills the executable while it works, again and again.
@Suite(.timeLimit(.minutes(5)))
struct CrashTests {
    @Test func `no kill loses a line or changes the order`() async throws {
        let lines = (0..<500).map { "line \($0)" }
        let system = try TestSystem()
        let scenario = Self.scenario(system, lines)
        var command = try ProcessCommand(built: "my-system-connector", ["run", "--config", system["pipelines.json"]])
        command.workingDirectory = system["."]
        let report = try await CrashHarness(command, outputs: [system["received.txt"]], kills: 5).run(scenario)
        #expect(report.kills == 5, "\(report)")
    }

    private static func scenario(_ system: TestSystem, _ lines: [String]) -> CrashScenario {
        var scenario = CrashScenario {
            try system.removeMessages()
            for name in ["state", "received.txt"] { try? FileManager.default.removeItem(atPath: system[name]) }
            try write(lines.map { $0 + "\n" }.joined(), to: system["outgoing.txt"])
            try write(configuration, to: system["pipelines.json"])
        } verify: {
            let (received, messages) = (received(system), try system.messages())
            // From the system into the file: nothing lost, nothing twice. More may have come since.
            #expect(messages.starts(with: received))
            // From the file into the system: nothing lost, in order, but the sink may repeat.
            var seen: Set<String> = []
            #expect(received.filter { seen.insert($0).inserted } == lines)
        }
        scenario.isDone = { received(system).last == lines.last }
        return scenario
    }

    private static func received(_ system: TestSystem) -> [String] {
        let text = (try? String(contentsOfFile: system["received.txt"], encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    private static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static let configuration = """
        {
          "offsets": { "type": "file", "path": "state" },
          "pipelines": {
            "send": {
              "source": { "type": "file", "path": "outgoing.txt", "follow": true },
              "sinks": [ { "type": "my-system", "path": "messages.log" } ],
              "delivery": { "commitInterval": "20ms" }
            },
            "receive": {
              "source": { "type": "my-system", "path": "messages.log", "pollInterval": "5ms" },
              "sinks": [ { "type": "file", "path": "received.txt" } ],
              "delivery": { "commitInterval": "20ms" }
            }
          }
        }
        """
}
