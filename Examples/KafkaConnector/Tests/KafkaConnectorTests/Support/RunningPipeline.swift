// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization

@testable import KafkaConnector

/// Runs pipelines for as long as the body runs, then has them drain. One that fails ends the body.
func whileRunning(_ pipelines: [Pipeline], _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for pipeline in pipelines { group.addTask { try await pipeline.run() } }
        group.addTask {
            try await body()
            for pipeline in pipelines { pipeline.stop() }
        }
        for try await _ in group {}
    }
}

/// The events of pipelines, as one line each.
final class EventLog: Sendable {
    private let lines = Mutex<[String]>([])

    var observer: EventObserver {
        EventObserver { event in self.lines.withLock { $0.append("\(event)") } }
    }

    var all: [String] { lines.withLock { $0 } }

    /// Waits until so many events have a text in them.
    func wait(for text: String, count: Int = 1) async throws {
        for _ in 0..<60_000 {
            if all.filter({ $0.contains(text) }).count >= count { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        let events = all.joined(separator: "\n")
        throw NeverSeen(description: "'\(text)' was not \(count) times among the events: \(events)")
    }

    struct NeverSeen: Error, CustomStringConvertible {
        let description: String
    }
}

/// A sink into a log that lets puts through while its gate is open.
struct GatedSink: Sink {
    let log: InMemoryLog
    let gate: Gate

    func put(_ batch: RecordBatch) async throws -> PutResult {
        try await gate.pass()
        log.append(contentsOf: batch)
        return .delivered
    }

    func flush() async throws {}
}

extension TestCluster {
    func source(_ topic: String, _ options: KafkaSource.Options = .init(), client: ClientSettings? = nil) -> KafkaSource
    {
        KafkaSource(topics: [topic], group: "group", client: client ?? self.client, options: options)
    }

    func sink(_ topic: String, _ options: KafkaSink.Options = .init(format: .raw)) -> KafkaSink {
        KafkaSink(
            topic: topic,
            client: client(without: ["session.timeout.ms", "heartbeat.interval.ms"]),
            options: options
        )
    }
}

extension InMemoryLog {
    /// The texts of what it holds by partition, in their order.
    func texts(of partitions: [String]) -> [String: [String]] {
        Dictionary(
            uniqueKeysWithValues: partitions.map { name in
                (name, records(of: RecordPartition(name)).map { $0.data.text ?? "" })
            }
        )
    }
}
