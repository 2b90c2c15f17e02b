// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Fields: operations on data")
struct FieldOperationTests {
    static let operations: [(String, [FieldOperation], String)] = [
        (#"{"a":1}"#, [.set("data.b", to: .integer(2))], #"{"a":1,"b":2}"#),
        (#"{"a":1,"b":2}"#, [.set("data.a", to: .string("x"))], #"{"a":"x","b":2}"#),
        (#"{}"#, [.set("data.a.b.c", to: .null)], #"{"a":{"b":{"c":null}}}"#),
        (#"{"a":null}"#, [.set("data.a.b", to: .boolean(true))], #"{"a":{"b":true}}"#),
        (#"{"a":[1,2]}"#, [.set("data.a[0]", to: .integer(9))], #"{"a":[9,2]}"#),
        (#"{"a":[1,2]}"#, [.set("data.a[2]", to: .integer(3))], #"{"a":[1,2,3]}"#),
        (#"{"a":[1,2]}"#, [.set("data.a[-1]", to: .integer(3))], #"{"a":[1,3]}"#),
        (#"{"a":[{},{"x":1}]}"#, [.set("data.a[*].x", to: .integer(2))], #"{"a":[{"x":2},{"x":2}]}"#),
        (#"{}"#, [.set("data.a[0].b", to: .integer(1))], #"{"a":[{"b":1}]}"#),
        (
            #"{"a":1}"#, [.setIfMissing("data.a", to: .integer(2)), .setIfMissing("data.b", to: .integer(3))],
            #"{"a":1,"b":3}"#
        ),
        (#"{"a":null}"#, [.setIfMissing("data.a", to: .integer(2))], #"{"a":2}"#),
        (
            #"{"a":[{"x":1},{"x":null},{}]}"#, [.setIfMissing("data.a[*].x", to: .integer(2))],
            #"{"a":[{"x":1},{"x":2},{"x":2}]}"#
        ),
        (
            #"{"a":null}"#, [.setIfMissing("data.a.items[*].x", to: .integer(0)), .set("data.n", to: .integer(1))],
            #"{"a":null,"n":1}"#
        ),
        (
            #"{"b":0}"#, [.set("data.a.items[*].x", to: .integer(0)), .set("data.n", to: .integer(1))],
            #"{"b":0,"n":1}"#
        ),
        (#"{"a":1,"b":{"c":2,"d":3}}"#, [.remove("data.a", "data.b.c", "data.x.y")], #"{"b":{"d":3}}"#),
        (#"[1,2,3]"#, [.remove("data[1]")], "[1,3]"),
        (#"[{"a":1,"b":2},{"a":3},4]"#, [.remove("data[*].a")], #"[{"b":2},{},4]"#),
        (#"[1,2]"#, [.remove("data[*]")], "[]"),
        (#"{"a":1}"#, [.copy("data.a", to: "data.b.c")], #"{"a":1,"b":{"c":1}}"#),
        (#"{"a":1.10,"z":0}"#, [.move("data.a", to: "data.b")], #"{"z":0,"b":1.10}"#),
        (#"{"a":{"b":1}}"#, [.move("data.a.b", to: "data.a")], #"{"a":1}"#),
        (#"{"a":1}"#, [.move("data.a", to: "data.a.b")], #"{"a":{"b":1}}"#),
        (#"{"a":1}"#, [.move("data.a", to: "data.a")], #"{"a":1}"#),
        (#"{"a":1}"#, [.move("data.x", to: "data.b")], #"{"a":1}"#),
        (#"5"#, [.hoist(as: "count")], #"{"count":5}"#),
        (#"{"a":[1]}"#, [.hoist("data.a", as: "list")], #"{"a":{"list":[1]}}"#),
        (#"{"a":{"b":[1,2]},"c":3}"#, [.extract("data.a.b")], "[1,2]"),
        (#"{"a":"text"}"#, [.extract("data.a")], "\"text\""),
        (#"{"a":1}"#, [.copy("data.a", to: "data")], "1"),
        (#"{"a":1,"b":2,"c":3}"#, [.keep(["c", "a", "x"])], #"{"a":1,"c":3}"#),
        (#"{"o":{"a":1,"b":2}}"#, [.keep(["a"], in: "data.o")], #"{"o":{"a":1}}"#),
        (#"[{"a":1,"b":2},{"b":1}]"#, [.keep(["a"], in: "data[*]")], #"[{"a":1},{}]"#),
        (#"{"a_x":1,"b":{"a_y":2}}"#, [.rename(.replacing("a_", with: "z."))], #"{"z.x":1,"b":{"a_y":2}}"#),
        (#"{"a":1,"b":2}"#, [.rename(.addingPrefix("x_")), .rename(.addingSuffix("_y"))], #"{"x_a_y":1,"x_b_y":2}"#),
        (#"{"x_a":1,"b_x":2}"#, [.rename(.droppingPrefix("x_")), .rename(.droppingSuffix("_x"))], #"{"a":1,"b":2}"#),
        (#"{"Ab":1}"#, [.rename(.uppercased)], #"{"AB":1}"#),
        (
            #"{"a":"Hello","n":1.50}"#, [.change("data.a", .lowercased), .change("data.n", .addingPrefix("n="))],
            #"{"a":"hello","n":"n=1.50"}"#
        ),
        (#"{"a":{"b":{"c":1.10},"d":[{"e":1}]},"f":{}}"#, [.flatten()], #"{"a.b.c":1.10,"a.d":[{"e":1}],"f":{}}"#),
        (#"{"o":{"a":{"b":1}}}"#, [.flatten("data.o", separator: "_")], #"{"o":{"a_b":1}}"#),
        (
            #"{"n":1,"d":1.5,"e":1.50,"s":"x","t":true,"l":[1],"o":{"a":1},"z":null}"#,
            ["n", "d", "e", "s", "t", "l", "o", "z", "x"].map { .mask(try! RecordField("data." + $0)) },
            #"{"n":0,"d":0.0,"e":0,"s":"","t":false,"l":[],"o":{},"z":null}"#
        ),
        (
            #"{"card":"4111","z":null}"#,
            [.mask("data.card", with: .string("****")), .mask("data.z", with: .string("x"))],
            #"{"card":"****","z":null}"#
        ),
        (#"[{"n":"1"},{"n":"2"}]"#, [.cast("data[*].n", to: .integer)], #"[{"n":1},{"n":2}]"#),
    ]

    @Test("An operation gives just this", arguments: operations.indices)
    func operation(index: Int) async throws {
        let (before, operations, after) = Self.operations[index]
        let record = try jsonRecord(before)
        let made = try await FieldsFunction(operations).one(record)
        #expect(made.data.text == after)
        #expect(made.data.form == .json)
        #expect(made.position == record.position && made.id == nil)
    }

    @Test("What an operation cannot do with the data is an error of the record that names both")
    func impossible() async throws {
        let cases: [(String, FieldOperation, String)] = [
            (#"{"a":1}"#, .set("data.a.b", to: .null), "a number has no field .b"),
            (#"{"a":"x"}"#, .set("data.a[0]", to: .null), "a text has no field [0]"),
            (#"[1]"#, .set("data[3]", to: .null), "an array of 1 has no element [3]"),
            (#"[1]"#, .set("data[-2]", to: .null), "no element [-2]"),
            (#"[1]"#, .rename(.lowercased), "an array has no members"),
            (#"{"A":1,"a":2}"#, .rename(.lowercased), "two fields would have one name"),
            (#"{"a":{"b":1},"a.b":2}"#, .flatten(), "two fields would have one name"),
            (#"3"#, .flatten(), "a number has no members"),
            (#"{"a":[1]}"#, .change("data.a", .lowercased), "an array is no text"),
            (#"{"a":"many"}"#, .cast("data.a", to: .integer), "a text cannot become the type integer"),
            (#"{"a":1,"a":2}"#, .remove("data.b"), "two members"),
        ]
        for (data, operation, reason) in cases {
            let function = try FieldsFunction(operation)
            await expectFailure(.invalidRecord, reason, "\(operation)") {
                try function.apply(try jsonRecord(data))
            }
        }
    }

    @Test("What no record could satisfy is refused when the function is made")
    func refused() async {
        let cases: [(FieldOperation, String)] = [
            (.set("offset", to: .null), "cannot be changed"), (.remove("partition"), "cannot be changed"),
            (.copy("data.a", to: "position"), "cannot be changed"),
            (.set("specversion", to: .null), "cannot be changed"),
            (.move("offset", to: "data.a"), "cannot be changed"), (.copy("data[*].a", to: "data.b"), "several values"),
            (.copy("data.a", to: "data[*].b"), "one place"), (.flatten("type"), "no object"),
            (.keep(["a"], in: "id"), "no object"), (.flatten("headers"), "flat"), (.hoist("type", as: "x"), "type"),
            (.rename(.replacing("", with: "x")), "empty text"),
            (.change("type", .replacing("", with: "x")), "empty text"), (.mask("type"), "what is seen instead"),
            (.mask("subject"), "what is seen instead"), (.convertTime("time", to: .unixSeconds), "cannot be a number"),
            (.convertTime("timestamp", to: .unixSeconds), "another field"), (.extract("type"), "only data, key"),
            (.extract("headers.a"), "only data, key"),
        ]
        for (operation, reason) in cases {
            await expectFailure(.invalidConfiguration, reason) { try FieldsFunction(operation) }
        }
        await expectFailure(.invalidConfiguration, "yyyy") {
            try FieldsFunction(.convertTime("data.t", from: .pattern("HH:mm"), to: .rfc3339))
        }
    }

    @Test("A field that is not there is passed over, or rejects the record where that is asked for")
    func missing() async throws {
        let operations: [FieldOperation] = [
            .copy("data.x", to: "data.y"), .move("data.x.y", to: "data.y"), .cast("data.x", to: .integer),
            .mask("data.x"), .change("data.x", .lowercased), .flatten("data.x"), .keep([], in: "data.x"),
            .convertTime("data.x", to: .unixSeconds), .extract("data.x"), .rename(in: "data.x", .lowercased),
            .copy("headers.x", to: "data.y"), .cast("subject", to: .string), .change("data[0]", .lowercased),
        ]
        let record = try jsonRecord(#"{"a":1}"#)
        for operation in operations {
            #expect(try await FieldsFunction(operation).text(record) == #"{"a":1}"#, "\(operation)")
            await expectFailure(.invalidRecord, "not there", "\(operation)") {
                try FieldsFunction(operation, missing: .reject).apply(record)
            }
        }
    }

    @Test("Templates that set fields need theirs where missing fields reject the record")
    func missingInTemplates() async throws {
        let record = try jsonRecord(#"{"a":1}"#)
        let operation = FieldOperation.set("data.b", from: try RecordTemplate(text: "${data.x}"))
        #expect(try await FieldsFunction(operation).text(record) == #"{"a":1,"b":""}"#)
        await expectFailure(.invalidRecord, "needs data.x", "\(operation)") {
            try FieldsFunction(operation, missing: .reject).apply(record)
        }
        let fallback = FieldOperation.set("data.b", from: try RecordTemplate(text: "${data.x:-none}"))
        #expect(try await FieldsFunction(fallback, missing: .reject).text(record) == #"{"a":1,"b":"none"}"#)
    }

    @Test("What is moved into absent data stays where it is")
    func moveIntoAbsent() async throws {
        var record = ConnectorRecord(.absent)
        record.subject = "s"
        let made = try await FieldsFunction(.move("subject", to: "data.subject")).one(record)
        #expect(made.data.isAbsent && made.subject == "s")
        #expect(try await FieldsFunction(.move("subject", to: "data")).one(record).subject == nil)
    }

    @Test("A content type that is set says what the data is from then on, and stays")
    func contentTypeSet() async throws {
        let cases: [(String, [FieldOperation], String, String)] = [
            ("abc", [.set("data", to: .object(["a": .integer(1)])), type("text/csv")], #"{"a":1}"#, "text/csv"),
            ("abc", [type("text/csv"), .set("data", to: .object(["a": .integer(1)]))], #"{"a":1}"#, "text/csv"),
            ("abc", [type("application/json"), .set("data", to: .string("x"))], "\"x\"", "application/json"),
            (
                "12", [.copy("data", to: "subject"), type("application/json"), .cast("data", to: .string)], "\"12\"",
                "application/json"
            ),
            (
                #"{"a":1}"#, [.copy("data.a", to: "data.b"), type("text/plain"), .set("data", to: .string("x"))], "x",
                "text/plain"
            ),
            (#"{"a":1}"#, [.set("data", to: .string("x")), .remove("datacontenttype")], "x", "none"),
            (#"{"a":1}"#, [.set("data", to: .string("x")), type("text/plain")], "x", "text/plain"),
            ("abc", [.set("data", to: .string("x")), type("application/json")], "\"x\"", "application/json"),
            (
                #"{"a":"b"}"#, [.copy("data.a", to: "subject"), type("text/plain"), .change("data", .uppercased)],
                #"{"A":"B"}"#, "text/plain"
            ),
        ]
        for (data, operations, after, contentType) in cases {
            var record = ConnectorRecord(.text(data))
            record.contentType = "text/plain"
            let made = try await FieldsFunction(operations).one(record)
            #expect(made.data.text == after && made.contentType ?? "none" == contentType, "\(operations): \(made)")
        }
    }

    private func type(_ contentType: String) -> FieldOperation { .set("datacontenttype", to: .string(contentType)) }

    @Test("What an operation made of text is what the next one reads")
    func madeText() async throws {
        var record = ConnectorRecord(.text(#"{"a":1}"#))
        record.contentType = "text/plain"
        let made = try await FieldsFunction(.set("data", to: .string(#"{"a":2}"#)), .copy("data.a", to: "subject")).one(
            record
        )
        #expect(made.subject == "2" && made.data.text == #"{"a":2}"#)
        await expectFailure(.invalidRecord, "no JSON") {
            try FieldsFunction(.set("data", to: .string("x")), .copy("data.a", to: "subject")).apply(record)
        }
    }

    @Test("Data that is no JSON is refused where a field in it is meant, and read as a whole otherwise")
    func opaque() async throws {
        let function = try FieldsFunction(.set("data.a", to: .integer(1)))
        for data in [RecordData.text("hello"), .bytes([0xFF, 0x00]), "", "{\"a\":", .bytes(Array("{} {}".utf8))] {
            await expectFailure(.invalidRecord, "the data is no JSON") {
                try function.apply(ConnectorRecord(data))
            }
        }
        let hoist = try FieldsFunction(.hoist(as: "line"))
        #expect(try await hoist.text(ConnectorRecord("hello \"you\"")) == #"{"line":"hello \"you\""}"#)
        #expect(try await hoist.text(ConnectorRecord("12")) == #"{"line":"12"}"#)
        #expect(try await hoist.text(ConnectorRecord("[12] log")) == #"{"line":"[12] log"}"#)
        #expect(try await hoist.text(ConnectorRecord(" [12] ")) == #"{"line":[12]}"#)
        #expect(try await hoist.text(ConnectorRecord(.bytes([0xFF, 0x00]))) == #"{"line":"/wA="}"#)
        var text = ConnectorRecord("[1]")
        text.contentType = "text/plain"
        let made = try await hoist.one(text)
        #expect(made.data.text == #"{"line":"[1]"}"#)
        #expect(made.contentType == "application/json" && made.data.form == .json)
        #expect(try await FieldsFunction(.change("data", .uppercased)).one(ConnectorRecord("a b")).data == "A B")
    }

    @Test("JSON stays in the form in which it came", arguments: [RecordData.Form.bytes, .text, .json, .structured])
    func form(form: RecordData.Form) async throws {
        let json = #"{"n":1.10,"big":123456789012345678901234567890,"e":1e400,"z":-0,"s":"\"\n"}"#
        let bytes = SharedBytes(utf8: json)
        let data: RecordData =
            switch form {
            case .bytes: .bytes(bytes)
            case .text: .text(json)
            case .json: try .json(bytes)
            default: .structured(try StructuredValue(json: bytes))
            }
        for contentType in [nil, "application/json", "text/plain"] {
            var record = ConnectorRecord(data)
            record.contentType = contentType
            let made = try await FieldsFunction(.set("data.x", to: .boolean(true))).one(record)
            #expect(made.data.form == form && made.contentType == contentType)
            #expect(made.data.text == json.dropLast() + ",\"x\":true}")
        }
        let untouched = try await FieldsFunction(.remove("data.nothing"), .copy("data.n", to: "subject")).one(
            ConnectorRecord(data)
        )
        #expect(untouched.data == data && untouched.subject == "1.10")
    }

    @Test("What is left of JSON is taken for JSON by the next function, also where it is just a number or a string")
    func scalarLeft() async throws {
        for data in [RecordData.text(#"{"a":"12"}"#), .bytes(SharedBytes(utf8: #"{"a":"12"}"#))] {
            var record = ConnectorRecord(data)
            let unsaid = try await FieldsFunction(.extract("data.a")).one(record)
            #expect(unsaid.data.form == .json && unsaid.text == "\"12\"")
            #expect(try await FieldsFunction(.cast("data", to: .integer)).text(unsaid) == "12")
            record.contentType = "application/json"
            let said = try await FieldsFunction(.extract("data.a")).one(record)
            #expect(said.data.form == data.form && said.text == "\"12\"")
            #expect(try await FieldsFunction(.cast("data", to: .integer)).text(said) == "12")
        }
    }

    @Test("Data that is absent stays absent, unless all of it is set")
    func tombstones() async throws {
        let record = ConnectorRecord(.absent, offset: RecordOffset(1))
        let operations: [FieldOperation] = [
            .set("data.a", to: .integer(1)), .copy("timestamp", to: "data.t"), .hoist(as: "x"), .flatten(), .keep([]),
            .remove("data.a"), .mask("data"), .cast("data", to: .string), .extract("data.a"),
        ]
        for operation in operations {
            #expect(try await FieldsFunction(operation).one(record).data.isAbsent, "\(operation)")
        }
        #expect(try await FieldsFunction(.set("data", to: .object(["a": .integer(1)]))).text(record) == #"{"a":1}"#)
        #expect(try await FieldsFunction(.remove("data")).one(try jsonRecord("{}")).data.isAbsent)
    }

    @Test("What is not touched comes back as it was, whatever the data")
    func untouched() async throws {
        for seed in 0..<500 {
            var random = SeededGenerator(seed: UInt64(seed))
            let json = JSONSample.object(&random, depth: 3)
            let record = try jsonRecord(json)
            let added = try await FieldsFunction(.set("data.new", to: .null)).one(record)
            let back = try await FieldsFunction(.remove("data.new")).one(added)
            #expect(back.data.text == json, "seed \(seed)")
            let around = try await FieldsFunction(.hoist(as: "all"), .extract("data.all")).one(record)
            #expect(around.data.text == json, "seed \(seed)")
        }
    }

    @Test("Names that would fill the memory are refused")
    func flattenLimit() async throws {
        let name = String(repeating: "n", count: 100_000)
        let members = (0..<1000).map { "\"\($0)\":0" }.joined(separator: ",")
        await expectFailure(.invalidRecord, "16 MiB") {
            try FieldsFunction(.flatten()).apply(try jsonRecord("{\"\(name)\":{\(members)}}"))
        }
    }
}
