// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The whole runner on a simulated clock, with faults, crashes and takeovers, and every guarantee checked at each step.
///
/// `SIMULATION_SEEDS=FROM-TO` runs another range of seeds.
@Suite("Simulation", .timeLimit(.minutes(30)))
struct SimulationTests {
    @Test("S106 G1 G2 G3 G4 G5 G6 G7 G8 G10 G12 G13 G14: no seed violates a guarantee")
    func seeds() {
        for seed in Self.seeds {
            let outcome = Simulation.run(SimulationPlan(seed: seed))
            guard outcome.violation != nil else { continue }
            Issue.record("\(SimulationReport(shrinking: outcome))")
            return
        }
    }

    @Test("the same seed is the same history", arguments: [UInt64(0)..<60])
    func repeats(seeds: Range<UInt64>) {
        for plan in seeds.lazy.map({ SimulationPlan(seed: $0) }) {
            // The claims of single partitions are saved in the order of a hash table.
            let first = Simulation.run(plan).history.map(\.description)
            let isRepeated = first == Simulation.run(plan).history.map(\.description)
            #expect(isRepeated, "seed \(plan.seed)")
        }
    }

    @Test("a failing plan is shrunk to a smaller one that violates the same guarantee")
    func shrinks() throws {
        let failing = try #require(
            (UInt64(0)..<200).lazy.map { Simulation.run(Self.lossy(seed: $0)) }.first { $0.violation != nil }
        )
        let report = SimulationReport(shrinking: failing)
        #expect(report.shortest.violation?.guarantee == failing.violation?.guarantee)
        #expect(report.shortest.plan.entryCount <= failing.plan.entryCount)
        #expect(report.shortest.plan.faults.count <= failing.plan.faults.count)
        #expect(report.description.contains("VIOLATION"))
    }

    /// A plan in which a guarantee can fail: the downstream loses what it has flushed.
    private static func lossy(seed: UInt64) -> SimulationPlan {
        var plan = SimulationPlan(seed: seed)
        plan.losesFlushed = true
        return plan
    }

    private static let standardSeeds: Range<UInt64> = 0..<500

    private static var seeds: Range<UInt64> {
        guard let text = getenv("SIMULATION_SEEDS").map({ String(cString: $0) }) else { return standardSeeds }
        let bounds = text.split(separator: "-").compactMap { UInt64($0) }
        guard let first = bounds.first, let last = bounds.last, first <= last else {
            Issue.record("SIMULATION_SEEDS is FROM-TO, for example 0-9999, not \(text)")
            return standardSeeds
        }
        return first..<last + 1
    }
}
