// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The way from a record to an event: its payload and extension attributes.
///
/// ``EventRecord`` is the way back. Each inverts the other, for every record and every event: what a record cannot tell an
/// event in attributes goes into the next member of a ``StackedAttribute``, and what an event can be and no record makes
/// (data that disagrees with its content type) is noted in the record, in the same family.
struct RecordEvent {
    /// In a record's extensions: the event had this content type, although its data disagrees with it.
    static let asItIs = "asis"
    static let partitionKey: AttributeName = "partitionkey"

    private let payload: EventPayload
    private var extensions: [EventExtension]

    init(_ record: ConnectorRecord, options: EventOptions) throws {
        extensions = record.extensions
        try Self.checkNames(extensions)
        var disputed: EventData.Kind?
        if let note = Self.note(in: extensions), let kind = Self.disputedKind(of: record) {
            extensions.remove(at: note)
            if !options.contains(.carried) { disputed = kind }
        }
        payload =
            try disputed.map { EventPayload(EventData(unchecked: $0, record.payload), contentType: record.contentType) }
            ?? EventPayload(record.data, contentType: record.contentType, options: options)
        try carry(record)
        if options.contains(.includingPosition) { try carryPosition(of: record) }
    }

    /// Where the note is that an event's data disagrees with its content type.
    static func note(in extensions: [EventExtension]) -> Int? {
        guard let top = StackedAttribute.record.top(of: extensions), top.isNext, top.value == .string(asItIs) else {
            return nil
        }
        return top.index
    }

    private static func disputedKind(of record: ConnectorRecord) -> EventData.Kind? {
        let kind: EventData.Kind
        switch record.dataForm {
        case .text: kind = .text
        case .json: kind = .json
        case .absent, .bytes, .structured: return nil
        }
        return EventPayload.isDisputed(kind, record.contentType, record.heldBytes) ? kind : nil
    }

    private mutating func carry(_ record: ConnectorRecord) throws {
        var carrier = RecordCarrier()
        carrier.timestamp = record.timestamp
        carrier.deliveryAttempt = record.deliveryAttempt
        carrier.headers = record.headers
        carrier.form = payload.form
        let present = extensions.first { $0.name == Self.partitionKey }?.value
        switch (record.key, present) {
        case (nil, let present?): carrier.key = Self.isKey(present) ? .none : .unsaid
        case (nil, nil): break
        case (let key?, nil) where Self.attribute(for: key) != nil:
            extensions.append(EventExtension(Self.partitionKey, Self.attribute(for: key) ?? ""))
        case (let key?, _): carrier.key = .value(key)
        }
        let isNeeded =
            !carrier.isEmpty || EventRecord.Carried(extensions, payload.data, payload.contentType) != nil
        guard isNeeded else { return }
        try StackedAttribute.record.push(carrier.text(), to: &extensions)
    }

    private mutating func carryPosition(of record: ConnectorRecord) throws {
        if let position = PositionText(of: record) {
            try StackedAttribute.position.push(position.text, to: &extensions)
        } else if EventRecord.carriedPosition(in: extensions) != nil {
            try StackedAttribute.position.push(PositionText.none, to: &extensions)
        }
    }

    /// Whether a `partitionkey` is a record's key: text that is not empty.
    static func isKey(_ value: AttributeValue) -> Bool {
        if case .string(let text) = value { !text.isEmpty } else { false }
    }

    /// The `partitionkey` for a key, where it can be one.
    static func attribute(for key: RecordData) -> AttributeValue? {
        guard key.form == .text, key.count > 0 else { return nil }
        return try? AttributeValue(canonical: String(decodingUTF8: key.payload), as: .string)
    }

    private static func checkNames(_ extensions: [EventExtension]) throws {
        guard extensions.count > 1 else { return }
        var names: Set<AttributeName> = []
        for element in extensions where !names.insert(element.name).inserted {
            throw ConnectorError(
                .invalidRecord,
                "no event can be made of the record: it has the extension \(element.name) twice; remove one"
            )
        }
    }

    func event(of record: ConnectorRecord, defaults: EventDefaults) throws -> CloudEvent {
        guard let id = record.eventID else {
            throw ConnectorError(
                .invalidRecord,
                "no event can be made of the record: it has neither an id nor an offset to make one of; give it an id"
            )
        }
        var attributes = ExtensionAttributes()
        for element in extensions { attributes[element.name] = element.value }
        return try CloudEvent(
            id: id,
            source: record.source ?? defaults.source,
            type: record.type ?? defaults.type,
            subject: record.subject,
            time: record.time,
            dataContentType: payload.contentType,
            dataSchema: record.schema,
            extensions: attributes,
            data: payload.data
        )
    }
}
