// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes valid records and events of all shapes, and on purpose those whose extensions look like the mapping's own.
struct RecordGenerator {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    static let contentTypes: [String?] = [
        nil, "text/plain", "application/json", "text/x+JSON;v=1", "application/xml", "TEXT/CSV; charset=utf-8",
        "application/octet-stream",
    ]

    mutating func record() throws -> ConnectorRecord {
        var record = try ConnectorRecord(
            data(),
            partition: random.chance(50) ? .single : RecordPartition(anyText(), defaults: defaults()),
            offset: offset(),
            timestamp: random.chance(20) ? RecordTimestamp(nanosecondsSince1970: nanoseconds()) : nil
        )
        if random.chance(60) { return record }
        record.contentType = random.pick(Self.contentTypes)
        if random.chance(30) { record.key = try data() }
        if random.chance(30) { record.key = .text(anyText()) }
        if random.chance(20) { record.deliveryAttempt = random.pick([0, 1, -3, .max]) }
        if random.chance(50) { record.id = text() }
        if random.chance(20) { record.source = "/source" }
        if random.chance(20) { record.type = text() }
        if random.chance(20) { record.subject = text() }
        if random.chance(20) { record.time = try Timestamp("2026-01-02T03:04:05.60+02:00") }
        if random.chance(10) { record.schema = "https://example.com/schema" }
        if random.chance(30) {
            record.headers = (0..<random.below(3)).map { _ in RecordHeader(anyText(), SharedBytes(bytes())) }
        }
        for element in extensions() { record[extension: element.name] = element.value }
        return record
    }

    private mutating func defaults() throws -> RecordDefaults? {
        guard random.chance(50) else { return nil }
        var defaults = RecordDefaults(contentType: random.pick(Self.contentTypes))
        if random.chance(50) { defaults.source = "/partition?a=1&b=%22" }
        if random.chance(50) { defaults.type = text() }
        if random.chance(30) { defaults.schema = "https://example.com/schema" }
        if random.chance(50) {
            defaults.subject = { offset, data in "\(data.count) at \(offset?.sequence ?? -1) \"\\" }
        }
        return defaults
    }

    /// Always an offset: a record without one needs an id.
    private mutating func offset() throws -> RecordOffset {
        switch random.below(8) {
        case 0: RecordOffset(text())
        case 1: try RecordOffset(encoding: ["lsn": random.below(100)], version: 1 + random.below(2))
        case 2: RecordOffset(Int64(bitPattern: random.next()), incarnation: random.next())
        default: RecordOffset(Int64(random.below(1_000_000)))
        }
    }

    private mutating func nanoseconds() -> Int64 {
        random.pick([0, -1, 1_767_323_045_123_456_789, .max, .min + 1, -1_000_000_000, 999_999_999])
    }

    mutating func event() throws -> CloudEvent {
        let contentType = random.pick(Self.contentTypes)
        let data: EventData =
            switch random.below(5) {
            case 0: .absent
            case 1: .binary(bytes())
            case 2: .text(random.chance(50) ? anyText() : json())
            case 3: .binary(SharedBytes(utf8: random.chance(50) ? anyText() : json()))
            default: try .json(json())
            }
        var event = try CloudEvent(
            id: text(),
            source: "/source",
            type: text(),
            subject: random.chance(30) ? text() : nil,
            time: random.chance(30) ? Timestamp("2026-01-02T03:04:05Z") : nil,
            dataContentType: contentType,
            data: data
        )
        for element in extensions() { try event.setExtension(element.name, to: element.value) }
        return event
    }

    mutating func data() throws -> RecordData {
        switch random.below(7) {
        case 0: .absent
        case 1: .bytes(bytes())
        case 2: .text(anyText())
        case 3: .text(json())
        case 4: .bytes(SharedBytes(utf8: json()))
        case 5: try .json(SharedBytes(utf8: json()))
        default: .structured(try StructuredValue(json: SharedBytes(utf8: json())))
        }
    }

    mutating func extensions() -> [EventExtension] {
        guard random.chance(60) else { return [] }
        let names: [AttributeName] = [
            "partitionkey", "connectrecord", "connectrecordx", "connectrecordxx", "connectrecordxxxxx",
            "connectposition", "connectpositionx", "traceparent", "connectrecordxy", "connectrecord2",
        ]
        var found: [EventExtension] = []
        for name in names where random.chance(25) { found.append(EventExtension(name, value())) }
        return found
    }

    private mutating func value() -> AttributeValue {
        switch random.below(7) {
        case 0: .integer(Int32(random.below(100)))
        case 1: .boolean(true)
        case 2: .binary(SharedBytes(bytes()))
        default: .string(random.pick(Self.carriers))
        }
    }

    private static let carriers = [
        "", "asis", "plain", "none", "key=none", "key=text:abc", "key=bytes:%00", "key=text:%00", "key=json:5",
        "key=structured:5", "key=structured:%20", "attempt=3", "attempt=03", "timestamp=2026-01-02T03:04:05Z",
        "timestamp=2026-01-02T03:04:05+00:00", "data=text", "data=json", "data=structured", "data=bytes",
        "header=a:b&header=:", "header=%", "key=none&attempt=1&data=json", "sequence:42@", "sequence:42:ff@a%20b", "@",
        "@abc", "text:@", "fields:1:%7B%7D@x", "abc",
    ]

    mutating func bytes() -> [UInt8] { (0..<random.below(40)).map { _ in UInt8(random.below(256)) } }

    /// Text that the type String allows, never empty.
    mutating func text() -> String {
        let pieces = ["a", "Z9 ", "\"", "\\", "/", "é", "漢字", "😀", "%", ":", "a long stretch of plain text, "]
        return (0...random.below(4)).map { _ in random.pick(pieces) }.joined()
    }

    /// Any text at all.
    mutating func anyText() -> String {
        random.pick(["", "\n", "\u{0}", "\u{85}", "\u{FFFE}", "plain", " 5 "]) + (random.chance(50) ? text() : "")
    }

    mutating func json(depth: Int = 0) -> String {
        switch random.below(depth > 2 ? 4 : 6) {
        case 0: random.pick(["null", "true", "false"])
        case 1: random.pick(["0", "-0", "1.50", "1e400", "-12345678901234567890.0", "2E-3", "9007199254740993", "0.1"])
        case 2, 3: "\"" + random.pick(["", "a", "\\n\\u0001", "\\ud83d\\ude00", "漢", "\\/"]) + "\""
        case 4: "[" + (0..<random.below(4)).map { _ in json(depth: depth + 1) }.joined(separator: ",") + "]"
        default:
            "{"
                + (0..<random.below(4)).map { "\"m\($0)\":" + json(depth: depth + 1) }.joined(
                    separator: random.chance(50) ? ",\n" : ", "
                ) + "}"
        }
    }
}
