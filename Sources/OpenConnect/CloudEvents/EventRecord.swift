// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The way from an event to a record: the inverse of ``RecordEvent``.
struct EventRecord {
    /// What an event carries of a record, and the extensions that are left without it.
    struct Carried {
        var key: RecordData?
        var carrier = RecordCarrier()
        var extensions: [EventExtension]

        /// `nil` where ``RecordEvent`` would not have put the last member of the family there.
        init?(_ extensions: [EventExtension], _ data: EventData, _ contentType: String?) {
            guard let top = StackedAttribute.record.top(of: extensions), top.isNext,
                case .string(let text) = top.value, let carrier = RecordCarrier(text)
            else { return nil }
            self.carrier = carrier
            self.extensions = extensions
            self.extensions.remove(at: top.index)
            guard isKeyPossible, isFormPossible(data, contentType) else { return nil }
            // A carrier of nothing is there only because what lies below looks like one.
            if carrier.isEmpty, Carried(self.extensions, data, contentType) == nil { return nil }
            takeKey()
        }

        /// Nothing but a key.
        init(plain extensions: [EventExtension]) {
            self.extensions = extensions
            takeKey()
        }

        private var partitionKey: AttributeValue? {
            extensions.first { $0.name == RecordEvent.partitionKey }?.value
        }

        private var isKeyPossible: Bool {
            switch carrier.key {
            case .unsaid: true
            case .none: partitionKey.map { RecordEvent.isKey($0) } ?? false
            case .value(let key): partitionKey != nil || RecordEvent.attribute(for: key) == nil
            }
        }

        /// Whether data of the noted form becomes the event's data.
        private func isFormPossible(_ data: EventData, _ contentType: String?) -> Bool {
            guard let form = carrier.form else { return true }
            let isJSON = contentType.map { MediaType.isJSON($0) } ?? true
            switch form {
            case .absent, .bytes: return false
            case .text:
                return data.kind == .binary && contentType != nil && isJSON && RecordEvent.note(in: extensions) == nil
                    && data.bytes.withUnsafeBytes(isValidUTF8) && !EventPayload.isWholeJSON(data.bytes)
            case .json:
                return data.kind == .text && !isJSON && RecordEvent.note(in: extensions) == nil
                    && EventPayload.isWholeJSON(data.bytes)
            case .structured:
                return data.kind == (isJSON ? .json : .text) && RecordData(.structured, restoring: data.bytes) != nil
            }
        }

        private mutating func takeKey() {
            switch carrier.key {
            case .none: break
            case .value(let key): self.key = key
            case .unsaid:
                guard let index = extensions.firstIndex(where: { $0.name == RecordEvent.partitionKey }),
                    case .string(let text) = extensions[index].value, !text.isEmpty
                else { return }
                key = .text(text)
                extensions.remove(at: index)
            }
        }
    }

    /// The position that extensions carry, and the place where; both `nil` inside where they say that there is none.
    static func carriedPosition(in extensions: [EventExtension]) -> (position: PositionText?, index: Int)? {
        guard let top = StackedAttribute.position.top(of: extensions), top.isNext, case .string(let text) = top.value
        else { return nil }
        if let position = PositionText(text) { return (position, top.index) }
        var rest = extensions
        rest.remove(at: top.index)
        return text == PositionText.none && carriedPosition(in: rest) != nil ? (nil, top.index) : nil
    }

    private(set) var record: ConnectorRecord

    init(_ event: CloudEvent, options: EventOptions) {
        var extensions = event.extensions.map { EventExtension($0.name, $0.value) }
        var position: PositionText?
        if options.contains(.includingPosition), let found = Self.carriedPosition(in: extensions) {
            position = found.position
            extensions.remove(at: found.index)
        }
        var carried =
            Carried(extensions, event.data, event.dataContentType) ?? Carried(plain: extensions)
        if carried.carrier.form == nil,
            EventPayload.isDisputed(event.data.kind, event.dataContentType, event.data.bytes)
        {
            try? StackedAttribute.record.push(RecordEvent.asItIs, to: &carried.extensions)
        }
        record = ConnectorRecord(
            Self.data(event.data, carried.carrier.form),
            partition: position?.partition ?? .single,
            offset: position?.offset,
            timestamp: carried.carrier.timestamp
        )
        record.editDetails { details in
            details.key = carried.key
            details.headers = carried.carrier.headers
            details.deliveryAttempt = carried.carrier.deliveryAttempt
            details.id = event.id
            details.source = event.source
            details.type = event.type
            details.subject = event.subject
            details.time = event.time
            details.contentType = event.dataContentType
            details.schema = event.dataSchema
            details.extensions = carried.extensions
        }
    }

    private static func data(_ data: EventData, _ form: RecordData.Form?) -> RecordData {
        if let form, let restored = RecordData(form, restoring: data.bytes) { return restored }
        return switch data.kind {
        case .absent: .absent
        case .binary: .bytes(data.bytes)
        case .text: RecordData(form: .text, payload: data.bytes)
        case .json: .json(checked: data.bytes)
        }
    }
}
