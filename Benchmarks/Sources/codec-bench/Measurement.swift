// SPDX-License-Identifier: Apache-2.0

import CBench
import CloudEventsCodec

/// What was measured of a case.
struct Measurement {
    let name: String
    /// The median of the runs.
    let nanosecondsPerEvent: Double
    let runs: Int
    /// The number of calls that allocate, of a run of its own; `nil` where they cannot be counted.
    let allocationsPerEvent: Double?

    /// How long one run lasts at least.
    private static let runLength: Duration = .milliseconds(50)

    init(of work: BenchmarkCase, runs: Int) throws {
        name = work.name
        self.runs = runs
        let repetitions = try Self.warmUp(work)
        let events = Double(repetitions * work.events)
        var times: [Double] = []
        for _ in 0..<runs { times.append(try Self.time { try work.run(repetitions) } / .nanoseconds(1) / events) }
        nanosecondsPerEvent = Self.median(times)
        allocationsPerEvent = try Self.countAllocations(of: work)
    }

    /// Runs the work until a run is long enough, and says how many repetitions that takes.
    private static func warmUp(_ work: BenchmarkCase) throws -> Int {
        var repetitions = 1
        while true {
            let time = try time { try work.run(repetitions) }
            // A tenth more, as the machine may become faster than it was just now.
            if time >= runLength { return repetitions + repetitions / 10 }
            let factor = time < runLength / 20 ? 10 : runLength / time * 1.05
            repetitions = max(repetitions + 1, Int(Double(repetitions) * factor))
        }
    }

    private static func countAllocations(of work: BenchmarkCase) throws -> Double? {
        guard canCountAllocations else { return nil }
        let repetitions = max(10, 1000 / work.events)
        cbench_start_counting_allocations()
        let result = Result { try work.run(repetitions) }
        let count = cbench_stop_counting_allocations()
        try result.get()
        return Double(count) / Double(repetitions * work.events)
    }

    /// Whether allocations of the Swift runtime reach the counter, found out with one.
    private static let canCountAllocations: Bool = {
        cbench_start_counting_allocations()
        consume(SharedBytes(unsafeUninitializedCapacity: 100) { _ in 0 })
        return cbench_stop_counting_allocations() > 0
    }()

    private static func time(_ work: () throws -> Void) rethrows -> Duration {
        let start = ContinuousClock.now
        try work()
        return ContinuousClock.now - start
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

extension Measurement: CustomStringConvertible {
    /// One line of JSON.
    var description: String {
        let allocations = allocationsPerEvent.map { "\(Self.rounded($0, to: 100))" } ?? "null"
        return "{\"name\": \"\(name)\", \"ns_per_event\": \(Self.rounded(nanosecondsPerEvent, to: 10)), "
            + "\"runs\": \(runs), \"allocations_per_event\": \(allocations)}"
    }

    private static func rounded(_ value: Double, to parts: Double) -> Double { (value * parts).rounded() / parts }
}
