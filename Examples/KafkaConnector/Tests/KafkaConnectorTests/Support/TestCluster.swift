// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import MockKafka
import OpenConnect
import Synchronization

@testable import KafkaConnector

/// A mock cluster in the process of the tests, with what tests do with it.
final class TestCluster: Sendable {
    let mock: MockCluster
    private let names = Mutex(0)

    init() throws { mock = try MockCluster() }

    var plain: PlainClient { PlainClient(brokers: mock.brokers) }

    /// A topic of its own.
    func topic(partitions: Int) throws -> String {
        let name = names.withLock { number in
            number += 1
            return "topic-\(number)"
        }
        try mock.createTopic(name, partitions: partitions)
        return name
    }

    /// Those of ``client`` that a producer has too.
    func client(without names: Set<String>) -> ClientSettings {
        var client = client
        for name in names { client.properties[name] = nil }
        return client
    }

    /// Settings with which a member that dies is missed soon.
    var client: ClientSettings {
        ClientSettings(
            brokers: mock.brokers,
            properties: [
                "session.timeout.ms": Secret("6000"), "heartbeat.interval.ms": Secret("200"),
                "reconnect.backoff.ms": Secret("10"), "reconnect.backoff.max.ms": Secret("100"),
                "topic.metadata.refresh.interval.ms": Secret("500"),
            ]
        )
    }
}
