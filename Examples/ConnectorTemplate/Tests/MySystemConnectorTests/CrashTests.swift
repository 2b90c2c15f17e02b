// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Foundation
import Testing

/// Kills the executable while it works, again and again.
@Suite(.timeLimit(.minutes(5)))
struct CrashTests {
    @Test func `no kill loses a line or changes the order`() async throws {
        let system = try TestSystem()
        var command = try ProcessCommand(built: "my-system-connector", ["run", "--config", system["pipelines.json"]])
        command.workingDirectory = system["."]
        let report = try await CrashHarness(command, outputs: [system["received.txt"]], kills: 5)
            .run(Self.scenario(system))
        #expect(report.kills == 5, "\(report)")
    }

    private static func scenario(_ system: TestSystem) -> CrashScenario {
        var scenario = CrashScenario {
            try system.removeMessages()
            for name in ["state", "received.txt"] { try? FileManager.default.removeItem(atPath: system[name]) }
            try write((0..<500).map { "line \($0)" }, to: system["outgoing.txt"])
            try write([configuration], to: system["pipelines.json"])
        } verify: {
            let (received, messages) = (lines(of: system["received.txt"]), try system.messages())
            // From the system into the file: nothing lost, nothing twice. More may have come since.
            #expect(messages.starts(with: received))
            // From the file into the system: nothing lost, in order, but the sink may repeat.
            var seen: Set<String> = []
            #expect(received.filter { seen.insert($0).inserted } == lines(of: system["outgoing.txt"]))
        }
        // A line of its own for each run: what an earlier run has written may still be cut back, and does not say that this
        // one is done.
        scenario.beforeRun = { run in
            try write(lines(of: system["outgoing.txt"]) + ["run \(run)"], to: system["outgoing.txt"])
        }
        scenario.isDone = { lines(of: system["received.txt"]).last == lines(of: system["outgoing.txt"]).last }
        return scenario
    }

    private static func lines(of path: String) -> [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Writes the file in place: one that is replaced would count as rotated.
    private static func write(_ lines: [String], to path: String) throws {
        try lines.map { $0 + "\n" }.joined().write(toFile: path, atomically: false, encoding: .utf8)
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
