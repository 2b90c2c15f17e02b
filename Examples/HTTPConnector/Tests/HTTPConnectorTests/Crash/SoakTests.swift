// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@Suite("Http to http with faults", .timeLimit(.minutes(10)))
struct SoakTests {
    @Test("Every event arrives, and the events of a key in their order, through 503s, resets, lost answers and silence")
    func soak() async throws {
        let command = try ProcessCommand(built: "http-soak", ["6400", "64", "0.05"])
        let result = try await command.run(atMost: .seconds(200))
        #expect(result.exit == .exited(0), "\(result.standardOutput) \(result.standardError)")
        #expect(result.standardOutput.contains("\"delivered\": 6400, "))
    }
}
