// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension EventForm {
    /// Messages of bindings as JSON objects, one a line: headers or properties as `[name, value]`, the body in base64.
    static let messages: [EventForm] = [
        messages("kafka", "{\"headers\": [[name, text]], \"body\": base64 or null}") {
            message throws(CloudEventError) in
            try KafkaBinding().decode(
                KafkaMessage(
                    value: message.body,
                    headers: message.pairs.map { KafkaHeader(key: $0.name, value: $0.value.bytes) }
                )
            )
        } encode: { event throws(CloudEventError) in
            let message = try KafkaBinding().encode(event)
            let pairs = message.headers.map { header in
                (header.key, MessageValue.text(header.value.map { String(decodingUTF8: $0) } ?? ""))
            }
            return MessageText(list: "headers", pairs: pairs, body: message.value)
        },
        messages(
            "amqp",
            "{\"contentType\": text, \"properties\": [[name, value]], \"body\": base64}"
        ) { message throws(CloudEventError) in
            try AMQPBinding().decode(
                AMQPMessage(
                    contentType: message.contentType,
                    applicationProperties: message.pairs.map { AMQPProperty($0.name, $0.value.amqp) },
                    body: message.body
                )
            )
        } encode: { event throws(CloudEventError) in
            let message = try AMQPBinding().encode(event)
            let pairs = message.applicationProperties.map { ($0.name, MessageValue($0.value)) }
            return MessageText(
                contentType: message.contentType,
                list: "properties",
                pairs: pairs,
                body: message.body
            )
        },
        messages(
            "mqtt",
            "{\"contentType\": text, \"properties\": [[name, text]], \"body\": base64}"
        ) { message throws(CloudEventError) in
            try MQTT5Binding().decode(
                MQTTMessage(contentType: message.contentType, userProperties: message.texts(), payload: message.body)
            )
        } encode: { event throws(CloudEventError) in
            let message = try MQTT5Binding().encode(event)
            return MessageText(
                contentType: message.contentType,
                list: "properties",
                pairs: message.userProperties.map { ($0.name, .text($0.value)) },
                body: message.payload
            )
        },
        messages("nats", "{\"headers\": [[name, text]], \"body\": base64}") { message throws(CloudEventError) in
            try NATSBinding().decode(NATSMessage(headers: message.texts(), payload: message.body))
        } encode: { event throws(CloudEventError) in
            let message = try NATSBinding().encode(event)
            return MessageText(
                list: "headers",
                pairs: message.headers.map { ($0.name, .text($0.value)) },
                body: message.payload
            )
        },
    ]

    private static func messages(
        _ binding: String,
        _ shape: String,
        decode: @escaping @Sendable (MessageText) throws(CloudEventError) -> CloudEvent,
        encode: @escaping @Sendable (CloudEvent) throws(CloudEventError) -> MessageText
    ) -> EventForm {
        EventForm(
            name: "message:" + binding,
            summary: shape,
            isText: true,
            capacity: .many,
            read: { bytes in
                lines(of: bytes).map { range in
                    do throws(CloudEventError) {
                        let message: MessageText
                        do throws(CloudEventError) { message = try MessageText(bytes.slice(range)) } catch {
                            throw error.moved(by: range.lowerBound)
                        }
                        do throws(CloudEventError) { return .success(try decode(message)) } catch {
                            throw error.inBody(ofMessageAt: range.lowerBound)
                        }
                    } catch {
                        return .failure(error)
                    }
                }
            },
            write: { events throws(CloudEventError) in
                var writer = JSONWriter()
                for event in events { try encode(event).write(to: &writer) }
                return writer.finish()
            }
        )
    }
}
