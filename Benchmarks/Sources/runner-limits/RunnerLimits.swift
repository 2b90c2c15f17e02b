// SPDX-License-Identifier: Apache-2.0

import CBench
import ConnectRuntimeKit
import OpenConnect

/// Shows what a pipeline holds and how fast it stops; prints one JSON line per case.
///
/// Usage: `runner-limits [PART-OF-A-NAME]`.
@main
struct RunnerLimits {
    static func main() async throws {
        let wanted = CommandLine.arguments.dropFirst().first ?? ""
        for limit in LimitCase.all where limit.name.contains(wanted) {
            print("{\"name\": \"\(limit.name)\", \(try await limit.measure())}")
        }
    }
}

struct LimitCase: Sendable {
    let name: String
    /// The figures, as members of a JSON object.
    let measure: @Sendable () async throws -> String

    static let all = [
        LimitCase(name: "memory/partitions-1000000") {
            try await Partitions(count: Int(CommandLine.arguments.dropFirst(2).first ?? "") ?? 1_000_000).measure()
        },
        LimitCase(name: "memory/hanging-sink/record-100") { try await HangingSink(recordSize: 100).measure() },
        LimitCase(name: "memory/hanging-sink/record-1000000") {
            try await HangingSink(recordSize: 1_000_000).measure()
        },
        LimitCase(name: "runtime/pipelines-1000") {
            try await ManyPipelines(count: 1000, idle: .seconds(20)).measure()
        },
        LimitCase(name: "stop/in-back-off-of-an-hour") { try await StopInBackOff(runs: 50).measure() },
    ]
}

extension Duration {
    var milliseconds: Double {
        Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
    }
}
