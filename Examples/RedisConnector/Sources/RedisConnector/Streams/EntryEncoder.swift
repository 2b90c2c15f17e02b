// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes the fields of entries of records.
struct EntryEncoder: Sendable {
    private let format: EntryFormat.Kind
    private let fields: EntryFields
    private let defaults: EventDefaults

    init(_ format: EntryFormat, _ fields: EntryFields, _ defaults: EventDefaults) {
        self.format = format.kind
        self.fields = fields
        self.defaults = defaults
    }

    /// Fields and values in turn, at least one of each.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` that names what an entry cannot hold.
    func words(of record: ConnectorRecord) throws -> [SharedBytes] {
        switch format {
        case .fields: try plain(record)
        case .raw, .auto: try sole(record) ?? transported(record, RawFormat())
        case .format(let format): try transported(record, format)
        }
    }

    /// The payload of a record that has nothing else, which most records of a raw stream are.
    private func sole(_ record: ConnectorRecord) -> [SharedBytes]? {
        guard record.key == nil, record.headers.isEmpty, record.contentType == nil else { return nil }
        let data = record.data
        return data.isAbsent || data.form == .structured ? nil : [fields.data, record.heldBytes]
    }

    private func transported(_ record: ConnectorRecord, _ format: some RecordFormat) throws -> [SharedBytes] {
        let encoded = try format.encode(record, defaults: defaults)
        var words: [SharedBytes] = []
        words.reserveCapacity(2 * (encoded.headers.count + 3))
        if let key = encoded.key { words += [fields.key, key] }
        if let type = encoded.contentType { words += [fields.contentType, SharedBytes(utf8: type)] }
        if !encoded.isAbsent { words += [fields.data, encoded.bytes] }
        for header in encoded.headers {
            let name = SharedBytes(utf8: header.name)
            guard !fields.isReserved(name) else { throw reserved(header.name, record) }
            words += [name, header.value]
        }
        return words.isEmpty ? [fields.nothing, fields.nothing] : words
    }

    private func reserved(_ name: String, _ record: ConnectorRecord) -> ConnectorError {
        ConnectorError(
            .invalidRecord,
            "the record has a header '\(name)', which the entry would have as another field; remove it, rename it, or "
                + "choose another dataField",
            position: record.position
        )
    }

    private func plain(_ record: ConnectorRecord) throws -> [SharedBytes] {
        let value =
            record.data.form == .bytes || record.data.form == .text
            ? try StructuredValue(json: record.data.bytes) : try record.data.structured
        guard case .object(let object) = value, !object.members.isEmpty else {
            throw ConnectorError(
                .invalidRecord,
                "the data is no object with members; the format fields needs one",
                position: record.position
            )
        }
        return object.members.flatMap { member -> [SharedBytes] in
            let values: [StructuredValue] =
                if case .array(let list) = member.value, !list.isEmpty { list } else { [member.value] }
            return values.flatMap { [SharedBytes(utf8: member.name), Self.bytes(of: $0)] }
        }
    }

    private static func bytes(of value: StructuredValue) -> SharedBytes {
        switch value {
        case .string(let text): SharedBytes(utf8: text)
        case .bytes(let bytes): bytes
        case .null: SharedBytes()
        default: value.json
        }
    }
}
