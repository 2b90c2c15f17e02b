// SPDX-License-Identifier: Apache-2.0

import MockKafka

#if canImport(Darwin)
import Darwin
#else
@preconcurrency import Glibc
#endif

/// A mock cluster in a process of its own, to try pipelines without a broker.
@main
struct MockKafkaCommand {
    private static let usage = """
        Usage: mock-kafka [TOPIC:PARTITIONS]...

        Starts a cluster in memory and prints the address of its broker on the first line. Takes commands on standard
        input and answers each with a line; ends when it gets a signal.

          topic NAME PARTITIONS    makes a topic
          down | up                closes all connections and takes no others, or takes them again
          delay MILLISECONDS       has each answer take that long
        """

    static func main() {
        setvbuf(stdout, nil, _IOLBF, 0)
        let topics = CommandLine.arguments.dropFirst()
        if topics.contains(where: { $0 == "-h" || $0 == "--help" }) { return print(usage) }
        do {
            let cluster = try MockCluster()
            for topic in topics { try create(topic, in: cluster) }
            print(cluster.brokers.joined(separator: ","))
            while let line = readLine() {
                do {
                    try obey(line.split(separator: " ").map(String.init), cluster)
                    print("ok")
                } catch {
                    print("error: \(error)")
                }
            }
            while true { pause() }
        } catch {
            fputs("mock-kafka: \(error)\n\n\(usage)\n", stderr)
            exit(2)
        }
    }

    private static func create(_ topic: String, in cluster: MockCluster) throws {
        let parts = topic.split(separator: ":").map(String.init)
        guard parts.count == 2 else { throw Mistake(description: "'\(topic)' is not TOPIC:PARTITIONS") }
        try obey(["topic"] + parts, cluster)
    }

    private static func obey(_ words: [String], _ cluster: MockCluster) throws {
        let number = words.last.flatMap { Int($0) }
        switch (words.first, words.count, number) {
        case ("topic", 3, let count?) where count > 0: try cluster.createTopic(words[1], partitions: count)
        case ("down", 1, _): try cluster.setReachable(false)
        case ("up", 1, _): try cluster.setReachable(true)
        case ("delay", 2, let delay?): try cluster.setRoundTrip(milliseconds: delay)
        default: throw Mistake(description: "'\(words.joined(separator: " "))' is no command")
        }
    }

    private struct Mistake: Error, CustomStringConvertible {
        let description: String
    }
}
