// SPDX-License-Identifier: Apache-2.0

import CBench
import ConnectRuntimeKit
import OpenConnect

/// Compares a pipeline with a hand-written loop over the same source and sink, and measures latency and growth; prints
/// one JSON line per case.
///
/// Usage: `runner-bench [ROUNDS [PART-OF-A-NAME [loop|pipeline]]]`. Arms alternate; a second hand-written arm gives the
/// noise floor. With an arm only that one is run, once, for a profiler. Without a name growth is left out, whose memory
/// is that of a process of its own.
@main
struct RunnerBench {
    static func main() async throws { try await run() }

    @concurrent
    static func run() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = arguments.first.flatMap { Int($0) } ?? 7
        let wanted = arguments.dropFirst().first ?? "memory/"
        for bench in RunnerCase.all where bench.name.contains(wanted) {
            if let arm = arguments.dropFirst(2).first {
                let rate = try await rate(of: bench) {
                    arm == "loop" ? try await $0.handWritten() : try await $0.pipeline()
                }
                print("{\"name\": \"\(arm)\", \"records_per_s\": \(Int(rate))}")
                continue
            }
            try await compare(bench, rounds: rounds)
        }
        for bench in LatencyCase.all where bench.name.contains(wanted) { try await bench.compare(rounds: rounds) }
        for bench in GrowthCase.all where bench.name.hasPrefix(wanted) { print(try await bench.measure()) }
    }

    private static func compare(_ bench: RunnerCase, rounds: Int) async throws {
        var ratios: [Double] = []
        var noise: [Double] = []
        var ours: [Double] = []
        var byProtocol: [Double] = []
        var perProcessorSecond: [Double] = []
        for _ in 0..<rounds {
            let loop = try await rate(of: bench) { try await $0.handWritten() }
            let before = cbench_processor_seconds()
            let pipeline = try await rate(of: bench) { try await $0.pipeline() }
            perProcessorSecond.append(Double(bench.total) / (cbench_processor_seconds() - before))
            let again = try await rate(of: bench) { try await $0.handWritten() }
            ratios.append(2 * pipeline / (loop + again))
            noise.append(again / loop)
            ours.append(pipeline)
            if bench.isBare {
                byProtocol.append(pipeline / (try await rate(of: bench) { try await $0.handWrittenByProtocol() }))
            }
        }
        let extra = try await allocations(of: bench)
        print(
            "{\"name\": \"\(bench.name)\", \"baseline\": \"hand-written loop\", "
                + "\"records_per_s\": \(Int(median(ours))), "
                + "\"records_per_cpu_s\": \(Int(median(perProcessorSecond))), \"ratio\": \(median(ratios)), "
                + "\"ratio_min\": \(ratios.min() ?? 0), \"ratio_max\": \(ratios.max() ?? 0), "
                + (byProtocol.isEmpty ? "" : "\"ratio_by_protocol\": \(median(byProtocol)), ")
                + "\"noise\": \(median(noise)), \"runs\": \(rounds), "
                + "\"rss_mb\": \(peakMegabytes()), \"durability\": \"none: positions in memory\", "
                + "\"allocations_per_record\": \(extra.map { "\($0)" } ?? "null")}"
        )
    }

    /// How many allocations a record costs beyond those of the hand-written loop.
    private static func allocations(of bench: RunnerCase) async throws -> Double? {
        cbench_start_counting_allocations()
        try await bench.handWritten()
        let loop = cbench_stop_counting_allocations()
        cbench_start_counting_allocations()
        try await bench.pipeline()
        let ours = cbench_stop_counting_allocations()
        return loop < 0 || ours < 0 ? nil : Double(ours - loop) / Double(bench.total)
    }

    /// Records per second.
    private static func rate(
        of bench: RunnerCase,
        _ arm: (RunnerCase) async throws -> Void
    ) async throws -> Double {
        let start = ContinuousClock.now
        try await arm(bench)
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(bench.total) / (Double(seconds) + Double(attoseconds) / 1e18)
    }

}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[sorted.count / 2]
}

/// The most memory of the process until now: that of the case only where it is the first.
func peakMegabytes() -> Int { cbench_peak_resident_bytes() / 1_000_000 }
