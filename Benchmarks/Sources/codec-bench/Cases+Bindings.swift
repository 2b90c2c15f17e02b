// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension Cases {
    /// Binary mode: the messages are those that the payload's event becomes.
    static var bindings: [LazyCase] {
        let (http, kafka, amqp) = (HTTPBinding(), KafkaBinding(), AMQPBinding())
        let (mqtt5, nats) = (MQTT5Binding(), NATSBinding())
        return [
            decode("http", { try http.encode($0) }, { try http.decode($0) }),
            encode("http") { try http.encode($0) },
            decode("kafka", { try kafka.encode($0) }, { try kafka.decode($0) }),
            encode("kafka") { try kafka.encode($0) },
            decode("amqp", { try amqp.encode($0) }, { try amqp.decode($0) }),
            encode("amqp") { try amqp.encode($0) },
            decode("mqtt5", { try mqtt5.encode($0) }, { try mqtt5.decode($0) }),
            encode("mqtt5") { try mqtt5.encode($0) },
            decode("nats", { try nats.encode($0) }, { try nats.decode($0) }),
            encode("nats") { try nats.encode($0) },
        ]
    }

    @inline(__always)
    private static func decode<Message>(
        _ binding: String,
        _ encode: @escaping (CloudEvent) throws -> Message,
        _ decode: @escaping (Message) throws -> CloudEvent
    ) -> LazyCase {
        let name = "\(binding)-binary-decode"
        return (
            name,
            { inputs in
                let message = try encode(inputs.event)
                return BenchmarkCase(name) { try decode(message) }
            }
        )
    }

    @inline(__always)
    private static func encode<Message>(
        _ binding: String,
        _ encode: @escaping (CloudEvent) throws -> Message
    ) -> LazyCase {
        let name = "\(binding)-binary-encode"
        return (
            name,
            { inputs in
                let event = inputs.event
                return BenchmarkCase(name) { try encode(event) }
            }
        )
    }
}
