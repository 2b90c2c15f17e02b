// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import PostgresConnector

@Suite struct RowShapeTests {
    private static let table: TargetTable = {
        let kinds: [(String, TargetTable.Column.Kind)] = [
            ("a", .text), ("b", .json), ("größe", .bytes), ("d", .array(.text)),
        ]
        return TargetTable(try! TableName("t"), columns: kinds.map { .init(name: $0.0, kind: $0.1) })
    }()

    private func encoder(_ ignoresUnknown: Bool) throws -> RowEncoder {
        var options = PostgresSinkOptions(table: "t")
        options.ignoresUnknownFields = ignoresUnknown
        let defaults = EventDefaults(pipeline: "test", connectorType: "postgres")
        return try RowEncoder(options, Self.table, keys: [], defaults: defaults)
    }

    /// The text of each row, and the reasons of what became none.
    private func encode(_ records: [ConnectorRecord], _ ignoresUnknown: Bool) throws -> [String] {
        let set = try encoder(ignoresUnknown).rows(of: RecordBatch(records))
        var texts = [String](repeating: "", count: records.count)
        for segment in set.segments {
            for (row, index) in segment.records.enumerated() {
                let columns = segment.columns.map { Self.table.columns[$0].name }
                texts[index] = "\(columns)" + String(decoding: segment.text(of: row..<(row + 1)), as: UTF8.self)
            }
        }
        for (index, error) in set.rejected { texts[index] = error.message }
        return texts
    }

    private static let values = [
        "null", "true", "false", "0", "-0", "-0.0", "1", "-12345678901234567890123", "1.50", "1e300", "1E-5", "\"\"",
        "\"plain\"", "\"größe\"", "\"tab\\t\"", "\"quote \\\" \\\\N\"", "\"\\u0041\"", "[1,2]", "{\"x\":{}}",
        "\"AP8=\"",
        "\"\\\\x00\"",
    ]

    private static let names = ["a", "b", "größe", "d", "unknown"]

    @Test(arguments: [false, true]) func aRowAmongOthersIsWrittenAsOneAlone(ignoresUnknown: Bool) throws {
        var lines: [String] = []
        for name in Self.names {
            for value in Self.values {
                lines.append("{\"\(name)\":\(value)}")
                lines.append(" {\n\"d\" : [\"x\"], \"a\"\t:\(value) ,\"b\": \(value)} ")
                lines.append("{\"a\":\(value),\"\(name)2\":1}")
            }
        }
        let forms: [(String) throws -> ConnectorRecord] = [
            { ConnectorRecord(try .json(SharedBytes(utf8: $0))) },
            { ConnectorRecord(.structured(try StructuredValue(json: SharedBytes(utf8: $0)))) },
            { ConnectorRecord(.text($0)) },
        ]
        for form in forms {
            let records = try lines.map(form)
            let alone = try records.flatMap { try encode([$0], ignoresUnknown) }
            #expect(try encode(records, ignoresUnknown) == alone)
            // Three of a kind: the third is written by the shape of the second.
            let tripled = records.flatMap { [$0, $0, $0] }
            #expect(try encode(tripled, ignoresUnknown) == alone.flatMap { [$0, $0, $0] })
        }
    }

    @Test(arguments: [
        "", "{", "{\"", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":1", "{\"a\":1,", "{\"a\":\\", "[1]", "{\"a\":}",
    ])
    func whatIsNoSuchObjectIsNotPlain(text: String) {
        var text = text
        let isPlain = text.withUTF8 { bytes in
            withUnsafeTemporaryAllocation(of: PlainJSON.Token.self, capacity: 1) { tokens in
                var json = PlainJSON(UnsafeRawBufferPointer(bytes))
                return json.object([Array("a".utf8)], tokens)
            }
        }
        #expect(!isPlain)
    }
}
