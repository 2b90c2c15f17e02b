// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import PostgresConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A process that is the active one, or a standby, of a pipeline that counts: `standby-fixture URL LEASE-IN-MILLISECONDS`.
///
/// It prints `waits` as a standby, `put N` for each number, and at the end the error it ended with.
@main
struct StandbyFixture {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let lease = Int(arguments[2]) else { exit(64) }
        do {
            try await run(Secret(arguments[1]), lease: .milliseconds(lease))
            exit(0)
        } catch let error as ConnectorError {
            say("ended \(error.code): \(error.message)")
            exit(error.code == .fenced ? 3 : 1)
        } catch {
            say("ended \(error)")
            exit(1)
        }
    }

    private static func run(_ url: Secret, lease: Duration) async throws {
        var storeOptions = PostgresOffsetStoreOptions()
        storeOptions.createTables = true
        storeOptions.lease = lease
        var options = DeliveryOptions()
        options.claim = .wait
        options.commitInterval = .milliseconds(50)
        let pipeline = Pipeline(
            "counting",
            from: CountingSource(),
            to: PrintingSink(),
            offsets: try PostgresOffsetStore(PostgresAddress(url: url), options: storeOptions),
            options: options,
            observer: .events { if $0.kind == .claimWaiting { say("waits") } }
        )
        _ = try await pipeline.run()
    }
}

/// Counts, a number every 5 ms.
actor CountingSource: Source {
    private var next: Int64 = 0

    func start(_ context: ConnectorContext) async throws {
        next = try await context.offset(of: .single)?.sequence.map { $0 + 1 } ?? 0
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await Task.sleep(for: .milliseconds(5))
        defer { next += 1 }
        return SourceBatch([ConnectorRecord("\(next)", offset: RecordOffset(next))])
    }
}

/// Prints what it is given.
actor PrintingSink: Sink {
    func put(_ batch: RecordBatch) async throws -> PutResult {
        for record in batch { say("put \(record.data.text ?? "")") }
        return .delivered
    }

    func flush() async throws {}
}

/// Prints a line that is not kept back.
private func say(_ line: String) {
    print(line)
    fflush(nil)
}
