// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension EventForm {
    /// HTTP messages as text. Each is read in the mode that its content type tells, whichever of the forms was named; they
    /// differ in what is written.
    static let http: [EventForm] = [
        http("http", "HTTP/1.1 messages in binary mode; start lines may be missing.") {
            events throws(CloudEventError) in
            try events.map { event throws(CloudEventError) in try HTTPBinding().encode(event) }
        },
        http("http-structured", "HTTP/1.1 messages in structured mode, written in JSON.") {
            events throws(CloudEventError) in
            try events.map { event throws(CloudEventError) in try HTTPBinding().encode(event, as: .structured()) }
        },
        http("http-batched", "One HTTP/1.1 message in batched mode, written in JSON.") {
            events throws(CloudEventError) in
            let message = try HTTPBinding().encodeBatch(events)
            try check(events.count, message.body?.count ?? 0, JSONEventFormat().limits)
            return [message]
        },
    ]

    private static func http(
        _ name: String,
        _ summary: String,
        write: @escaping @Sendable ([CloudEvent]) throws(CloudEventError) -> [HTTPMessage]
    ) -> EventForm {
        EventForm(
            name: name,
            summary: summary,
            isText: true,
            capacity: .many,
            read: { bytes in
                let (messages, failure) = HTTPText.messages(in: bytes)
                return messages.flatMap { readings(of: $0, in: bytes) } + (failure.map { [.failure($0)] } ?? [])
            },
            write: { events throws(CloudEventError) in
                var text: [UInt8] = []
                for message in try write(events) {
                    text += HTTPText.write(headers: message.headers, body: message.body ?? SharedBytes())
                }
                return SharedBytes(text)
            }
        )
    }

    /// The events of one message. The places in errors of binary mode are unknown: they are about a header.
    private static func readings(of text: HTTPText, in bytes: SharedBytes) -> [EventReading] {
        let binding = HTTPBinding()
        let message = HTTPMessage(headers: text.headers, body: bytes.slice(text.body))
        let mode = binding.contentMode(of: message)
        do throws(CloudEventError) {
            if mode == .batched { return try binding.decodeBatch(message).map { .success($0) } }
            return [.success(try binding.decode(message))]
        } catch {
            let isInBody = mode != .binary && error.offset != nil
            return [.failure(isInBody ? error.moved(by: text.body.lowerBound) : error)]
        }
    }
}
