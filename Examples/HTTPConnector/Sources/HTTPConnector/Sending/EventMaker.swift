// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Attributes that a sink sets on each event, whatever they were before.
struct EventOverrides: Sendable, Hashable {
    var extensions: [AttributeName: String] = [:]
}

/// Makes events, and the messages that carry them, of records.
struct EventMaker: Sendable {
    private let defaults: EventDefaults
    private let mode: HTTPSink.Mode
    private let overrides: [(name: AttributeName, value: AttributeValue)]
    private let binding = HTTPBinding()

    init(_ defaults: EventDefaults, _ mode: HTTPSink.Mode, _ overrides: EventOverrides) {
        self.defaults = defaults
        self.mode = mode
        self.overrides = overrides.extensions.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
    }

    /// The event of a record.
    ///
    /// - Throws: `invalidRecord` where no event can be made of it.
    func event(of record: ConnectorRecord) throws(ConnectorError) -> CloudEvent {
        do {
            // A body of binary mode is the very bytes; in a format, readable data is worth more.
            var event = try record.event(defaults: defaults, options: mode.format == nil ? [] : .readableData)
            for (name, value) in overrides { try event.setExtension(name, to: value) }
            return event
        } catch let error as ConnectorError {
            throw error
        } catch {
            throw ConnectorError(.invalidRecord, "no event can be made of the record: \(error)")
        }
    }

    /// A request of one record.
    ///
    /// - Throws: `invalidRecord` for what no event, no message or no header can carry.
    func message(of record: ConnectorRecord) throws(ConnectorError) -> HTTPMessage {
        let event = try event(of: record)
        let message: HTTPMessage
        do throws(CloudEventError) {
            if let format = mode.format {
                let body = try format.encode(event)
                message = HTTPMessage(headers: [MessageHeader("content-type", format.contentType)], body: body)
            } else {
                message = try binding.encode(event)
            }
        } catch {
            throw Self.unwritable(error, record.position)
        }
        try SinkHeaders.check(message.headers)
        return message
    }

    /// The size of an event in the format of batches.
    ///
    /// - Throws: `invalidRecord` for an event that the format cannot write.
    func size(of event: CloudEvent) throws(ConnectorError) -> Int {
        do throws(CloudEventError) {
            return try mode.format?.encode(event).count ?? 0
        } catch {
            throw Self.unwritable(error)
        }
    }

    /// A request of a batch.
    ///
    /// - Throws: `invalidRecord` for events that the format cannot write.
    func message(of events: [CloudEvent]) throws(ConnectorError) -> HTTPMessage {
        guard let format = mode.format, let contentType = format.batchContentType else {
            throw ConnectorError(.fatal, "the mode \(mode) has no batches")
        }
        do throws(CloudEventError) {
            let body = try format.encodeBatch(events)
            return HTTPMessage(headers: [MessageHeader("content-type", contentType)], body: body)
        } catch {
            throw Self.unwritable(error)
        }
    }

    private static func unwritable(_ error: CloudEventError, _ position: RecordPosition? = nil) -> ConnectorError {
        ConnectorError(.invalidRecord, "the event cannot be written: \(error)", position: position)
    }
}
