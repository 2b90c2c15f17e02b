// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes records of entries.
struct EntryDecoder: Sendable {
    private let format: EntryFormat.Kind
    private let fields: EntryFields
    private let binary = BinaryEventFormat()
    private let structured = StructuredEventFormat()

    init(_ format: EntryFormat, _ fields: EntryFields) {
        self.format = format.kind
        self.fields = fields
    }

    /// The record of an entry.
    ///
    /// - Parameter list: the index of the node that holds fields and values in turn.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` where the format finds something else.
    func record(
        in replies: RedisReplies,
        at list: Int,
        _ id: EntryID,
        _ partition: RecordPartition
    ) throws -> ConnectorRecord {
        if let data = soleData(replies, list) {
            switch format {
            case .raw, .auto: return ConnectorRecord(.bytes(data), partition: partition, offset: id.offset)
            case .fields, .format: break
            }
        }
        var record: ConnectorRecord
        switch format {
        case .fields: record = plain(replies, list)
        case .raw: record = try RawFormat().decode(encoded(replies, list).record)
        case .format(let format): record = try format.decode(encoded(replies, list).record)
        case .auto: record = try recognized(replies, list)
        }
        record.partition = partition
        record.offset = id.offset
        return record
    }

    /// The payload of an entry that has nothing else, which most entries of a raw stream are.
    private func soleData(_ replies: RedisReplies, _ list: Int) -> SharedBytes? {
        let head = replies.nodes[list]
        guard head.kind == .array, head.count == 2, replies.bytes(at: list + 1) == fields.data else { return nil }
        return replies.bytes(at: list + 2)
    }

    private func recognized(_ replies: RedisReplies, _ list: Int) throws -> ConnectorRecord {
        let (encoded, isEvent) = encoded(replies, list)
        if isEvent { return try binary.decode(encoded) }
        if encoded.contentType?.lowercased().hasPrefix("application/cloudevents") == true {
            return try structured.decode(encoded)
        }
        return encoded.isAbsent && !encoded.headers.isEmpty ? plain(replies, list) : try RawFormat().decode(encoded)
    }

    private func encoded(_ replies: RedisReplies, _ list: Int) -> (record: EncodedRecord, isEvent: Bool) {
        var record = EncodedRecord(SharedBytes(), isAbsent: true)
        var isEvent = false
        forEachField(replies, list) { name, value in
            if name == fields.data, record.isAbsent {
                record.bytes = value
                record.isAbsent = false
            } else if name == fields.key, record.key == nil {
                record.key = value
            } else if name == fields.contentType, record.contentType == nil {
                record.contentType = String(decodingUTF8: value)
            } else if !name.isEmpty {
                let header = RecordHeader(String(decodingUTF8: name), value)
                isEvent = isEvent || header.name == "ce-specversion"
                record.headers.append(header)
            }
        }
        return (record, isEvent)
    }

    private func plain(_ replies: RedisReplies, _ list: Int) -> ConnectorRecord {
        var members: [(String, StructuredValue)] = []
        forEachField(replies, list) { name, value in
            // Bytes of their own: a record that waits must not keep the whole reply.
            let content = String(validatingUTF8: value).map { StructuredValue.string($0) } ?? .bytes(value.detached())
            let name = String(decodingUTF8: name)
            // Of a field that is there several times, all values are kept.
            if let index = members.firstIndex(where: { $0.0.hasSameBytes(as: name) }) {
                let earlier: [StructuredValue] =
                    if case .array(let list) = members[index].1 { list } else { [members[index].1] }
                members[index].1 = .array(earlier + [content])
            } else {
                members.append((name, content))
            }
        }
        return ConnectorRecord(.structured(.object(StructuredObject(members))))
    }

    private func forEachField(_ replies: RedisReplies, _ list: Int, _ body: (SharedBytes, SharedBytes) -> Void) {
        let head = replies.nodes[list]
        guard head.kind == .array else { return }
        var index = list + 1
        while index + 1 < head.end {
            let second = replies.nodes[index].end
            guard second < head.end else { return }
            if let name = replies.bytes(at: index), let value = replies.bytes(at: second) { body(name, value) }
            index = replies.nodes[second].end
        }
    }
}
