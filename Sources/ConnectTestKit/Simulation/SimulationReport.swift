// SPDX-License-Identifier: Apache-2.0

/// A failed simulation in words: the violation, and the shortest history found that leads to it.
package struct SimulationReport: CustomStringConvertible {
    private let original: Simulation.Outcome
    package let shortest: Simulation.Outcome

    /// Makes the plan of an outcome smaller as long as the same guarantee is violated.
    package init(shrinking outcome: Simulation.Outcome) {
        original = outcome
        shortest = SimulationShrinker(outcome).shortest()
    }

    package var description: String {
        let violation = original.violation.map(\.description) ?? "no violation"
        return """
            SEED \(original.plan.seed): \(violation)
            \(original.plan)

            The shortest that was found, from \(original.history.count) events to \(shortest.history.count): \
            \(shortest.violation.map(\.description) ?? "no violation")
            \(shortest.plan)

            \(shortest.history.map(\.description).joined(separator: "\n"))
            """
    }
}
