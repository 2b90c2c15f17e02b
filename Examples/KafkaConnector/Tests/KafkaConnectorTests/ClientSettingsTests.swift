// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("Settings of the client", .timeLimit(.minutes(10)))
struct ClientSettingsTests {
    private func error(_ properties: [String: Secret]) -> ConnectorError? {
        let client = ClientSettings(brokers: ["127.0.0.1:1"], properties: properties)
        let log = ClientLog { _ in }
        return #expect(throws: ConnectorError.self) { () throws -> Void in
            _ = try KafkaProducer(client, topic: "t", keyless: .sourcePartition, log: log)
        }
    }

    @Test(
        "a property that librdkafka does not take is named, with its reason",
        arguments: [
            ("no.such.property", "1", "no.such.property"), ("batch.size", "many", "batch.size"),
            ("acks", "1", "what is reported as delivered has to be safe"),
            ("enable.idempotence", "false", "the order of messages relies on it"),
            ("bootstrap.servers", "a:1", "'brokers'"), ("message.timeout.ms", "1", "deliveryTimeout"),
            ("security.protocol", "carrier-pigeon", "security.protocol"),
        ]
    )
    func refused(name: String, value: String, words: String) throws {
        let error = try #require(self.error([name: Secret(value)]))
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(words), "\(error)")
    }

    @Test("a value never shows, also where librdkafka repeats it")
    func secrets() throws {
        let error = try #require(
            self.error(
                [
                    "security.protocol": "SASL_SSL", "sasl.mechanisms": "PLAIN", "sasl.username": "u",
                    "sasl.password": "tellnobody", "ssl.ca.location": "/no/such/tellnobody",
                ].mapValues { Secret($0) }
            )
        )
        #expect(!"\(error)".contains("tellnobody"), "\(error)")
        let wrong = try #require(self.error(["batch.size": Secret("tellnobody")]))
        #expect(!"\(wrong)".contains("tellnobody"), "\(wrong)")
    }

    @Test("TLS and SASL are in this build of librdkafka")
    func security() async throws {
        let client = ClientSettings(
            brokers: ["127.0.0.1:1"],
            properties: [
                "security.protocol": Secret("SASL_SSL"), "sasl.mechanisms": Secret("SCRAM-SHA-512"),
                "sasl.username": Secret("u"), "sasl.password": Secret("p"),
            ]
        )
        let producer = try KafkaProducer(client, topic: "t", keyless: .sourcePartition, log: ClientLog { _ in })
        await producer.close()
    }

    @Test("a topic that librdkafka refuses leaves no client behind")
    func refusedTopic() async throws {
        let (ends, end) = AsyncStream<Never>.makeStream()
        let log = Self.log { end.finish() }
        let client = ClientSettings(brokers: ["127.0.0.1:1"])
        let topic = String(repeating: "t", count: 1000)
        let error = #expect(throws: ConnectorError.self) {
            _ = try KafkaProducer(client, topic: topic, keyless: .anyPartition, log: log)
        }
        #expect(error?.message.contains("cannot be used") == true, "\(String(describing: error))")
        // The log lets go of what it was made with when the client is destroyed.
        for await _ in ends {}
        withExtendedLifetime(log) {}
    }
}

extension ClientSettingsTests {
    private static func log(whenReleased body: @escaping @Sendable () -> Void) -> ClientLog {
        let held = WhenReleased(body)
        return ClientLog { _ in withExtendedLifetime(held) {} }
    }
}

private final class WhenReleased: Sendable {
    private let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    deinit { body() }
}
