// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// Compares a pipeline with a hand-written loop over the same source and sink; prints one JSON line per case.
///
/// Arms alternate; a second hand-written arm gives the noise floor.
@main
struct RunnerBench {
    static func main() async throws { try await run() }

    @concurrent
    static func run() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = arguments.first.flatMap { Int($0) } ?? 7
        let wanted = arguments.dropFirst().first ?? "memory/"
        for (batch, partitions) in [(1000, 1), (100, 1), (10, 1), (1, 1), (1000, 1000)] {
            guard "memory/batch-\(batch)/partitions-\(partitions)".contains(wanted) else { continue }
            let total = batch == 1 ? 3_000_000 : 5_000_000
            if let arm = arguments.dropFirst(2).first {
                let rate =
                    try await arm == "loop"
                    ? handWritten(batch, partitions, total) : pipeline(batch, partitions, total)
                print("{\"name\": \"\(arm)\", \"records_per_s\": \(Int(rate))}")
                continue
            }
            try await compare(batch: batch, partitions: partitions, total: total, rounds: rounds)
        }
    }

    private static func compare(batch: Int, partitions: Int, total: Int, rounds: Int) async throws {
        var ratios: [Double] = []
        var noise: [Double] = []
        var ours: [Double] = []
        for _ in 0..<rounds {
            let loop = try await handWritten(batch, partitions, total)
            let pipeline = try await pipeline(batch, partitions, total)
            let again = try await handWritten(batch, partitions, total)
            ratios.append(2 * pipeline / (loop + again))
            noise.append(again / loop)
            ours.append(pipeline)
        }
        print(
            "{\"name\": \"memory/batch-\(batch)/partitions-\(partitions)\", "
                + "\"records_per_s\": \(Int(median(ours))), \"ratio\": \(median(ratios)), "
                + "\"ratio_min\": \(ratios.min() ?? 0), \"ratio_max\": \(ratios.max() ?? 0), "
                + "\"noise\": \(median(noise)), \"runs\": \(rounds)}"
        )
    }

    /// Records per second of a loop as a user would write it, without positions, stop or back-pressure.
    private static func handWritten(_ batch: Int, _ partitions: Int, _ total: Int) async throws -> Double {
        let source = MemorySource(total: total, batch: batch, partitions: partitions)
        let sink = MemorySink()
        let start = ContinuousClock.now
        while true {
            let polled = try await source.poll(PollRequest(maxRecords: batch))
            if polled.isEnd { break }
            _ = try await sink.put(RecordBatch(polled.records))
        }
        try await sink.flush()
        precondition(sink.records == total)
        return Double(total) / seconds(since: start)
    }

    /// Records per second of a pipeline with ledger, commits and an in-memory store.
    private static func pipeline(_ batch: Int, _ partitions: Int, _ total: Int) async throws -> Double {
        let source = MemorySource(total: total, batch: batch, partitions: partitions)
        let sink = MemorySink()
        let pipeline = Pipeline("bench", from: source, to: sink, offsets: InMemoryOffsetStore())
        let start = ContinuousClock.now
        let counts = try await pipeline.run()
        precondition(sink.records == total && counts.delivered == total && counts.committed == total)
        return Double(total) / seconds(since: start)
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted[sorted.count / 2]
    }
}
