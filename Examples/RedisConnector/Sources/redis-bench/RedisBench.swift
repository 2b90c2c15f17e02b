// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import RedisConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// Moves the entries of one stream to another one, by the runner and by a loop written by hand, in turn.
///
/// The script `bench` beside the package starts a server for it.
@main
struct RedisBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard arguments.count == 4 else {
            fputs("usage: redis-bench PORT ENTRIES BYTES ROUNDS\n", stderr)
            exit(2)
        }
        try await run(arguments[0], Workload(entries: arguments[1], bytes: arguments[2]), rounds: arguments[3])
    }

    @concurrent
    private static func run(_ port: Int, _ workload: Workload, rounds: Int) async throws {
        let address = RedisAddress(.host("127.0.0.1", port: port))
        let arms: [(name: String, move: @Sendable () async throws -> Void)] = [
            ("loop", { try await HandLoop(address, count: 1000).move() }),
            ("runner", { try await RunnerCopy(address, count: 1000).move(workload.entries) }),
            ("loop-5000", { try await HandLoop(address, count: 5000).move() }),
            ("loop-again", { try await HandLoop(address, count: 1000).move() }),
        ]
        var results: [String: [Measurement]] = [:]
        for round in 0...rounds {
            for arm in arms {
                try await workload.prepare(address)
                let meter = try await Meter(address)
                try await arm.move()
                let measurement = try await meter.read(address, workload.entries)
                try await workload.verify(address)
                // The first round is for warming up.
                if round > 0 { results[arm.name, default: []].append(measurement) }
            }
        }
        for arm in arms { report(arm.name, results[arm.name] ?? [], results["loop"] ?? []) }
    }

    private static func report(_ name: String, _ results: [Measurement], _ base: [Measurement]) {
        let ratios = zip(results, base).map { $0.rate / $1.rate }.sorted()
        guard let least = ratios.first, let most = ratios.last else { return }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        func text(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
        print(
            "{\"name\": \"redis/\(name)\", \"entries_per_s\": \(Int(median(results.map(\.rate)))), \"baseline\": \"loop\", "
                + "\"ratio\": \(text(median(ratios))), \"min\": \(text(least)), \"max\": \(text(most)), "
                + "\"client_cpu_us\": \(text(median(results.map(\.clientTime)))), "
                + "\"server_cpu_us\": \(text(median(results.map(\.serverTime))))}"
        )
    }
}
