// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect

extension FuzzTarget {
    /// A template in the first line, and data behind it.
    static let templateTexts = [
        #"{"a": ${data.a}, "b": "<${data.a}>", "c": "${data.b[0]:-none}"}"# + "\n" + #"{"a": 1.10, "b": ["\"\\\n"]}"#,
        #"{"${type}": ${data.a:-{"x": []}}, "$${x}": null}"# + "\n" + #"{"a": {"b": "é"}}"#,
        #"["${headers['x.y']}", ${key:-0}, ${position}, ${data["a b"]}]"# + "\n" + #"{"a b": "}"}"#,
        "${data} ${id} ${data.no:-x}\nplain",
    ]

    /// A field in the first line, and data behind it.
    static let fieldTexts = [
        "data.a.b[0]\n" + #"{"a": {"b": [1, {"c": 2}]}}"#, "data[*].a\n" + #"[{"a": 1}, {}, 3]"#,
        #"data["a b"]["\"\\"]"# + "\n{}", "key.x\n{}", "headers['a.b']\n[]", "$.data.x[-1]\n" + #"{"x": [1.50]}"#,
    ]

    static let structuredValueTexts = [
        #"{"a": [1.10, -0, 1e400, 123456789012345678901234567890], "é": "\u0000", "e\u0301": null}"#, "[[[]]]",
    ]

    private static func parts(_ bytes: SharedBytes) -> (text: String, data: SharedBytes) {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let data = bytes.slice(min(end + 1, bytes.count)..<bytes.count)
        return (String(decodingUTF8: bytes.slice(0..<end)), data)
    }

    private static func record(_ data: SharedBytes) -> ConnectorRecord {
        var record = ConnectorRecord(.bytes(data), offset: RecordOffset(7))
        record.type = "t"
        record.headers = [RecordHeader("x.y", "\"")]
        return record
    }

    /// What is thrown for a mistake of the author, or of the record; nothing else may be.
    private static func allowing<Value>(_ code: ConnectorError.Code, _ body: () throws -> Value) throws -> Value? {
        do {
            return try body()
        } catch let error as ConnectorError where error.code == code {
            return nil
        }
    }

    /// A template is refused when it is made, or makes JSON of any data, unless it rejects them.
    @Sendable static func checkTemplate(_ bytes: SharedBytes) throws {
        let (text, data) = parts(bytes)
        for contentType in ["application/json", "text/plain"] {
            let function = try allowing(.invalidConfiguration) {
                try TemplateFunction(text, contentType: contentType)
            }
            guard let function, let made = try allowing(.invalidRecord, { try function.apply(record(data)) }) else {
                continue
            }
            let result = made.parts[0].record.data
            guard contentType == "application/json" else { continue }
            try require(result.form == .json && (try? StructuredValue(json: result.bytes)) != nil, "it makes JSON")
        }
    }

    /// A field is refused, or its text is read as the same field; what is set there is read there.
    @Sendable static func checkField(_ bytes: SharedBytes) throws {
        let (text, data) = parts(bytes)
        guard let field = try allowing(.invalidConfiguration, { try RecordField(text) }) else { return }
        try require(try RecordField(field.description) == field, "a field's text is that field")
        let operations: [FieldOperation] = [
            .set(field, to: .string("v")), .remove(field), .mask(field), .cast(field, to: .string), .flatten(field),
            .copy("data", to: field), .move(field, to: "data"), .rename(in: field, .addingPrefix("x")),
        ]
        for operation in operations {
            guard let function = try allowing(.invalidConfiguration, { try FieldsFunction([operation]) }),
                let made = try allowing(.invalidRecord, { try function.apply(record(data)) })
            else { continue }
            let result = made.parts[0].record
            try require(result.position == record(data).position, "the position stays")
            if result.data.form == .json { _ = try result.data.structured }
        }
        let equals = FieldCondition(field, equals: .string("v"))
        guard let set = try? FieldsFunction([operations[0]]), !field.description.contains("[*]"),
            let made = try allowing(.invalidRecord, { try set.apply(record(data)) })
        else { return }
        let reads = ["data", "key", "headers."].contains { field.description.hasPrefix($0) }
        // An index from the end, or one that was added, need not mean the same afterwards.
        try require(!reads || field.description.contains("[-") || equals.holds(for: made.parts[0].record), "it is set")
    }

    /// JSON comes back from the structured value that it stands for.
    @Sendable static func checkStructuredValue(_ bytes: SharedBytes) throws {
        guard let value = try allowing(.invalidRecord, { try StructuredValue(json: bytes) }) else { return }
        let written = try value.validatedJSON()
        try require(try StructuredValue(json: written) == value, "what was written is read as the same value")
        try require(try StructuredValue(json: written).json == written, "it is written the same again")
    }
}
