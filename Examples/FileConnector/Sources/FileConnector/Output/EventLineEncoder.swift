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
        var isJSON = false
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
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` where a record has neither an id nor an
    ///   offset.
    mutating func append(_ record: ConnectorRecord, to writer: inout JSONWriter) throws {
        let offset = record.offset
        let source = record.source
        let type = record.type
        if partition?.isIdentical(to: record.partition) != true || incarnation != offset?.incarnation ?? 0
            || common.source != source || common.type != type
        {
            prepare(record, source, type)
        }
        try writeID(record, offset, &writer)
        writer.writeRaw(common.middle)
        writeRest(record, &writer)
        writer.writeRaw("}\n")
    }

    private func writeID(
        _ record: ConnectorRecord,
        _ offset: RecordOffset?,
        _ writer: inout JSONWriter
    ) throws {
        if record.id == nil, let sequence = offset?.sequence {
            writer.writeRaw(common.head)
            writer.writeInteger(sequence)
            writer.writeRaw(UInt8(ascii: "\""))
            return
        }
        guard let id = record.id ?? offset.map({ "\(EventID.hash(of: record.partition))-\($0)" }) else {
            throw Self.withoutID(record)
        }
        writer.writeRaw(#"{"specversion":"1.0","id":"#)
        writer.writeString(id)
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
        for attribute in record.extensions { EventJSON.write(attribute, to: &writer) }
        let contentType = record.contentType
        guard contentType != common.contentType else {
            writer.writeRaw(common.contentTypeMember)
            return EventJSON.writeData(record, isJSON: common.isJSON, to: &writer)
        }
        if let contentType {
            writer.writeRaw(#","datacontenttype":"#)
            writer.writeString(contentType)
        }
        EventJSON.writeData(record, isJSON: contentType.map { MediaType.isJSON($0) } ?? false, to: &writer)
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
        common.isJSON = common.contentType.map { MediaType.isJSON($0) } ?? false
        if let contentType = common.contentType {
            writer.writeRaw(#","datacontenttype":"#)
            writer.writeString(contentType)
        }
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
