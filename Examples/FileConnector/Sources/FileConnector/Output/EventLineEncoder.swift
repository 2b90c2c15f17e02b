// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Writes records as CloudEvents in JSON, one in a line.
///
/// What the records of a partition have in common is rendered once.
struct EventLineEncoder {
    private let defaults: EventDefaults
    private var partition: RecordPartition?
    private var incarnation: UInt64 = 0
    private var common = Common()

    /// The JSON that consecutive records share.
    private struct Common {
        var source: URIReference?
        var type: String?
        var contentType: String?
        /// Up to and with the dash before the offset in the id.
        var head = SharedBytes()
        var middle = SharedBytes()
        var contentTypeMember = SharedBytes()
    }

    /// - Parameter defaults: what an event says where neither the record nor its partition says anything.
    init(defaults: EventDefaults) {
        self.defaults = defaults
    }

    /// Appends the event of a record and a newline.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` where a record has neither an id nor an offset.
    mutating func append(_ record: ConnectorRecord, to writer: inout JSONWriter) throws {
        let offset = record.offset
        let source = record.source
        let type = record.type
        if partition?.isIdentical(to: record.partition) != true || incarnation != offset?.incarnation ?? 0
            || common.source != source || common.type != type
        {
            prepare(record, source, type)
        }
        if let id = record.id {
            writer.writeRaw(#"{"specversion":"1.0","id":"#)
            writer.writeString(id)
        } else {
            guard let offset else { throw Self.withoutID(record) }
            writer.writeRaw(common.head)
            if let sequence = offset.sequence {
                writer.writeInteger(sequence)
                writer.writeRaw(UInt8(ascii: "\""))
            } else {
                writer.truncate(to: writer.count - common.head.count)
                writer.writeRaw(#"{"specversion":"1.0","id":"#)
                writer.writeString("\(EventID.hash(of: record.partition))-\(offset)")
            }
        }
        writer.writeRaw(common.middle)
        writeRest(record, &writer)
        writer.writeRaw("}\n")
    }

    private func writeRest(_ record: ConnectorRecord, _ writer: inout JSONWriter) {
        if let subject = record.subject {
            writer.writeRaw(#","subject":"#)
            writer.writeString(subject)
        }
        if let time = record.time {
            writer.writeRaw(#","time":"#)
            writer.writeTimestamp(time)
        }
        if let schema = record.schema {
            writer.writeRaw(#","dataschema":"#)
            writer.writeString(schema.string)
        }
        if let contentType = record.contentType {
            if contentType == common.contentType {
                writer.writeRaw(common.contentTypeMember)
            } else {
                writer.writeRaw(#","datacontenttype":"#)
                writer.writeString(contentType)
            }
        }
        writeData(record, &writer)
    }

    private func writeData(_ record: ConnectorRecord, _ writer: inout JSONWriter) {
        let form = record.data.form
        guard form != .absent else { return }
        if form == .json || form == .structured {
            writer.writeRaw(#","data":"#)
            return writer.writeRaw(record.data.bytes)
        }
        record.heldBytes.withUnsafeBytes { bytes in
            if form == .text || isValidUTF8(bytes) {
                writer.writeRaw(#","data":"#)
                writer.writeString(utf8: bytes)
            } else {
                writer.writeRaw(#","data_base64":"#)
                writer.writeBase64(bytes)
            }
        }
    }

    private mutating func prepare(_ record: ConnectorRecord, _ source: URIReference?, _ type: String?) {
        partition = record.partition
        incarnation = record.offset?.incarnation ?? 0
        common.source = source
        common.type = type
        common.contentType = record.partition.defaults?.contentType
        var writer = JSONWriter()
        let place = "\(EventID.hash(of: record.partition))-\(EventID.hexadecimal(incarnation))-"
        writer.writeRaw(#"{"specversion":"1.0","id":""#)
        writer.writeRaw(SharedBytes(utf8: place))
        common.head = writer.takeBytes()
        writer.writeRaw(#","source":"#)
        writer.writeString((source ?? defaults.source).string)
        writer.writeRaw(#","type":"#)
        writer.writeString(type ?? defaults.type)
        common.middle = writer.takeBytes()
        writer.writeRaw(#","datacontenttype":"#)
        writer.writeString(common.contentType ?? "")
        common.contentTypeMember = writer.takeBytes()
    }

    private static func withoutID(_ record: ConnectorRecord) -> ConnectorError {
        ConnectorError(
            .invalidRecord,
            "a record of \(record.partition) has neither an id nor an offset, so no event that is the same each time can be "
                + "made of it; give the record an id"
        )
    }
}
