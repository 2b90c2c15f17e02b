// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Lines of events")
struct CloudEventLineEncoderTests {
    private func line(_ record: ConnectorRecord, _ encoder: inout CloudEventLineEncoder) throws -> SharedBytes {
        var writer = JSONWriter(capacity: 64)
        try encoder.encode(record, into: &writer)
        return writer.finish()
    }

    /// The same record, told in a way that takes the long way through an event.
    private func spelledOut(_ record: ConnectorRecord) -> ConnectorRecord {
        var record = record
        record.headers = record.headers
        return record
    }

    @Test("The short way writes what the long way writes")
    func shortAndLongWay() throws {
        var encoder = CloudEventLineEncoder(defaults: .test)
        for seed in 0..<6000 {
            var generator = RecordGenerator(seed: UInt64(seed))
            let record = try generator.record()
            let short = try line(record, &encoder)
            let long = try line(spelledOut(record), &encoder)
            #expect(short == long, "seed \(seed): \(String(decodingUTF8: short)) \(String(decodingUTF8: long))")
            #expect(!short.contains(0x0A))
            let event = try JSONEventFormat().decode(short)
            let expected = try record.event(defaults: .test, options: .readableData)
            #expect(event.id == expected.id && event.subject == expected.subject)
            #expect(event.dataContentType == expected.dataContentType)
        }
    }

    private func text(_ record: ConnectorRecord) throws -> String {
        var encoder = CloudEventLineEncoder(defaults: .test)
        return String(decodingUTF8: try line(record, &encoder))
    }

    @Test("A line of a file")
    func fileLine() throws {
        let defaults = RecordDefaults(source: "file:///a.log", type: "line", contentType: "text/plain") { offset, _ in
            offset?.sequence.map { "\($0)" }
        }
        let partition = RecordPartition("a.log", defaults: defaults)
        let record = ConnectorRecord(
            .bytes(SharedBytes(utf8: "a \"b\"")),
            partition: partition,
            offset: RecordOffset(7, incarnation: 16)
        )
        let expected =
            #"{"specversion":"1.0","id":"a.log:7.10","source":"file:///a.log","type":"line","subject":"7","#
            + #""datacontenttype":"text/plain","data":"a \"b\""}"#
        #expect(try text(record) == expected)
    }

    @Test("A subject that is a number is written like any other", arguments: [nil, "text/plain", "image/png"])
    func numberedSubject(contentType: String?) throws {
        var numbered = RecordDefaults(source: "file:///a.log", type: "line", contentType: contentType, schema: "urn:s")
        var spelled = numbered
        numbered.setSubject { end, size in end - Int64(size) - 1 }
        spelled.subject = { offset, data in offset?.sequence.map { "\($0 - Int64(data.count) - 1)" } }
        for (end, text) in [(0, "abc"), (4, "abc"), (12_345_678_901, "a \"quoted\" text of some length")] {
            for incarnation: UInt64 in [0, 16, 17] {
                let offset = RecordOffset(Int64(end), incarnation: incarnation)
                let lines = try [numbered, spelled].map { defaults in
                    let partition = RecordPartition("a", defaults: defaults)
                    return try self.text(ConnectorRecord(.text(text), partition: partition, offset: offset))
                }
                #expect(lines[0] == lines[1])
                #expect(lines[0].contains(#","subject":"\#(end - text.utf8.count - 1)","#))
            }
        }
        // A text set later counts.
        numbered.subject = { _, _ in "text" }
        let record = ConnectorRecord("x", partition: RecordPartition("a", defaults: numbered), offset: RecordOffset(1))
        #expect(try text(record).contains(#","subject":"text","#))
    }

    @Test(
        "Bytes are what their content type says, where that is true",
        arguments: [
            ("text/plain", "a\u{1}", #""data":"a\u0001""#), ("text/plain", nil, #""data_base64":"/w==""#),
            ("application/json", "[1,\n 2]\n", #""data":[1,  2]"#),
            ("application/json", "[1", #""data_base64":"WzE=""#),
            ("image/png", "a", #""data_base64":"YQ==""#), (nil, "a", #""data_base64":"YQ==""#),
        ] as [(String?, String?, String)]
    )
    func bytes(contentType: String?, text: String?, expected: String) throws {
        let bytes = text.map { SharedBytes(utf8: $0) } ?? SharedBytes([0xFF])
        let partition = RecordPartition("p", defaults: RecordDefaults(contentType: contentType))
        var record = ConnectorRecord(.bytes(bytes), partition: partition, offset: RecordOffset(1))
        #expect(try self.text(record).contains(expected))
        record.headers = [RecordHeader("a", "b")]
        #expect(try self.text(record).contains(expected))
    }

    @Test("Partitions that take turns keep their own lines, also when there are very many")
    func manyPartitions() throws {
        var encoder = CloudEventLineEncoder(defaults: .test)
        let partitions = (0..<3000).map { index in
            RecordPartition("p\(index)", defaults: RecordDefaults(source: index % 2 == 0 ? "/even" : "/odd"))
        }
        for round in 0..<2 {
            for (index, partition) in partitions.enumerated() {
                let record = ConnectorRecord("x", partition: partition, offset: RecordOffset(Int64(round)))
                let event = try JSONEventFormat().decode(line(record, &encoder))
                #expect(event.id == "p\(index):\(round)" && event.source == (index % 2 == 0 ? "/even" : "/odd"))
            }
        }
    }

    @Test("A record that cannot be an event leaves the writer as it was")
    func failure() throws {
        var encoder = CloudEventLineEncoder(defaults: .test)
        var writer = JSONWriter(capacity: 64)
        writer.writeRaw("before")
        for subject in ["", "a\nb"] {
            let partition = RecordPartition("p", defaults: RecordDefaults { _, _ in subject })
            let record = ConnectorRecord("x", partition: partition, offset: RecordOffset(1))
            #expect(throws: ConnectorError.self) { try encoder.encode(record, into: &writer) }
            #expect(writer.count == 6)
        }
    }
}
