// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

/// A row of a table: a pattern, what it is matched with, and whether it matches.
struct PatternRow: Sendable, CustomTestStringConvertible {
    let pattern: String
    let data: String
    let matches: Bool

    init(_ pattern: String, _ data: String, _ matches: Bool) {
        (self.pattern, self.data, self.matches) = (pattern, data, matches)
    }

    var testDescription: String { "\(pattern) \(matches ? "is" : "is not") \(data)" }
}

@Suite("Patterns: data")
struct RecordPatternTests {
    static let scalars: [PatternRow] = [
        PatternRow(#""a": ["x"]"#, #"{"a": "x"}"#, true),
        PatternRow(#""a": ["x"]"#, #"{"a": "X"}"#, false),
        PatternRow(#""a": ["x"]"#, #"{"a": "xx"}"#, false),
        PatternRow(#""a": ["x", "y"]"#, #"{"a": "y"}"#, true),
        PatternRow(#""a": ["x"]"#, #"{"b": "x"}"#, false),
        PatternRow(#""a": [""]"#, #"{"a": ""}"#, true),
        PatternRow(#""a": ["1"]"#, #"{"a": 1}"#, false),
        PatternRow(#""a": [1]"#, #"{"a": "1"}"#, false),
        PatternRow(#""a": [true]"#, #"{"a": true}"#, true),
        PatternRow(#""a": [true]"#, #"{"a": false}"#, false),
        PatternRow(#""a": [true]"#, #"{"a": "true"}"#, false),
        PatternRow(#""a": [null]"#, #"{"a": null}"#, true),
        PatternRow(#""a": [null]"#, #"{"a": "null"}"#, false),
        PatternRow(#""a": [null]"#, #"{}"#, false),
        PatternRow(#""a": [1]"#, #"{"a": 1.0}"#, true),
        PatternRow(#""a": [1]"#, #"{"a": 1e0}"#, true),
        PatternRow(#""a": [100]"#, #"{"a": 1.00E+2}"#, true),
        PatternRow(#""a": [0.5]"#, #"{"a": 5e-1}"#, true),
        PatternRow(#""a": [0]"#, #"{"a": -0.00e9}"#, true),
        PatternRow(#""a": [9007199254740993]"#, #"{"a": 9007199254740992}"#, false),
        PatternRow(#""a": [0.1]"#, #"{"a": 0.10000000000000000000000000001}"#, false),
        PatternRow(#""a": ["x"]"#, #"{"a": {"a": "x"}}"#, false),
        PatternRow(#""a": ["ä"]"#, #"{"a": "\u00e4"}"#, true),
        PatternRow(#""ä": ["x"]"#, #"{"\u00e4": "x"}"#, true),
        PatternRow(#""a": ["😀"]"#, #"{"a": "\ud83d\ude00"}"#, true),
        PatternRow(#""a": ["\n\"/"]"#, #"{"a": "\n\"\/"}"#, true),
        PatternRow(#""a\"b": [1]"#, #"{"a\u0022b": 1}"#, true),
    ]

    static let conditions: [PatternRow] = [
        PatternRow(#""a": [{"prefix": "ab"}]"#, #"{"a": "abc"}"#, true),
        PatternRow(#""a": [{"prefix": "ab"}]"#, #"{"a": "ab"}"#, true),
        PatternRow(#""a": [{"prefix": "ab"}]"#, #"{"a": "a"}"#, false),
        PatternRow(#""a": [{"prefix": "ab"}]"#, #"{"a": "cab"}"#, false),
        PatternRow(#""a": [{"prefix": "1"}]"#, #"{"a": 12}"#, false),
        PatternRow(#""a": [{"prefix": ""}]"#, #"{"a": ""}"#, true),
        PatternRow(#""a": [{"suffix": ".jpg"}]"#, #"{"a": "x.jpg"}"#, true),
        PatternRow(#""a": [{"suffix": ".jpg"}]"#, #"{"a": "x.jpeg"}"#, false),
        PatternRow(#""a": [{"suffix": ".jpg"}]"#, #"{"a": "jpg"}"#, false),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": "y"}"#, true),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": "x"}"#, false),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": 1}"#, true),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": null}"#, true),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{}"#, false),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": {"b": 1}}"#, false),
        PatternRow(#""a": [{"anything-but": ["x", 1]}]"#, #"{"a": 1.0}"#, false),
        PatternRow(#""a": [{"anything-but": ["x", 1]}]"#, #"{"a": 2}"#, true),
        PatternRow(#""a": [{"anything-but": {"prefix": "x"}}]"#, #"{"a": "xy"}"#, false),
        PatternRow(#""a": [{"anything-but": {"prefix": "x"}}]"#, #"{"a": "yx"}"#, true),
        PatternRow(#""a": [{"anything-but": {"suffix": "x"}}]"#, #"{"a": "yx"}"#, false),
        PatternRow(#""a": [{"anything-but": {"suffix": ["x", "y"]}}]"#, #"{"a": "ay"}"#, false),
        PatternRow(#""a": [{"anything-but": {"prefix": "x", "suffix": "y"}}]"#, #"{"a": "ay"}"#, false),
        PatternRow(#""a": [{"anything-but": {"wildcard": "*x*"}}]"#, #"{"a": "axb"}"#, false),
        PatternRow(#""a": [{"anything-but": {"equals-ignore-case": "AB"}}]"#, #"{"a": "aB"}"#, false),
        PatternRow(#""a": [{"numeric": [">", 0, "<=", 5]}]"#, #"{"a": 5}"#, true),
        PatternRow(#""a": [{"numeric": [">", 0, "<=", 5]}]"#, #"{"a": 5.000000000000000000001}"#, false),
        PatternRow(#""a": [{"numeric": [">", 0, "<=", 5]}]"#, #"{"a": 0}"#, false),
        PatternRow(#""a": [{"numeric": [">", 0, "<=", 5]}]"#, #"{"a": 1e-400}"#, true),
        PatternRow(#""a": [{"numeric": [">=", 1e400]}]"#, #"{"a": 1e401}"#, true),
        PatternRow(#""a": [{"numeric": [">=", 1e400]}]"#, #"{"a": 1e99999999999999999999}"#, true),
        PatternRow(#""a": [{"numeric": ["<", 1]}]"#, #"{"a": 1e-99999999999999999999}"#, true),
        PatternRow(#""a": [{"numeric": ["=", 50.7]}]"#, #"{"a": 507e-1}"#, true),
        PatternRow(#""a": [{"numeric": ["!=", 3, "<", 9]}]"#, #"{"a": 3}"#, false),
        PatternRow(#""a": [{"numeric": ["!=", 3, "<", 9]}]"#, #"{"a": 4}"#, true),
        PatternRow(#""a": [{"numeric": ["<", -1.5]}]"#, #"{"a": -1.6}"#, true),
        PatternRow(#""a": [{"numeric": ["<", -1.5]}]"#, #"{"a": -1.4}"#, false),
        PatternRow(#""a": [{"numeric": [">", 0]}]"#, #"{"a": "1"}"#, false),
        PatternRow(#""a": [{"numeric": [">", 9]}, {"numeric": ["<", 1]}]"#, #"{"a": 0}"#, true),
        PatternRow(#""a": [{"equals-ignore-case": "alice"}]"#, #"{"a": "ALiCe"}"#, true),
        PatternRow(#""a": [{"equals-ignore-case": "alice"}]"#, #"{"a": "alicex"}"#, false),
        PatternRow(#""a": [{"equals-ignore-case": "alice"}]"#, #"{"a": "alic"}"#, false),
        PatternRow(#""a": [{"equals-ignore-case": "ÄRGER"}]"#, #"{"a": "ärGer"}"#, true),
        PatternRow(#""a": [{"equals-ignore-case": "k"}]"#, #"{"a": "\u212a"}"#, true),
        PatternRow(#""a": [{"equals-ignore-case": "a[b"}]"#, #"{"a": "A{B"}"#, false),
        PatternRow(#""a": [{"wildcard": "*/bin/*.jar"}]"#, #"{"a": "x/bin/y.jar"}"#, true),
        PatternRow(#""a": [{"wildcard": "*/bin/*.jar"}]"#, #"{"a": "x/bin/y.jar.bak"}"#, false),
        PatternRow(#""a": [{"wildcard": "a*a"}]"#, #"{"a": "a"}"#, false),
        PatternRow(#""a": [{"wildcard": "a*a"}]"#, #"{"a": "aa"}"#, true),
        PatternRow(#""a": [{"wildcard": "*"}]"#, #"{"a": ""}"#, true),
        PatternRow(#""a": [{"wildcard": "a\\*\\\\"}]"#, #"{"a": "a*\\"}"#, true),
        PatternRow(#""a": [{"wildcard": "a\\*"}]"#, #"{"a": "ab"}"#, false),
        PatternRow(#""a": [{"wildcard": "x_y%*"}]"#, #"{"a": "x_y%z"}"#, true),
        PatternRow(#""a": [{"wildcard": "x_y%*"}]"#, #"{"a": "xzyzz"}"#, false),
    ]

    static let presence: [PatternRow] = [
        PatternRow(#""a": [{"exists": true}]"#, #"{"a": null}"#, true),
        PatternRow(#""a": [{"exists": true}]"#, #"{"a": {}}"#, true),
        PatternRow(#""a": [{"exists": true}]"#, #"{"a": []}"#, true),
        PatternRow(#""a": [{"exists": true}]"#, #"{"b": 1}"#, false),
        PatternRow(#""a": [{"exists": false}]"#, #"{"b": 1}"#, true),
        PatternRow(#""a": [{"exists": false}]"#, #"{"a": null}"#, false),
        PatternRow(#""a": [{"exists": false}]"#, #"{"a": []}"#, false),
        PatternRow(#""a": [{"exists": false}, "x"]"#, #"{"a": "x"}"#, true),
        PatternRow(#""a": [{"exists": false}, "x"]"#, #"{}"#, true),
        PatternRow(#""a": [{"exists": false}, "x"]"#, #"{"a": "y"}"#, false),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{}"#, true),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{"a": 5}"#, true),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{"a": {}}"#, true),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{"a": {"b": 1}}"#, false),
        PatternRow(#""a": {"b": [{"exists": false}], "c": [1]}"#, #"{"a": {"c": 1}}"#, true),
        PatternRow(#""a": {"b": [{"exists": false}], "c": [1]}"#, #"{}"#, false),
        // A match never skips the fields behind it.
        PatternRow(#""a": ["x"], "b": ["y"]"#, #"{"a": ["x"], "b": "n"}"#, false),
        PatternRow(#""a": ["x"], "b": ["y"]"#, #"{"a": "x"}"#, false),
        PatternRow(#""a": ["x"], "b": ["y"]"#, #"{"b": "y", "a": ["z", "x"]}"#, true),
    ]

    static let arrays: [PatternRow] = [
        PatternRow(#""a": ["x"]"#, #"{"a": ["y", "x"]}"#, true),
        PatternRow(#""a": ["x"]"#, #"{"a": ["y", "z"]}"#, false),
        PatternRow(#""a": ["x"]"#, #"{"a": []}"#, false),
        PatternRow(#""a": ["x"]"#, #"{"a": [["y"], ["x"]]}"#, true),
        PatternRow(#""a": [null]"#, #"{"a": [1, null]}"#, true),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": ["x", "y"]}"#, true),
        PatternRow(#""a": [{"anything-but": "x"}]"#, #"{"a": ["x", "x"]}"#, false),
        PatternRow(#""a": [{"numeric": [">", 5]}]"#, #"{"a": [1, 2, 7]}"#, true),
        PatternRow(#""a": {"b": [1]}"#, #"{"a": [{"b": 2}, {"b": 1}]}"#, true),
        PatternRow(#""a": {"b": [1]}"#, #"{"a": [{"b": 2}, {"c": 1}]}"#, false),
        // One element has to have both.
        PatternRow(#""a": {"b": [1], "c": [1]}"#, #"{"a": [{"b": 1, "c": 2}, {"b": 2, "c": 1}]}"#, false),
        PatternRow(#""a": {"b": [1], "c": [1]}"#, #"{"a": [{"b": 1, "c": 2}, {"b": 1, "c": 1}, {}]}"#, true),
        PatternRow(#""a": {"b": [1], "c": [{"exists": false}]}"#, #"{"a": [{"b": 1, "c": 0}, {"b": 1}]}"#, true),
        PatternRow(#""a": {"b": [1], "c": [{"exists": false}]}"#, #"{"a": [{"b": 1, "c": 0}, {"b": 2}]}"#, false),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{"a": []}"#, true),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{"a": [1]}"#, true),
        PatternRow(#""a": {"b": [{"exists": false}]}"#, #"{"a": [{"b": 1}]}"#, false),
        PatternRow(#""a": {"b": {"c": [1]}}"#, #"{"a": [{"b": [{"c": 0}]}, {"b": [{"c": 0}, {"c": 1}]}]}"#, true),
    ]

    static let alternatives: [PatternRow] = [
        PatternRow(#""$or": [{"a": [1]}, {"b": [1]}]"#, #"{"b": 1}"#, true),
        PatternRow(#""$or": [{"a": [1]}, {"b": [1]}]"#, #"{"a": 2, "b": 2}"#, false),
        PatternRow(#""c": [1], "$or": [{"a": [1]}, {"b": [1]}]"#, #"{"b": 1}"#, false),
        PatternRow(#""c": [1], "$or": [{"a": [1]}, {"b": [1]}]"#, #"{"b": 1, "c": 1}"#, true),
        PatternRow(#""$or": [{"a": [1], "b": [1]}, {"b": [2]}]"#, #"{"a": 1, "b": 2}"#, true),
        PatternRow(#""$or": [{"a": [1], "b": [1]}, {"b": [2]}]"#, #"{"a": 1}"#, false),
        PatternRow(#""$or": [{"a": [1], "$or": [{"b": [1]}, {"c": [1]}]}, {"d": [1]}]"#, #"{"a": 1, "c": 1}"#, true),
        PatternRow(#""$or": [{"a": [1], "$or": [{"b": [1]}, {"c": [1]}]}, {"d": [1]}]"#, #"{"a": 1, "d": 2}"#, false),
        PatternRow(#""$or": [{"a": {"b": [1]}}, {"a": {"c": [1]}}]"#, #"{"a": {"b": 2, "c": 1}}"#, true),
        // In one element of the array, by one alternative.
        PatternRow(#""$or": [{"a": {"b": [1], "c": [1]}}]"#, #"{"a": [{"b": 1}, {"c": 1}]}"#, false),
        PatternRow(#""a": {"$or": [{"b": [1]}, {"c": [1]}]}"#, #"{"a": [{"b": 2}, {"c": 1}]}"#, true),
        PatternRow(#""$or": [{"a": [{"exists": false}]}, {"b": [1]}]"#, #"{"a": 1}"#, false),
    ]

    static let documents: [PatternRow] = [
        // Of members with one name the last one counts, in the data.
        PatternRow(#""a": [1]"#, #"{"a": 1, "a": 2}"#, false),
        PatternRow(#""a": [1]"#, #"{"a": 2, "\u0061": 1}"#, true),
        PatternRow(#""a": {"b": [1]}"#, #"{"a": {"b": 1}, "a": {}}"#, false),
        PatternRow(#""a": {"b": [1]}"#, #"{"a": {"b": 1}, "a": 1}"#, false),
        PatternRow(#""a": [1]"#, #"[{"a": 2}, {"a": 1}]"#, true),
        PatternRow(#""a": [1]"#, #"[]"#, false),
        PatternRow(#""a": [1]"#, #"7"#, false),
        PatternRow(#""a": [{"exists": false}]"#, #""text""#, true),
        PatternRow(#""a": [1]"#, #" { "z" : [ { } , [ ] , "}" ] , "a" : 1 } "#, true),
        PatternRow(#""a": [1], "bb": [2], "cc": [3], "b": [4]"#, #"{"bb": 2, "x": 0, "cc": 3, "b": 4, "a": 1}"#, true),
    ]

    @Test(
        "A pattern of the data matches JSON text, bytes, and structured values the same",
        arguments: scalars + conditions + presence + arrays + alternatives + documents
    )
    func data(row: PatternRow) throws {
        let pattern = try RecordPattern(json: #"{"data": {\#(row.pattern)}}"#)
        let bytes = SharedBytes(utf8: row.data)
        var typed = ConnectorRecord(.bytes(bytes))
        typed.contentType = "application/json"
        var text = ConnectorRecord(.text(row.data))
        text.contentType = "application/vnd.x+json; charset=utf-8"
        #expect(pattern.holds(for: ConnectorRecord(try .json(bytes))) == row.matches, "JSON")
        #expect(pattern.holds(for: typed) == row.matches, "bytes")
        #expect(pattern.holds(for: text) == row.matches, "text")
        // A structured value has no two members of one name.
        guard let value = try? StructuredValue(json: bytes) else { return }
        #expect(pattern.holds(for: ConnectorRecord(.structured(value))) == row.matches, "structured")
    }

    @Test("What JSON has no form for is matched as the string that stands for it")
    func otherValues() throws {
        let time = try Timestamp("2026-01-02T03:04:05Z")
        let value = StructuredValue.object([
            "bytes": .bytes(SharedBytes([1, 2, 3])), "time": .timestamp(time), "nan": .double(.nan),
            "low": .double(-.infinity), "large": .double(1e300), "digits": .decimal("0.10"), "odd": .decimal("1_000"),
        ])
        let rows: [(String, Bool)] = [
            (#""bytes": ["AQID"]"#, true), (#""time": ["2026-01-02T03:04:05Z"]"#, true), (#""nan": ["NaN"]"#, true),
            (#""low": ["-Infinity"]"#, true), (#""large": [1e300]"#, true), (#""digits": [0.1]"#, true),
            (#""odd": ["1_000"]"#, true), (#""nan": [{"numeric": ["<", 1]}]"#, false),
        ]
        for (pattern, matches) in rows {
            let pattern = try RecordPattern(json: #"{"data": {\#(pattern)}}"#)
            #expect(pattern.holds(for: ConnectorRecord(.structured(value))) == matches)
            #expect(pattern.holds(for: ConnectorRecord(.json(checked: value.json))) == matches)
        }
    }
}

@Suite("Patterns: records")
struct RecordPatternRecordTests {
    static func record() throws -> ConnectorRecord {
        var record = ConnectorRecord(
            try .json(SharedBytes(utf8: #"{"total": 12, "tags": ["a", "b"]}"#)),
            offset: RecordOffset(7)
        )
        record.source = "/orders"
        record.type = "com.example.order.created"
        record.subject = "order/42.jpg"
        record.time = try Timestamp("2026-01-02T03:04:05Z")
        record.contentType = "application/json"
        record.schema = URI("urn:schema:1")
        record[extension: "priority"] = .integer(5)
        record[extension: "flag"] = .boolean(true)
        record[extension: "digits"] = .string("7.0")
        record.key = "key"
        return record
    }

    static let attributes: [(String, Bool)] = [
        (#"{"id": ["7"]}"#, true), (#"{"source": ["/orders"]}"#, true), (#"{"specversion": ["1.0"]}"#, true),
        (#"{"specversion": [1]}"#, true), (#"{"type": [{"prefix": "com.example."}]}"#, true),
        (#"{"type": [{"prefix": "com.other."}]}"#, false), (#"{"subject": [{"suffix": ".jpg"}]}"#, true),
        (#"{"time": [{"prefix": "2026-01-"}]}"#, true), (#"{"datacontenttype": ["application/json"]}"#, true),
        (#"{"dataschema": ["urn:schema:1"]}"#, true), (#"{"priority": [5]}"#, true), (#"{"priority": ["5"]}"#, true),
        (#"{"priority": [{"numeric": [">", 4.5]}]}"#, true), (#"{"flag": [true]}"#, true),
        (#"{"flag": ["true"]}"#, true), (#"{"flag": [false]}"#, false), (#"{"digits": [7]}"#, true),
        (#"{"digits": [{"numeric": ["<", 7]}]}"#, false), (#"{"type": [{"numeric": ["<", 7]}]}"#, false),
        (#"{"partitionkey": ["key"]}"#, true), (#"{"none": [{"exists": false}]}"#, true),
        (#"{"none": [{"exists": true}]}"#, false), (#"{"none": [{"anything-but": "x"}]}"#, false),
        (#"{"type": [{"exists": true}], "priority": [{"exists": false}]}"#, false),
        (#"{"type": [{"suffix": "created"}], "data": {"total": [12]}}"#, true),
        (#"{"type": [{"suffix": "deleted"}], "data": {"total": [12]}}"#, false),
        (#"{"type": [{"suffix": "created"}], "data": {"total": [13]}}"#, false),
        (#"{"$or": [{"type": ["x"]}, {"data": {"total": [12]}}]}"#, true),
        (#"{"$or": [{"type": ["x"]}, {"data": {"total": [13]}}]}"#, false),
        (#"{"$or": [{"priority": [5]}, {"data": {"total": [13]}}], "data": {"tags": ["b"]}}"#, true),
        (#"{"$or": [{"priority": [5], "type": ["x"]}, {"priority": [6]}]}"#, false),
    ]

    @Test("Attributes are matched by their canonical text, whatever their type", arguments: attributes)
    func matchesAttributes(pattern: String, matches: Bool) throws {
        #expect(try RecordPattern(json: pattern).holds(for: Self.record()) == matches)
    }

    @Test("Source and type come from the partition, and from the defaults; required attributes are always there")
    func defaults() throws {
        let defaults = EventDefaults(source: "urn:fallback", type: "fallback")
        let partition = RecordPartition("p", defaults: RecordDefaults(type: "line"))
        let record = ConnectorRecord("x", partition: partition)
        for (json, matches) in [
            (#"{"type": ["line"]}"#, true), (#"{"type": ["fallback"]}"#, false),
            (#"{"source": ["urn:fallback"]}"#, true),
            (#"{"source": [{"exists": true}], "id": [{"exists": true}]}"#, true), (#"{"id": [{"prefix": ""}]}"#, false),
            (#"{"source": [{"exists": false}]}"#, false), (#"{"subject": [{"exists": false}]}"#, true),
        ] {
            #expect(try RecordPattern(json: json, defaults: defaults).holds(for: record) == matches, "\(json)")
        }
        #expect(try RecordPattern(json: #"{"source": [{"exists": true}]}"#).holds(for: record))
        #expect(try !RecordPattern(json: #"{"source": ["urn:fallback"]}"#).holds(for: record))
    }

    static let forms: [(RecordData, String?, String, Bool)] = [
        (.absent, nil, #"{"data": [{"exists": false}]}"#, true),
        (.absent, nil, #"{"data": [{"exists": true}]}"#, false),
        (.absent, nil, #"{"data": {"a": [{"exists": false}]}}"#, true),
        (.absent, nil, #"{"data": {"a": [1]}}"#, false),
        ("ERROR: x", nil, #"{"data": [{"prefix": "ERROR"}]}"#, true),
        ("ERROR: x", "text/plain", #"{"data": [{"prefix": "INFO"}]}"#, false),
        ("{\"a\": 1}", nil, #"{"data": {"a": [1]}}"#, false),
        ("{\"a\": 1}", "application/json", #"{"data": {"a": [1]}}"#, true),
        ("{\"a\": 1", "application/json", #"{"data": {"a": [1]}}"#, false),
        ("{\"a\": 1", "application/json", #"{"data": [{"suffix": "1"}]}"#, true),
        (.bytes(Array("ERROR".utf8)), nil, #"{"data": ["ERROR"]}"#, false),
        (.bytes(Array("ERROR".utf8)), nil, #"{"data": [{"anything-but": "x"}]}"#, false),
        (.bytes(Array("ERROR".utf8)), nil, #"{"data": [{"exists": true}]}"#, true),
        (.bytes(Array("ERROR".utf8)), "text/csv", #"{"data": ["ERROR"]}"#, true),
        (.bytes([0xFF]), "text/csv", #"{"data": [{"prefix": ""}]}"#, false),
        (.bytes(Array("{\"a\": 1}".utf8)), "image/png", #"{"data": {"a": [1]}}"#, false),
        (.bytes(Array("{\"a\": 1} x".utf8)), "application/json", #"{"data": {"a": [1]}}"#, false),
        (.bytes(Array("{\"a\": 1, \"b\"}".utf8)), "application/json", #"{"data": {"a": [1]}}"#, false),
        (.bytes(Array("{\"a\": 1, \"b\"}".utf8)), "application/json", #"{"data": {"a": [{"exists": false}]}}"#, true),
        (.bytes(Array("[\"x\"]".utf8)), "application/json", #"{"data": ["x"]}"#, true),
    ]

    @Test("Data are what their form and their content type say, where that is true", arguments: forms.indices)
    func matchesForms(index: Int) throws {
        let (data, contentType, pattern, matches) = Self.forms[index]
        var record = ConnectorRecord(data)
        record.contentType = contentType
        #expect(try RecordPattern(json: pattern).holds(for: record) == matches, "\(Self.forms[index])")
    }

    @Test("Data nested deeper than is allowed are no JSON, and do no harm")
    func depth() throws {
        let pattern = try RecordPattern(json: #"{"data": {"a": ["x"]}}"#)
        for (depth, matches) in [(120, true), (126, false), (100_000, false)] {
            let text = #"{"a": \#(String(repeating: "[", count: depth))"x"\#(String(repeating: "]", count: depth))}"#
            var record = ConnectorRecord(.bytes(SharedBytes(utf8: text)))
            record.contentType = "application/json"
            #expect(pattern.holds(for: record) == matches, "\(depth)")
        }
    }

    @Test("A filter, and any function that asks a condition, takes a pattern")
    func filter() async throws {
        let functions: [any RecordFunction] = [try .filter(.pattern(#"{"data": {"total": [12]}}"#))]
        #expect(try await functions[0].apply(Self.record()).parts.count == 1)
        #expect(try await functions[0].apply(ConnectorRecord("x")).parts.isEmpty)
    }
}

@Suite("Patterns: mistakes")
struct RecordPatternMistakeTests {
    static let mistakes: [(String, String)] = [
        ("", "the text is not a usable JSON value"), (#"{"type": ["x"]"#, "the text is not a usable JSON value"),
        (#"{"type": ["x"], "type": ["y"]}"#, "the text is not a usable JSON value"), ("[]", "a pattern is an object"),
        ("{}", "an empty object"), (#"{"type": "x"}"#, "type: the values and conditions for a field stand in an array"),
        (#"{"type": {"prefix": "x"}}"#, "type: an attribute has no members"),
        (#"{"type": []}"#, "type: an empty array"),
        (#"{"Type": ["x"]}"#, "Type: no attribute can have this name"),
        (#"{"data.order": ["x"]}"#, #"["data.order"]: no attribute can have this name"#),
        (#"{"subject": [null]}"#, "subject[0]: an attribute is never null"),
        (#"{"data": {}}"#, "data: an empty object"),
        (#"{"data": "x"}"#, "data: the values and conditions"),
        (#"{"data": {"order": {"total": 5}}}"#, "data.order.total: the values and conditions"),
        (#"{"data": {"order": {"total": {}}}}"#, "data.order.total: an empty object"),
        (#"{"data": {"a": {"prefix": "x"}}}"#, "data.a.prefix: the values and conditions"),
        (#"{"data": {"a b": [[]]}}"#, #"data["a b"][0]: a value is a string"#),
        (#"{"data": {"a": ["x", {"prefx": "x"}]}}"#, "data.a[1].prefx: there is no such condition; there are prefix,"),
        (#"{"data": {"a": [{"prefix": "x", "suffix": "y"}]}}"#, "data.a[0]: a condition is an object with one member"),
        (#"{"data": {"a": [{}]}}"#, "data.a[0]: a condition is an object with one member"),
        (#"{"data": {"a": [{"prefix": 1}]}}"#, "data.a[0].prefix: prefix needs a string"),
        (#"{"data": {"a": [{"wildcard": "a**"}]}}"#, "data.a[0].wildcard: two * in a row"),
        (#"{"data": {"a": [{"wildcard": "a\\"}]}}"#, "data.a[0].wildcard: the backslash at the end"),
        (#"{"data": {"a": [{"wildcard": "\\n"}]}}"#, "data.a[0].wildcard: a backslash stands in front"),
        (#"{"data": {"a": [{"exists": "yes"}]}}"#, "data.a[0].exists: exists is true or false"),
        (#"{"data": {"a": [{"numeric": 5}]}}"#, "data.a[0].numeric: numeric needs pairs"),
        (#"{"data": {"a": [{"numeric": [">"]}]}}"#, "data.a[0].numeric: numeric needs pairs"),
        (#"{"data": {"a": [{"numeric": []}]}}"#, "data.a[0].numeric: numeric needs pairs"),
        (#"{"data": {"a": [{"numeric": ["~", 5]}]}}"#, "data.a[0].numeric[0]: expected an operator"),
        (#"{"data": {"a": [{"numeric": [">", "5"]}]}}"#, "data.a[0].numeric[1]: expected a number"),
        (#"{"data": {"a": [1e999999999999999]}}"#, "data.a[0]: expected a number"),
        (#"{"data": {"a": [{"anything-but": []}]}}"#, "data.a[0].anything-but: anything-but needs"),
        (#"{"data": {"a": [{"anything-but": {}}]}}"#, "data.a[0].anything-but: anything-but needs"),
        (#"{"data": {"a": [{"anything-but": [["x"]]}]}}"#, "data.a[0].anything-but[0]: a value is"),
        (
            #"{"data": {"a": [{"anything-but": {"exists": true}}]}}"#,
            "data.a[0].anything-but.exists: anything-but knows"
        ),
        (#"{"data": {"a": [{"anything-but": {"prefix": 1}}]}}"#, "data.a[0].anything-but.prefix: prefix needs"),
        (#"{"$or": {"type": ["x"]}}"#, "$or: $or needs an array"), (#"{"$or": []}"#, "$or: $or needs an array"),
        (#"{"$or": [["x"]]}"#, "$or[0]: an alternative of $or is an object"),
        (#"{"data": {"$or": [{"a": [1]}, {"b": 1}]}}"#, "data.$or[1].b: the values and conditions"),
    ]

    @Test("A mistake is found when the pattern is made, with the path of the member", arguments: mistakes)
    func mistake(json: String, message: String) {
        let error = #expect(throws: ConnectorError.self) { try RecordPattern(json: json) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("the pattern is wrong: " + message) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test("A pattern nested too deep is refused, from JSON and from Swift")
    func depth() {
        var value = StructuredValue.array([.integer(1)])
        for _ in 0..<70 { value = .object(["a": value]) }
        let error = #expect(throws: ConnectorError.self) { try RecordPattern(.object(["data": value])) }
        #expect(error?.message.contains("nested more than 64 levels deep") == true)
    }
}
