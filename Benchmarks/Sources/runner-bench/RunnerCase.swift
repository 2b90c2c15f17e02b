// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// One comparison of a pipeline with a hand-written loop over the same source and sinks.
struct RunnerCase: Sendable {
    var name: String
    let batch: Int
    var partitions = 1
    var total = 5_000_000
    /// How long each poll and each put waits.
    var wait: Duration?
    var filters = false
    var sinks = 1
    /// Every so many puts fail once.
    var failsEvery: Int?
    /// Whether an observer takes the metrics, once a second.
    var isObserved = false

    static let all =
        plain
        + plain.map { bench in
            var bench = bench
            bench.name = bench.name.replacingPrefix("memory/", with: "observed/")
            bench.isObserved = true
            return bench
        }

    private static let plain = [
        RunnerCase(name: "memory/batch-1000/partitions-1", batch: 1000),
        RunnerCase(name: "memory/batch-100/partitions-1", batch: 100),
        RunnerCase(name: "memory/batch-10/partitions-1", batch: 10),
        RunnerCase(name: "memory/batch-1/partitions-1", batch: 1, total: 3_000_000),
        RunnerCase(name: "memory/batch-1000/partitions-4", batch: 1000, partitions: 4),
        RunnerCase(name: "memory/batch-1000/partitions-1000", batch: 1000, partitions: 1000),
        RunnerCase(name: "memory/batch-1000/filter", batch: 1000, filters: true),
        RunnerCase(name: "memory/batch-1000/retry", batch: 1000, failsEvery: 100),
        RunnerCase(name: "memory/batch-1000/fanout", batch: 1000, sinks: 2),
        RunnerCase(name: "memory/wait-1ms", batch: 100, total: 40_000, wait: .milliseconds(1)),
        RunnerCase(name: "memory/wait-100us", batch: 100, total: 200_000, wait: .microseconds(100)),
    ]

    private var source: MemorySource { MemorySource(total: total, batch: batch, partitions: partitions, wait: wait) }
    private var makeSinks: [MemorySink] { (0..<sinks).map { _ in MemorySink(wait: wait, failsEvery: failsEvery) } }
    private var expected: Int { filters ? total / 2 : total }

    private static let keeps: @Sendable (ConnectorRecord) -> Bool = {
        $0.offset?.sequence?.isMultiple(of: 2) ?? false
    }

    /// A loop as a user would write it, without positions, stop or back-pressure.
    func handWritten() async throws {
        let source = source
        let sinks = makeSinks
        while true {
            let polled = try await source.poll(PollRequest(maxRecords: batch))
            if polled.isEnd { break }
            let records = filters ? polled.records.filter(Self.keeps) : polled.records
            for sink in sinks { try await put(RecordBatch(records), into: sink) }
        }
        for sink in sinks {
            try await sink.flush()
            precondition(sink.records == expected)
        }
    }

    /// Whether there is nothing but polls and puts into one sink.
    var isBare: Bool { sinks == 1 && !filters && failsEvery == nil && wait == nil }

    /// The same loop for one that knows source and sink only by their protocols, as a runner does.
    func handWrittenByProtocol() async throws {
        let sink = MemorySink()
        try await move(from: source as any Source, to: sink as any Sink)
        precondition(sink.records == expected)
    }

    @inline(never)
    private func move(from source: any Source, to sink: any Sink) async throws {
        while case let polled = try await source.poll(PollRequest(maxRecords: batch)), !polled.isEnd {
            _ = try await sink.put(RecordBatch(polled.records))
        }
        try await sink.flush()
    }

    private func put(_ batch: RecordBatch, into sink: MemorySink) async throws {
        guard failsEvery != nil else {
            _ = try await sink.put(batch)
            return
        }
        do {
            _ = try await sink.put(batch)
        } catch {
            try await Task.sleep(for: .milliseconds(1))
            _ = try await sink.put(batch)
        }
    }

    /// A pipeline with ledger, commits and an in-memory store.
    func pipeline() async throws {
        let sinks = makeSinks
        var options = DeliveryOptions()
        options.retry = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(1))
        let source = source
        let pipeline = Pipeline(
            "bench",
            from: source,
            through: filters ? [.filter(Self.keeps)] : [],
            to: sinks.enumerated().map { index, sink in NamedSink("sink-\(index)", sink) },
            offsets: InMemoryOffsetStore(),
            options: options,
            observer: isObserved ? MetricsObserver() : .silent
        )
        let counts = isObserved ? try await observing(pipeline) : try await pipeline.run()
        precondition(sinks.allSatisfy { $0.records == expected })
        precondition(counts.delivered == expected && counts.committed == total)
    }

    /// Runs while the metrics are taken once a second.
    private func observing(_ pipeline: Pipeline) async throws -> DeliveryCounts {
        try await withThrowingTaskGroup(of: DeliveryCounts?.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { _ = pipeline.metrics.samples.count }
                return nil
            }
            defer { group.cancelAll() }
            guard let counts = try await group.next() ?? nil else { throw CancellationError() }
            precondition(pipeline.metrics.pollSizes.sum == Double(counts.polled))
            return counts
        }
    }
}

/// Wants everything measured and looks at nothing.
private struct MetricsObserver: RuntimeObserver {
    func observe(_ event: RuntimeEvent) {}
}

extension String {
    fileprivate func replacingPrefix(_ old: String, with new: String) -> String { new + dropFirst(old.count) }
}
