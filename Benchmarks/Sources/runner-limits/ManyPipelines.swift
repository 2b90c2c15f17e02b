// SPDX-License-Identifier: Apache-2.0

import CBench
import ConnectRuntimeKit
import OpenConnect
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A runtime of many pipelines whose sources have nothing to return.
struct ManyPipelines: Sendable {
    let count: Int
    /// For how long the CPU time of the idle process is summed up.
    let idle: Duration

    func measure() async throws -> String {
        let baseline = cbench_allocated_bytes()
        let store = InMemoryOffsetStore()
        let pipelines = (0..<count).map { Pipeline("p\($0)", from: Idle(), to: DevNull(), offsets: store) }
        let begin = ContinuousClock.now
        let runtime = try ConnectRuntime(pipelines, observer: Told())
        return try await withThrowingTaskGroup { group in
            group.addTask { try await runtime.run() }
            while runtime.health.level != .healthy { try await Task.sleep(for: .milliseconds(1)) }
            let start = ContinuousClock.now - begin
            // What is let go of after the start is gone by then.
            try await Task.sleep(for: .seconds(1))
            let bytes = cbench_allocated_bytes() - baseline
            let before = processorSeconds()
            try await Task.sleep(for: idle)
            let busy = processorSeconds() - before
            let stopBegin = ContinuousClock.now
            try await runtime.stop(within: .seconds(60))
            let stop = ContinuousClock.now - stopBegin
            try await group.waitForAll()
            return "\"pipelines\": \(count), \"start_ms\": \(start / .milliseconds(1)), "
                + "\"idle_cpu_percent\": \(100 * busy / (idle / .seconds(1))), "
                + "\"bytes_per_pipeline\": \(bytes / count), \"stop_ms\": \(stop / .milliseconds(1))"
        }
    }
}

/// Wants everything, and does nothing with it.
private struct Told: RuntimeObserver {
    func observe(_ event: RuntimeEvent) {}
    func observe(_ metrics: RuntimeMetrics) {}
}

private final class Idle: Source {
    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await Task.sleep(for: .seconds(1_000_000))
        return .end
    }
}

/// The time that all threads of the process have spent on processors.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
