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
    @Test("S106 G1 G2 G3 G4 G5 G6 G7 G10 G12 G13 G14: no seed violates a guarantee")
    func seeds() {
        for seed in Self.seeds {
            let outcome = Simulation.run(SimulationPlan(seed: seed))
            guard outcome.violation != nil else { continue }
            Issue.record("\(SimulationReport(shrinking: outcome))")
            return
        }
    }

    @Test("the same seed is the same history", arguments: UInt64(0)..<40)
    func repeats(seed: UInt64) {
        let plan = SimulationPlan(seed: seed)
        let first = Simulation.run(plan).history.map(\.description)
        let second = Simulation.run(plan).history.map(\.description)
        #expect(first == second)
    }

    static let standardSeeds: Range<UInt64> = 0..<400

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
