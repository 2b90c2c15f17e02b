// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import PostgresConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// Compares the sink with `psql`: `postgres-bench URL DIRECTORY [ROWS [ROUNDS]]`.
///
/// In each round the same rows go into an empty table twice: from memory by a pipeline with a ``PostgresSink`` in the mode
/// `insert`, which keeps its positions, and from a file in the directory by psql's `\copy`. Which of them begins changes from
/// round to round.
@main
struct PostgresBench {
    static func main() async {
        do {
            try await run(CommandLine.arguments)
        } catch {
            fputs("postgres-bench: \(error)\n", stderr)
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) async throws {
        guard arguments.count > 2 else {
            fputs("usage: postgres-bench URL DIRECTORY [ROWS [ROUNDS]]\n", stderr)
            exit(2)
        }
        let rows = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 500_000
        let rounds = max(1, arguments.count > 4 ? Int(arguments[4]) ?? 0 : 5)
        let psql = PsqlCopy(url: arguments[1], directory: arguments[2])
        try await psql.prepare(rows: rows)
        for form in BenchRows.Form.allCases {
            let records = try BenchRows.records(rows, form)
            var (sink, copy): ([Double], [Double]) = ([], [])
            for round in 0..<rounds {
                for isSink in round.isMultiple(of: 2) ? [true, false] : [false, true] {
                    try await psql.empty()
                    if isSink {
                        sink.append(Double(rows) / (try await time { try await pipeline(records, arguments[1]) }))
                    } else {
                        copy.append(Double(rows) / (try await time { try await psql.copy() }))
                    }
                }
            }
            report(form, sink, copy)
        }
    }

    /// Medians, and the best of each: what else the machine does takes less from those.
    private static func report(_ form: BenchRows.Form, _ sink: [Double], _ copy: [Double]) {
        let middle = sink.count / 2
        for (name, sink, copy) in [
            ("median", sink.sorted()[middle], copy.sorted()[middle]), ("best", sink.max() ?? 0, copy.max() ?? 0),
        ] {
            let ratio = (sink / copy * 100).rounded() / 100
            print("\(form.rawValue), \(name): sink \(Int(sink)) rows/s, psql \(Int(copy)) rows/s, ratio \(ratio)")
        }
    }

    private static func time(_ body: () async throws -> Void) async throws -> Double {
        let begin = ContinuousClock.now
        try await body()
        return begin.duration(to: .now) / .seconds(1)
    }

    private static func pipeline(_ records: [ConnectorRecord], _ url: String) async throws {
        let options = {
            var options = PostgresSinkOptions(table: "bench")
            options.createPositions = true
            return options
        }()
        let pipeline = Pipeline(
            "bench-\(UInt64.random(in: 0 ... .max))",
            from: MemorySource(records),
            to: try PostgresSink(PostgresAddress(url: Secret(url)), options: options),
            offsets: InMemoryOffsetStore()
        )
        _ = try await pipeline.run()
    }
}
