// SPDX-License-Identifier: Apache-2.0

// Kills a program at random moments, and looks whether its output is exact all the same.

// snippet.show
import ConnectTestKit
import OpenConnect

func survivesKills(input: String, output: String, beginAnew: @escaping @Sendable () throws -> Void) async throws {
    let program = ProcessCommand(".build/debug/ticks", ["run", "--config", "copy.json", "--quiet"])
    let harness = CrashHarness(program, outputs: [output], kills: 30)
    let report = try await harness.run(
        CrashScenario {
            try beginAnew()
        } verify: {
            let check = try OutputCheck(output: output, inputs: [input])
            guard check.isExact else { throw ConnectorError(.fatal, "\(check)") }
        }
    )
    print(report)
}
