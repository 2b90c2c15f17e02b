// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@testable import KafkaConnector

@Suite("kill -9 of kafka-connector", .timeLimit(.minutes(20)))
struct KafkaCrashTests {
    private let cluster: TestCluster
    private let directory: TemporaryDirectory

    init() throws {
        cluster = try TestCluster()
        directory = try TemporaryDirectory()
    }

    private var brokers: String { cluster.mock.brokers.map { "\"\($0)\"" }.joined(separator: ",") }

    private func connector(_ name: String, _ pipeline: String) throws -> ProcessCommand {
        let configuration = """
            { "offsets": { "type": "file", "path": "\(directory[name])-state" }, "pipelines": { "p": \(pipeline) } }
            """
        try directory.write(configuration, to: name + ".json")
        return try ProcessCommand(built: "kafka-connector", ["run", "--config", directory[name + ".json"]])
    }

    /// Waits until a condition holds, which is looked at every few milliseconds.
    private func until(_ words: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<40_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(3))
        }
        throw EventLog.NeverSeen(description: words)
    }

    @Test("two processes share the partitions of a topic; one is killed, the other takes over: nothing is lost")
    func takesOver() async throws {
        let topic = try cluster.topic(partitions: 4)
        func member(_ name: String) throws -> ProcessCommand {
            try connector(
                name,
                """
                { "source": { "type": "kafka", "brokers": [\(brokers)], "topics": ["\(topic)"], "group": "billing",
                    "client": { "session.timeout.ms": "6000", "heartbeat.interval.ms": "200" } },
                  "sinks": [ { "type": "file", "path": "\(directory[name])-out" } ],
                  "delivery": { "commitInterval": "50ms" } }
                """
            )
        }
        func lines(_ name: String) throws -> [String] { try directory.lines(of: name + "-out") }
        func write(_ range: Range<Int>) async throws {
            for partition in 0..<4 {
                try await cluster.plain.send(range.map { "\(partition):\($0)" }, to: topic, partition: Int32(partition))
            }
        }
        try await withChildProcess(try member("a")) { a in
            try await withChildProcess(try member("b")) { b in
                var next = 0
                try await until("both read") {
                    try await write(next..<(next + 10))
                    next += 10
                    return try lines("a").count > 20 && lines("b").count > 20
                }
                a.send(SIGKILL)
                try await write(next..<(next + 500))
                next += 500
                let all = Set((0..<4).flatMap { partition in (0..<next).map { "\(partition):\($0)" } })
                try await until("b takes over") { try all.isSubset(of: lines("a") + lines("b")) }
                for partition in 0..<4 {
                    let mine = try lines("b").compactMap { line -> Int? in
                        let parts = line.split(separator: ":")
                        return parts.first == "\(partition)" ? Int(parts[1]) : nil
                    }
                    #expect(mine == mine.sorted(), "the order of partition \(partition)")
                }
                b.send(SIGTERM)
                #expect(try await b.wait(atMost: .seconds(60)) == .exited(0), "\(b.standardError)")
            }
        }
    }

    @Test("lines of a file into a topic, killed again and again: none is lost, the first of each are in order")
    func sends() async throws {
        let (topic, count) = (try cluster.topic(partitions: 1), 20_000)
        try directory.write((0..<count).map { "\($0)\n" }.joined(), to: "in")
        let command = try connector(
            "file",
            """
            { "source": { "type": "file", "path": "\(directory["in"])" },
              "sinks": [ { "type": "kafka", "brokers": [\(brokers)], "topic": "\(topic)", "format": "raw" } ],
              "delivery": { "maxPollRecords": 50, "maxUncommittedRecords": 500, "commitInterval": "5ms" } }
            """
        )
        var kills = 0
        var isDone = false
        while !isDone {
            isDone = try await withChildProcess(command) { child in
                let moment = Duration.milliseconds(Int.random(in: 20...150))
                if kills < 10, try await child.wait(atMost: moment) == nil {
                    child.send(SIGKILL)
                    kills += 1
                }
                return await child.wait() == .exited(0)
            }
        }
        let values = try await cluster.plain.values(of: topic).compactMap { Int($0) }
        var seen: Set<Int> = []
        #expect(values.filter { seen.insert($0).inserted } == Array(0..<count))
        #expect(values.count - count <= kills * 500, "\(values.count - count) repeats after \(kills) kills")
    }
}
