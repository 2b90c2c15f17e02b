// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization
import Testing

@testable import FileConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite(.timeLimit(.minutes(10))) struct FullDiskTests {
    @Test(arguments: [ENOSPC, EDQUOT])
    func `a full disk is waited for, also where records that cannot be delivered are dropped`(
        _ code: Int32
    ) async throws {
        let directory = try TemporaryDirectory()
        let rack = DeviceRack()
        let (retries, retry) = AsyncStream<Void>.makeStream()
        let sink = FileSink(path: directory["out"], format: .lines, append: false) { file in
            rack.add(FaultyDevice(file, FaultyDevice.Faults(limit: 10, writeError: code)))
        }
        var options = DeliveryOptions()
        options.onError = .drop
        options.retry = .never
        options.outage = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(1), maxAttempts: nil)
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(InMemoryLog((0..<100).map { "line \($0)" })),
            to: sink,
            offsets: InMemoryOffsetStore(),
            options: options,
            observer: .events { if $0.kind == .callRetry { retry.yield() } }
        )
        let run = Task {
            defer { retry.finish() }
            return try await pipeline.run()
        }
        for await _ in retries.prefix(20) {}
        rack.last?.faults.withLock { $0.limit = .max }
        #expect(try await run.value.delivered == 100)
        #expect(try directory.text(of: "out") == (0..<100).map { "line \($0)\n" }.joined())
    }
}
