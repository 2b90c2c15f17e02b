// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Constants and templates")
struct TemplateTests {
    static let data = #"{"name":"a \"b\"\n","n":1.10,"big":1e400,"o":{"x":[1,null]},"z":null,"t":true,"e":""}"#

    private func record(_ data: String = data) throws -> ConnectorRecord {
        var record = try jsonRecord(data, contentType: "application/json")
        record.type = "com.example.order"
        record.time = try Timestamp("2026-01-02T03:04:05.60+02:00")
        record.key = "k"
        record.headers = [RecordHeader("x.y", "h"), RecordHeader("raw", SharedBytes([0xFF]))]
        record.timestamp = RecordTimestamp(nanosecondsSince1970: 0)
        record[extension: "tenant"] = "acme"
        return record
    }

    @Test(
        "A text with fields",
        arguments: [
            ("", ""), ("plain $ {} $$", "plain $ {} $$"), ("${data.n}", "1.10"), ("<${data.big}>", "<1e400>"),
            ("${data.name}", "a \"b\"\n"), ("${data.o}", #"{"x":[1,null]}"#), ("${data.z}|${data.no}|", "||"),
            ("${data.no:-default}", "default"), ("${data.z:-a b}", "a b"), ("${data.e:-x}", ""), ("${data.no:-}", ""),
            ("${data.no:-{\"a\":{}}}!", "{\"a\":{}}!"), ("$${data.n} ${data.n}", "${data.n} 1.10"),
            ("$$${data.n}", "$${data.n}"),
            ("${id} ${type} ${time} ${tenant}", "42 com.example.order 2026-01-02T03:04:05.60+02:00 acme"),
            (#"${key} ${headers["x.y"]} ${headers['x.y']} ${headers.raw}"#, "k h h /w=="),
            ("${timestamp} ${offset} ${partition}.", "1970-01-01T00:00:00Z 42 ."), ("${$.data.n}", "1.10"),
            ("${data}", data), ("${data.o.x[0]}${data.o.x[-1]:-none}", "1none"), ("é${data.t}é", "étrueé"),
        ]
    )
    func text(template: String, expected: String) async throws {
        let made = try await TemplateFunction(template).one(try record())
        #expect(made.data.text == expected && made.data.form == .text && made.contentType == "text/plain")
        #expect(made.position == (try record().position) && made.type == "com.example.order" && made.key == "k")
    }

    @Test(
        "JSON with fields in strings and in the place of values",
        arguments: [
            (#"{"a": ${data.n}, "b": "${data.n}"}"#, #"{"a":1.10,"b":"1.10"}"#),
            (#"["${data.name}", ${data.name}]"#, #"["a \"b\"\n","a \"b\"\n"]"#),
            (#"[${data.o}, "${data.o}"]"#, #"[{"x":[1,null]},"{\"x\":[1,null]}"]"#),
            (#"[${data.no}, "${data.no}", ${data.z}, "${data.z}"]"#, #"[null,"",null,""]"#),
            (
                #"[${data.no:-0}, ${data.no:-"x"}, ${data.no:-x y}, ${data.no:-{"a":1.0}}, ${data.no:-[]}]"#,
                #"[0,"x","x y",{"a":1.0},[]]"#
            ),
            (#"["<${data.no:-"q"}>"]"#, nil), (#"["<${data.no:-\"q\"}>"]"#, #"["<\"q\">"]"#),
            (#"{"${type}": "a$${b}\u00e9", "c": "${tenant}/${key}"}"#, #"{"com.example.order":"a${b}é","c":"acme/k"}"#),
            ("${data}", data), ("  ${data.t} ", "true"), (#""${data.t}""#, #""true""#),
            (#"{"a\"b":${data.t}}"#, #"{"a\"b":true}"#),
            (#"{"h":"${headers[\"x.y\"]}","i":${headers["x.y"]}}"#, #"{"h":"h","i":"h"}"#),
        ] as [(String, String?)]
    )
    func json(template: String, expected: String?) async throws {
        guard let expected else {
            await expectFailure(.invalidConfiguration) { try RecordTemplate(json: template) }
            return
        }
        let made = try await TemplateFunction(template, contentType: "application/json").one(try record())
        #expect(made.data.text == expected && made.data.form == .json && made.contentType == "application/json")
    }

    @Test("A template as a value: a string of one placeholder becomes the value itself")
    func valueTemplate() async throws {
        let template = try RecordTemplate(
            json: value(
                #"{"n":"${data.n}","s":"n=${data.n}","l":["${data.o}",1.50,null],"${type}":"$${x}","d":"${no:-1}"}"#
            )
        )
        let made = try await TemplateFunction(template, contentType: "application/x+json").one(try record())
        #expect(
            made.data.text
                == #"{"n":1.10,"s":"n=1.10","l":[{"x":[1,null]},1.50,null],"com.example.order":"${x}","d":1}"#
        )
        #expect(made.contentType == "application/x+json")
    }

    @Test(
        "A template that cannot be read is refused when it is made",
        arguments: [
            ("${", "${"), ("${}", "begin with a name"), ("${data.}", "behind the dot"), ("${data.a", "not closed"),
            ("${data.a b}", "not closed"), ("${data.a:x}", "not closed"), ("${Data}", "neither"),
            ("${data[*].a}", "several"),
            ("a ${data.a:-{} b", "not closed"), ("${ data.a }", "begin with a name"),
        ]
    )
    func refused(template: String, reason: String) async {
        await expectFailure(.invalidConfiguration, reason) { try RecordTemplate(text: template) }
        await expectFailure(.invalidConfiguration) { try RecordTemplate(json: "[\(template)]") }
        await expectFailure(.invalidConfiguration) { try RecordTemplate(json: .array([.string(template)])) }
    }

    @Test(
        "A template that would not always be JSON is refused",
        arguments: [
            "", "{", "1${data.a}", "-${data.a}", "${data.a}${data.b}", "[1 ${data.a}]", "{${data.a}: 1}", "\"${data.a}",
            #"["\${data.a}"]"#, #"["\u00${data.a}"]"#, #"["\ud83d${data.a}"]"#, "nul${data.a}", "[${data.a},]",
            "[1] ${data.a}",
            "1 2", "[tr ue]", #"{"a":1,"a":${data.a}}"#, "$${x}", "\"a\nb${data.a}\"",
        ]
    )
    func noJSON(template: String) async {
        await expectFailure(.invalidConfiguration) { try RecordTemplate(json: template) }
    }

    @Test("A text cannot be called JSON: its placeholders would not be safe")
    func textAsJSON() async throws {
        let template = try RecordTemplate(text: #"{"a": "${data.a}"}"#)
        await expectFailure(.invalidConfiguration, "is JSON") {
            try TemplateFunction(template, contentType: "application/json")
        }
    }

    @Test("Variables stand for fields or for constants")
    func variables() async throws {
        let variables = ["data-name": "$.data.n", "constant": "a \"constant\"", "number": "5", "data.n": "shadow"]
        let text = try TemplateFunction(
            "${data-name} ${constant} ${data.n} ${data-none:-x} ${data.t}",
            variables: variables.merging(["data-none": "$.data.no"]) { $1 }
        )
        #expect(try await text.text(try record()) == "1.10 a \"constant\" shadow x true")
        let json = try TemplateFunction(
            #"[${data-name},${constant},${number},"${constant}"]"#,
            contentType: "application/json",
            variables: variables
        )
        #expect(try await json.text(try record()) == #"[1.10,"a \"constant\"",5,"a \"constant\""]"#)
        await expectFailure(.invalidConfiguration) { try RecordTemplate(text: "", variables: ["a": "$.data."]) }
        await expectFailure(.invalidConfiguration) { try RecordTemplate(text: "", variables: ["a": "$.data[*]"]) }
    }

    @Test("A missing field can reject the record; null and a fallback do not")
    func missing() async throws {
        for template in ["${data.no}", "[\"${data.no}\"]", "[${data.no}]", "${subject}"] {
            let isJSON = template.hasPrefix("[")
            let function = try TemplateFunction(
                template,
                contentType: isJSON ? "application/json" : "text/plain",
                missing: .reject
            )
            await expectFailure(.invalidRecord, "needs") { try function.apply(try record()) }
        }
        #expect(try await TemplateFunction("${data.z}${data.no:-}", missing: .reject).text(try record()) == "")
    }

    @Test("Data that is no JSON: as a whole it is a text, a field in it is an error")
    func opaque() async throws {
        let whole = try TemplateFunction(#"{"line":"${data}","again":${data}}"#, contentType: "application/json")
        #expect(try await whole.text(ConnectorRecord("say \"hi\"")) == #"{"line":"say \"hi\"","again":"say \"hi\""}"#)
        #expect(try await whole.text(ConnectorRecord("12")) == #"{"line":"12","again":"12"}"#)
        #expect(try await whole.text(ConnectorRecord(.absent)) == #"{"line":"","again":null}"#)
        await expectFailure(.invalidRecord, "no JSON") {
            try TemplateFunction("${data.a}").apply(ConnectorRecord("x"))
        }
        #expect(try await TemplateFunction("${type}").text(ConnectorRecord("x")) == "")
    }

    @Test("Whatever the data, JSON of a template has the template's shape")
    func injection() async throws {
        let template = #"{"a":"<${data.v}>","b":${data.v},"c":["${data.v}${data.v}",1],"d":{"e":"${data.v:-none}"}}"#
        let function = try TemplateFunction(template, contentType: "application/json")
        let hostile = [
            "\"", "\\", "\\\"", "\",\"x\":\"", "}", "]", "\u{0}", "\u{1F}", "\u{7F}", "${data.v}", "😀", "\u{2028}",
            "null", "/",
        ]
        for seed in 0..<1000 {
            var random = SeededGenerator(seed: UInt64(seed))
            var json = JSONSample.value(&random, depth: 3)
            if seed % 2 == 0 {
                let text = (0..<random.below(6)).map { _ in hostile[random.below(hostile.count)] }.joined()
                json = String(decodingUTF8: StructuredValue.string(text).json)
            }
            let made = try await function.one(try jsonRecord("{\"v\":\(json)}"))
            let result = try value(try #require(made.data.text))
            guard case .object(let object) = result else { Issue.record("\(result)"); continue }
            #expect(object.members.map(\.name) == ["a", "b", "c", "d"])
            #expect(String(decodingUTF8: try #require(object["b"]).json) == json)
            guard case .string(let text)? = object["a"], text.hasPrefix("<"), text.hasSuffix(">"),
                case .array(let elements)? = object["c"], elements.count == 2, elements[1] == .integer(1),
                case .object(let inner)? = object["d"], inner.members.map(\.name) == ["e"], case .string? = inner["e"]
            else { Issue.record("seed \(seed): \(result)"); continue }
            if case .string(let string) = try value(json) {
                #expect(
                    text == "<" + string + ">" && elements[0] == .string(string + string)
                        && inner["e"] == .string(string)
                )
            }
        }
    }

    @Test("A name from the data cannot take the place of another")
    func openNames() async throws {
        let function = try TemplateFunction(#"{"safe": 1, "${data.k}": 2}"#, contentType: "application/json")
        #expect(try await function.text(try jsonRecord(#"{"k":"other"}"#)) == #"{"safe":1,"other":2}"#)
        #expect(try await function.text(try jsonRecord(#"{"k":"\":3,\"x"}"#)) == #"{"safe":1,"\":3,\"x":2}"#)
        await expectFailure(.invalidRecord, "two members") {
            try function.apply(try jsonRecord(#"{"k":"safe"}"#))
        }
        let two = try TemplateFunction(#"{"${data.a}": 1, "${data.b}": 2}"#, contentType: "application/json")
        #expect(try await two.text(try jsonRecord(#"{"a":"x","b":"y"}"#)) == #"{"x":1,"y":2}"#)
    }

    @Test("Data cannot make the result deeper than JSON may be here")
    func depth() async throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let function = try TemplateFunction("[[${data.v}]]", contentType: "application/json")
        let made = try await function.one(try jsonRecord("{\"v\":\(nested(124))}"))
        #expect(made.data.text == nested(126))
        _ = try made.data.structured
        await expectFailure(.invalidRecord, "126 levels") {
            try function.apply(try jsonRecord("{\"v\":\(nested(125))}"))
        }
        let hoist = try FieldsFunction(.hoist(as: "a"))
        await expectFailure(.invalidRecord, "126 levels") { try hoist.apply(try jsonRecord(nested(126))) }
    }

    @Test("A constant replaces the data, and says what it is")
    func constant() async throws {
        let json = try RecordData.json(SharedBytes(utf8: #"{"a":1.10}"#))
        let cases: [(RecordData, String?, String?)] = [
            ("text", nil, "text/plain"), (json, nil, "application/json"),
            (.bytes([1]), nil, "application/octet-stream"),
            (.structured(.integer(1)), nil, "application/json"), ("a,b", "text/csv", "text/csv"),
            (.absent, nil, "application/json"),
        ]
        for (data, contentType, expected) in cases {
            let made = try await ConstantFunction(data, contentType: contentType).one(try record())
            #expect(made.data == data && made.contentType == expected)
            #expect(
                made.position == (try record().position) && made.headers.count == 2 && made.type == "com.example.order"
            )
        }
    }
}
