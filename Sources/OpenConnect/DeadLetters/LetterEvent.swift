// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The way from the record of a letter to an event, and back.
struct LetterEvent {
    private let record: ConnectorRecord
    private let defaults: EventDefaults
    /// For a record of which no event can be made as it is: only its data and its position go into the event's own
    /// attributes.
    private let isOpaque: Bool

    private init(_ letter: DeadLetter, isOpaque: Bool) {
        record = letter.record
        defaults = EventDefaults(
            pipeline: letter.pipeline,
            connectorType: LetterAttribute.escaped(letter.connector)
        )
        self.isOpaque = isOpaque
    }

    /// The event of a letter's record, with what it does not say in an attribute.
    static func event(of letter: DeadLetter) throws -> CloudEvent {
        // A record may be a dead letter just because no event can be made of it.
        let event = try? LetterEvent(letter, isOpaque: false).event(madeID(for: letter))
        return try event ?? LetterEvent(letter, isOpaque: true).event(madeID(for: letter))
    }

    private func event(_ madeID: String) throws -> CloudEvent {
        var carrier = LetterCarrier()
        let payload = LetterPayload(record.data, contentType: isOpaque ? nil : record.contentType)
        carrier.form = record.dataForm
        carrier.types = payload.types
        var carried = ConnectorRecord(
            payload.data,
            partition: RecordPartition(record.partition.name),
            offset: record.offset,
            timestamp: record.timestamp
        )
        carried.key = key
        carried.headers = record.headers
        carried.deliveryAttempt = record.deliveryAttempt
        carried.time = record.time
        carried.schema = record.schema
        carried.contentType = payload.contentType
        if record.contentType != payload.contentType { carrier.attributes[.datacontenttype] = record.contentType }
        copyContext(to: &carried, madeID, &carrier)
        copyExtensions(to: &carried, &carrier)
        var event = try carried.event(defaults: defaults, options: .includingPosition)
        try event.setExtension(LetterAttribute.record, to: .string(carrier.text))
        return event
    }

    private func copyContext(to carried: inout ConnectorRecord, _ madeID: String, _ carrier: inout LetterCarrier) {
        if isOpaque {
            if let id = record.id { carrier.attributes[.id] = id }
            if let source = record.source { carrier.attributes[.source] = source.string }
            if let type = record.type { carrier.attributes[.type] = type }
            if let subject = record.subject { carrier.attributes[.subject] = subject }
        } else {
            carried.id = record.id
            carried.source = record.source
            carried.type = record.type
            carried.subject = record.subject
        }
        if record.id == nil { carrier.attributes[.id] = .some(nil) }
        if record.source == nil { carrier.attributes[.source] = .some(nil) }
        if record.type == nil { carrier.attributes[.type] = .some(nil) }
        if carried.id == nil, !record.hasOffset { carried.id = madeID }
    }

    private func copyExtensions(to carried: inout ConnectorRecord, _ carrier: inout LetterCarrier) {
        var kept: [EventExtension] = []
        for (index, element) in record.extensions.enumerated() {
            if isOpaque || LetterAttribute.isTaken(element.name) {
                carrier.extensions.append((index, element))
            } else {
                kept.append(element)
                if element.value.type != .string { carrier.extensionTypes.append((element.name, element.value.type)) }
            }
        }
        carried.extensions = kept
    }

    /// A structured key that JSON cannot hold stays readable.
    private var key: RecordData? {
        guard isOpaque, let key = record.key, key.form == .structured else { return record.key }
        return (try? key.structured.validatedJSON()) == nil ? .bytes(key.bytes) : key
    }

    /// An id for a record that has none, nor an offset to make one of: the same for the same letter.
    private static func madeID(for letter: DeadLetter) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in letter.record.data.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return "dead-letter-\(letter.firstFailure.nanosecondsSince1970)-" + String(hash, radix: 16)
    }

    /// The record of a letter's event, or `nil` where the carrier is not one.
    static func record(of event: CloudEvent) -> ConnectorRecord? {
        var text = "data=bytes"
        if let value = event.extensions[LetterAttribute.record] { text = value.canonicalString }
        guard let carrier = LetterCarrier(text) else { return nil }
        let read = ConnectorRecord(event: event, options: .includingPosition)
        var record = ConnectorRecord(
            LetterPayload.restore(event.data.bytes, carrier.form, types: carrier.types),
            partition: read.partition,
            offset: read.offset,
            timestamp: read.timestamp
        )
        record.editDetails { details in
            details.key = read.key
            details.headers = read.headers
            details.deliveryAttempt = read.deliveryAttempt
            details.id = carrier.attributes[.id] ?? read.id
            details.source = carrier.attributes[.source].map { $0.flatMap { try? URIReference($0) } } ?? read.source
            details.type = carrier.attributes[.type] ?? read.type
            details.subject = carrier.attributes[.subject] ?? read.subject
            details.contentType = carrier.attributes[.datacontenttype] ?? read.contentType
            details.time = read.time
            details.schema = read.schema
            details.extensions = carrier.restored(read.extensions.filter { !LetterAttribute.isOwn($0.name) })
        }
        return record
    }
}
