// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import FileConnector
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("kill -9 while events are sent", .timeLimit(.minutes(10)))
struct SendingCrashTests {
    @Test("G3: no line is lost, their order is kept, and repeats are bounded by what may be uncommitted")
    func file() async throws {
        let directory = try TemporaryDirectory()
        let (lines, uncommitted) = (2000, 200)
        try directory.write((0..<lines).map { "\($0)\n" }.joined(), to: "in")
        try await withReceiver(into: { _ in FileSink(path: directory["arrived"], append: true) }) { receiver in
            let process = try ConnectorProcess(
                """
                { "offsets": { "type": "file", "path": "\(directory["state"])" },
                  "pipelines": { "out": {
                    "source": { "type": "file", "path": "\(directory["in"])" },
                    "sinks": [ { "type": "http", "url": "http://127.0.0.1:\(receiver.port)/" } ],
                    "delivery": { "maxUncommittedRecords": \(uncommitted), "commitInterval": "20ms" } } } }
                """,
                in: directory
            )
            let rounds = Rounds()
            var scenario = CrashScenario {
                directory.remove("state")
                rounds.begin = try directory.lines(of: "arrived").count
                rounds.runs = 0
            } verify: {
                let arrived = try directory.lines(of: "arrived")[rounds.begin...].compactMap { Int($0) }
                var seen: Set<Int> = []
                let first = arrived.filter { seen.insert($0).inserted }
                #expect(first == Array(0..<lines), "lost or out of order")
                #expect(arrived.count - lines <= (rounds.runs - 1) * uncommitted, "\(arrived.count - lines) repeats")
            }
            scenario.beforeRun = { run in rounds.runs = run + 1 }
            var harness = CrashHarness(process.command, outputs: [directory["arrived"]], kills: 20)
            harness.timeLimit = .seconds(400)
            let report = try await harness.run(scenario)
            #expect(report.kills == 20, "\(report)")
        }
    }
}

/// What is known of the round under way. The harness calls one closure after the other.
private final class Rounds: @unchecked Sendable {
    var begin = 0
    var runs = 0
}
