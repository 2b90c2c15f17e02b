// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

@testable import OpenConnect

@Suite("Dead letter ⇄ event")
struct DeadLetterEventTests {
    /// The ways of a letter's event that have to keep it.
    enum Way: CaseIterable {
        case memory, json, protobuf, xml, line, sink, structuredFormat, binaryFormat
    }

    @Test("S82 a letter comes back with its record as it was polled, on every way", arguments: Way.allCases)
    func roundTrip(way: Way) throws {
        for seed in 0..<500 {
            var generator = RecordGenerator(seed: UInt64(seed))
            let letter = try generator.letter()
            let restored = try travel(letter, way)
            #expect(restored == letter, "seed \(seed)")
        }
    }

    private func travel(_ letter: DeadLetter, _ way: Way) throws -> DeadLetter {
        let event = try letter.event()
        switch way {
        case .memory: return try DeadLetter(event: event)
        case .json: return try DeadLetter(event: JSONEventFormat().decode(try JSONEventFormat().encode(event)))
        case .protobuf:
            return try DeadLetter(event: ProtobufEventFormat().decode(try ProtobufEventFormat().encode(event)))
        case .xml: return try DeadLetter(event: XMLEventFormat().decode(try XMLEventFormat().encode(event)))
        case .line:
            var encoder = CloudEventLineEncoder(defaults: .test)
            var writer = JSONWriter(capacity: 64)
            try encoder.encode(letter.asRecord, into: &writer)
            let line = writer.finish()
            #expect(!line.contains(0x0A) && !line.contains(0x0D))
            return try DeadLetter(event: JSONEventFormat().decode(line))
        case .sink: return try DeadLetter(asRecord: letter.asRecord)
        case .structuredFormat: return try travel(letter, through: StructuredEventFormat())
        case .binaryFormat: return try travel(letter, through: BinaryEventFormat())
        }
    }

    private func travel(_ letter: DeadLetter, through format: some RecordFormat) throws -> DeadLetter {
        try DeadLetter(asRecord: format.decode(try format.encode(letter.asRecord, defaults: .test)))
    }

    @Test("S82 what no event can have is kept in a letter all the same")
    func impossibleRecords() throws {
        var control = ConnectorRecord(.text("x"), offset: RecordOffset(1))
        control.subject = "a\u{0}b"
        var empty = ConnectorRecord(.bytes([0xFF]), offset: RecordOffset(1))
        empty.id = ""
        empty.type = ""
        empty.contentType = "no media type"
        var twice = try ConnectorRecord(.json(SharedBytes(utf8: "[1,\n2]")), offset: RecordOffset(1))
        twice.extensions = [
            EventExtension("a", 5), EventExtension("a", "\n"), EventExtension("type", "t"),
            EventExtension("deadletterstage", .binary(SharedBytes([1, 2]))),
        ]
        twice.source = "/mine"
        for record in [control, empty, twice] {
            expectError(.invalidRecord) { try record.event(defaults: .test) }
            let letter = DeadLetter.of(record)
            for way in Way.allCases { #expect(try travel(letter, way) == letter) }
        }
    }

    @Test("S82 a structured value comes back with the types that JSON does not have")
    func structured() throws {
        let value: StructuredValue = .object([
            "bytes": .array([.bytes(SharedBytes([1, 2])), .string("AQI="), .null]),
            "time": .timestamp(try Timestamp("2026-01-02T03:04:05.60+02:00")),
            "decimals": .array([.decimal("5"), .decimal("007"), .decimal("1.50"), .decimal("0.1"), .decimal("1e400")]),
            "doubles": .array([
                .double(1), .double(-0.0), .double(.infinity), .double(1e300), .double(.leastNonzeroMagnitude),
            ]),
            "plain": .array([.integer(.min), .boolean(true), .string("NaN")]),
        ])
        var deep = StructuredValue.bytes(SharedBytes([3]))
        for _ in 0..<126 { deep = .array([deep]) }
        let wide = StructuredValue.array(
            (0..<1000).map {
                .object(["bytes": .bytes(SharedBytes([UInt8($0 % 256)])), "number": .integer(Int64($0))])
            }
        )
        for value in [value, deep, wide, .bytes(SharedBytes([9])), .array([])] {
            for contentType in [nil, "application/json", "text/csv"] {
                var record = ConnectorRecord(.structured(value), offset: RecordOffset(1))
                record.contentType = contentType
                let letter = DeadLetter.of(record)
                for way in Way.allCases { #expect(try travel(letter, way) == letter, "\(way)") }
            }
        }
        let odd = DeadLetter.of(ConnectorRecord(.structured(.double(.nan)), offset: RecordOffset(1)))
        guard case .double(let read) = try DeadLetter(event: odd.event()).record.data.structured else {
            Issue.record("not a double")
            return
        }
        #expect(read.isNaN)
    }

    @Test("S82 JSON with white space around it stays JSON, byte by byte", arguments: Way.allCases)
    func spacedJSON(way: Way) throws {
        for text in ["{\"a\":1}\n", " [1]", "\r\n1 \t"] {
            var record = ConnectorRecord(.json(checked: SharedBytes(utf8: text)), offset: RecordOffset(1))
            record.contentType = "application/json"
            let letter = DeadLetter.of(record)
            #expect(try travel(letter, way) == letter, "\(text)")
        }
    }

    @Test("a letter can be read: data as text or JSON, context under fixed names, also of a letter's letter")
    func readable() throws {
        var polled = ConnectorRecord(.bytes(Array("a bad line".utf8)), partition: RecordPartition("in.log"))
        polled.offset = RecordOffset(42)
        var letter = DeadLetter.of(polled)
        letter.errorMessage = "column 3:\nnot 100%, or %41"
        let second = DeadLetter(
            record: try letter.asRecord,
            pipeline: "again",
            connector: "files",
            stage: .function,
            error: ConnectorError(.invalidRecord, "still bad"),
            attempts: 1,
            firstFailure: letter.lastFailure,
            lastFailure: letter.lastFailure
        )
        let json = String(decodingUTF8: try JSONEventFormat().encode(letter.event()))
        #expect(json.contains(#""data":"a bad line""#) && json.contains(#""datacontenttype":"text/plain""#))
        #expect(json.contains(#""id":"in.log:42""#) && json.contains(#""connectposition":"sequence:42@in.log""#))
        #expect(json.contains(#""deadlettermessage":"column 3:%0Anot 100%, or %2541""#))
        #expect(json.contains(#""deadletterparts":"0,3""#) && json.contains(#""deadlettersink":"warehouse""#))
        #expect(json.contains(#""deadletterattempts":7"#))
        let event = try second.event()
        #expect(event.extensions["deadletterstage"] == "function" && event.extensions["deadletterpipeline"] == "again")
        let first = try DeadLetter(asRecord: DeadLetter(event: event).record)
        #expect(first == letter)
        for element in event.extensions { #expect(element.name.string.utf8.count <= 20) }
    }

    @Test("an identity that the record has stays, and one that is made is the same each time")
    func identity() throws {
        let unit = DeadLetter.of(ConnectorRecord(.text("half of a unit")))
        #expect(try unit.event().id == unit.event().id)
        #expect(try DeadLetter(event: unit.event()).record.id == nil)
        var named = ConnectorRecord(.text("x"))
        named.id = "order-1"
        named.source = "/shop"
        let event = try DeadLetter.of(named).event()
        #expect(event.id == "order-1" && event.source == "/shop")
    }

    @Test(
        "what is not a letter is refused, naming the attribute",
        arguments: [
            ("deadletterstage", nil), ("deadletterattempts", "many"), ("deadletterfirst", "yesterday"),
            ("deadletterlast", nil), ("deadletterparts", "1,x"), ("deadletterrecord", "data=paper"),
            ("deadletterrecord", "color=red"), ("deadletterrecord", "extension=0:a"),
            ("deadletterrecord", "data=bytes&extension=-1:abc:string:x"), ("deadletterattempts", "-1"),
            ("deadletterattempts", "9223372036854775807"),
        ] as [(String, String?)]
    )
    func refused(name: String, value: String?) throws {
        var event = try DeadLetter.of(ConnectorRecord(.text("x"), offset: RecordOffset(1))).event()
        try event.setExtension(AttributeName(name), to: value.map { .string($0) })
        expectError(.invalidRecord, mentioning: name) { try DeadLetter(event: event) }
    }

    @Test("G8 the cause of an error, which may say more than its message, is not in the letter")
    func cause() throws {
        struct Secret: Error { let password = "hunter2" }
        let letter = DeadLetter(
            record: ConnectorRecord(.text("x"), offset: RecordOffset(1)),
            pipeline: "p",
            connector: "c",
            stage: .put,
            error: ConnectorError(.invalidRecord, "refused", cause: Secret()),
            attempts: 1,
            firstFailure: RecordTimestamp(nanosecondsSince1970: 0),
            lastFailure: RecordTimestamp(nanosecondsSince1970: 0)
        )
        #expect(!String(decodingUTF8: try JSONEventFormat().encode(letter.event())).contains("hunter2"))
    }
}

extension DeadLetter {
    static func of(_ record: ConnectorRecord) -> DeadLetter {
        DeadLetter(
            record: record,
            pipeline: "orders",
            connector: "file",
            stage: .put,
            sink: "warehouse",
            parts: [0, 3],
            error: ConnectorError(.invalidRecord, "no such column"),
            attempts: 7,
            firstFailure: RecordTimestamp(nanosecondsSince1970: 1_767_323_045_123_456_789),
            lastFailure: RecordTimestamp(nanosecondsSince1970: 1_767_323_046_000_000_000)
        )
    }
}

extension DeadLetter {
    static func == (left: DeadLetter, right: DeadLetter) -> Bool {
        left.record == right.record && left.record.dataForm == right.record.dataForm
            && left.record.deliveryAttempt == right.record.deliveryAttempt
            && left.pipeline == right.pipeline && left.connector == right.connector
            && left.stage == right.stage && left.sink == right.sink && left.parts == right.parts
            && left.errorCode == right.errorCode && left.errorMessage == right.errorMessage
            && left.attempts == right.attempts && left.firstFailure == right.firstFailure
            && left.lastFailure == right.lastFailure
    }
}

extension RecordGenerator {
    mutating func letter() throws -> DeadLetter {
        var record = try record()
        if random.chance(20) { record.offset = nil }
        if random.chance(20) { record[extension: "deadletterstage"] = "older" }
        if random.chance(10) { record[extension: "deadletterrecord"] = 7 }
        if random.chance(10) { record[extension: "deadletterx"] = .uri("https://example.com/a") }
        if random.chance(10) { record[extension: "when"] = .timestamp(try Timestamp("2026-01-02T03:04:05.60+02:00")) }
        if random.chance(10) { record.subject = "\u{1}" }
        var letter = DeadLetter.of(record)
        letter.pipeline = anyText()
        letter.connector = anyText()
        letter.stage = random.pick([.poll, .function, .put, DeadLetter.Stage(text())])
        letter.sink = random.chance(50) ? text() : nil
        letter.parts = (0..<random.below(4)).map { _ in random.below(100) }
        letter.errorCode = anyText()
        letter.errorMessage = anyText()
        letter.attempts = random.below(100)
        letter.firstFailure = RecordTimestamp(nanosecondsSince1970: random.pick([0, -1, .max, .min + 1]))
        return letter
    }
}
