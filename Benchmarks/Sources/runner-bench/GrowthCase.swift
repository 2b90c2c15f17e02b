// SPDX-License-Identifier: Apache-2.0

import CBench
import ConnectRuntimeKit
import OpenConnect

/// What one process does with more and more pipelines, or partitions: records of 200 bytes in batches of 1000.
///
/// Pipelines share the records among them. Partitions take turns, so that all of them are in use all the time.
struct GrowthCase: Sendable {
    let name: String
    var pipelines = 1
    var partitions = 1
    var total = 5_000_000

    static let all =
        [1, 10, 100].map { GrowthCase(name: "growth/pipelines-\($0)/", pipelines: $0) }
        + [1, 100, 10_000, 1_000_000].map { GrowthCase(name: "growth/partitions-\($0)/", partitions: $0) }

    /// One JSON line. `rss_mb` is that of the process: run each case in a process of its own.
    func measure() async throws -> String {
        let store = InMemoryOffsetStore()
        let share = total / pipelines
        let all = (0..<pipelines).map { number in
            Pipeline(
                "p\(number)",
                from: MemorySource(total: share, batch: 1000, partitions: partitions),
                to: MemorySink(),
                offsets: store
            )
        }
        let before = cbench_processor_seconds()
        let start = ContinuousClock.now
        let committed = try await withThrowingTaskGroup(of: Int.self) { group in
            for pipeline in all { group.addTask { try await pipeline.run().committed } }
            return try await group.reduce(0, +)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let busy = cbench_processor_seconds() - before
        precondition(committed == share * pipelines)
        return "{\"name\": \"\(name.dropLast())\", \"pipelines\": \(pipelines), \"partitions\": \(partitions), "
            + "\"records\": \(committed), \"records_per_s\": \(Int(Double(committed) / seconds)), "
            + "\"records_per_cpu_s\": \(Int(Double(committed) / busy)), \"rss_mb\": \(peakMegabytes()), "
            + "\"durability\": \"none: positions in memory\"}"
    }
}
