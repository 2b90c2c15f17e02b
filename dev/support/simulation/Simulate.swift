// SPDX-License-Identifier: Apache-2.0
//
// The program of dev/simulate: runs seeds one after the other until one fails or its time is over.

import ConnectTestKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@main
struct Simulate {
    static func main() {
        var seconds: Double?
        var from: UInt64 = 0
        var count = UInt64.max
        var expected: Set<String> = []
        var arguments = CommandLine.arguments.dropFirst()
        while let option = arguments.popFirst(), let value = arguments.popFirst() {
            switch option {
            case "--seconds": seconds = Double(value)
            case "--from": from = UInt64(value) ?? 0
            case "--count": count = UInt64(value) ?? 0
            case "--expect": expected = Set(value.split(separator: ",").map(String.init))
            default: fatalError("unknown option \(option)")
            }
        }
        run(from: from, count: count, for: seconds.map { .seconds($0) }, expecting: expected)
    }

    /// - Parameter expected: the guarantees of which one has to be violated, or none to end at any violation.
    private static func run(from: UInt64, count: UInt64, for time: Duration?, expecting expected: Set<String>) {
        let clock = ContinuousClock()
        let start = clock.now
        var lastReport = start
        var seed = from
        while seed - from < count, time.map({ clock.now - start < $0 }) ?? true {
            let outcome = Simulation.run(SimulationPlan(seed: seed))
            if let violation = outcome.violation, expected.isEmpty || expected.contains(violation.guarantee) {
                return fail(outcome)
            }
            seed += 1
            if clock.now - lastReport > .seconds(5) {
                lastReport = clock.now
                report(from, seed, clock.now - start)
            }
        }
        report(from, seed, clock.now - start)
    }

    private static func report(_ from: UInt64, _ end: UInt64, _ time: Duration) {
        let count = max(1, end - from)
        print("seeds \(from)-\(end - 1): nothing found, \(time / Int(count)) each")
        fflush(nil)
    }

    private static func fail(_ outcome: Simulation.Outcome) {
        print(SimulationReport(shrinking: outcome))
        exit(1)
    }
}
