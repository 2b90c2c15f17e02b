// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import Foundation
import OpenConnect
import Testing

@Suite("Functions: settings")
struct FunctionSettingsTests {
    private func input(_ json: String) throws -> SettingInput { try SettingDocument(json: json, file: "c.json").root }

    private func problems(_ body: () throws -> some Any) -> [String] {
        do {
            _ = try body()
            return []
        } catch let error as SettingProblems {
            return error.problems.map(\.description)
        } catch let error as SettingProblem {
            return [error.description]
        } catch {
            return ["\(error)"]
        }
    }

    private func record() throws -> ConnectorRecord {
        var record = try jsonRecord(
            #"{"id":7,"name":"Ann","total":"1.10","at":1767323045123,"o":{"a":1,"A":2},"card":"4111","l":[{"n":1.50}]}"#
        )
        record.type = "old.orders"
        record.headers = [RecordHeader("trace", "t"), RecordHeader("span", "s")]
        record.timestamp = RecordTimestamp(nanosecondsSince1970: 1_767_323_045_123_000_000)
        return record
    }

    static let operations: [(json: String, operation: FieldOperation)] = [
        (#"{"set":"data.x","to":1.50}"#, .set("data.x", to: .decimal("1.50"))),
        (#"{"set":"data.x","to":1.5}"#, .set("data.x", to: .double(1.5))),
        (#"{"set":"data.x","to":null}"#, .set("data.x", to: .null)),
        (#"{"set":"data.x","to":{"a":[true]}}"#, .set("data.x", to: .object(["a": .array([.boolean(true)])]))),
        (
            #"{"set":"type","from":"${type}/${data.id}"}"#,
            .set("type", from: try! RecordTemplate(text: "${type}/${data.id}"))
        ),
        (#"{"setIfMissing":"subject","to":"s"}"#, .setIfMissing("subject", to: .string("s"))),
        (#"{"copy":"timestamp","to":"data.t"}"#, .copy("timestamp", to: "data.t")),
        (#"{"move":"data.name","to":"headers.name"}"#, .move("data.name", to: "headers.name")),
        (#"{"remove":"data.o"}"#, .remove("data.o")),
        (#"{"remove":["data.o","headers.trace"]}"#, .remove("data.o", "headers.trace")),
        (#"{"keep":["id","name"]}"#, .keep(["id", "name"])),
        (#"{"keep":["a"],"in":"data.o"}"#, .keep(["a"], in: "data.o")),
        (#"{"hoist":"data","as":"all"}"#, .hoist(as: "all")),
        (#"{"extract":"data.o"}"#, .extract("data.o")),
        (#"{"flatten":"data"}"#, .flatten()),
        (#"{"flatten":"data","separator":"_"}"#, .flatten(separator: "_")),
        (#"{"cast":"data.total","as":"decimal"}"#, .cast("data.total", to: .decimal)),
        (#"{"mask":"data.card"}"#, .mask("data.card")),
        (#"{"mask":"data.card","with":null}"#, .mask("data.card", with: .null)),
        (#"{"mask":"data.card","with":"****"}"#, .mask("data.card", with: .string("****"))),
        (
            #"{"convertTime":"data.at","from":"unix-milliseconds","to":"rfc3339"}"#,
            .convertTime("data.at", from: .unixMilliseconds, to: .rfc3339)
        ),
        (
            #"{"convertTime":"data.at","from":"unix-milliseconds","to":"yyyy-MM-dd"}"#,
            .convertTime("data.at", from: .unixMilliseconds, to: try! .pattern("yyyy-MM-dd"))
        ),
        (#"{"change":"type","addPrefix":"a."}"#, .change("type", .addingPrefix("a."))),
        (#"{"change":"type","addSuffix":".a"}"#, .change("type", .addingSuffix(".a"))),
        (#"{"change":"type","dropPrefix":"old."}"#, .change("type", .droppingPrefix("old."))),
        (#"{"change":"type","dropSuffix":".orders"}"#, .change("type", .droppingSuffix(".orders"))),
        (#"{"change":"type","replace":".","with":""}"#, .change("type", .replacing(".", with: ""))),
        (#"{"change":"type","letters":"upper"}"#, .change("type", .uppercased)),
        (#"{"rename":"data.l[*]","letters":"upper"}"#, .rename(in: "data.l[*]", .uppercased)),
        (#"{"rename":"headers","addPrefix":"x-"}"#, .rename(in: "headers", .addingPrefix("x-"))),
    ]

    @Test("An operation of a configuration does what the one in Swift does", arguments: operations.indices)
    func operation(index: Int) async throws {
        let (json, operation) = Self.operations[index]
        let configured = try FieldsFunction(settings: input("{\"operations\":[\(json)]}"))
        let made = try await configured.one(try record())
        #expect(made == (try await FieldsFunction(operation).one(try record())))
        #expect(made != (try record()), "it does something")
    }

    @Test("What the article says of configurations is what can be read")
    func article() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../Sources/ConnectRuntimeKit/ConnectRuntimeKit.docc/Functions.md"
        )
        let text = try String(contentsOf: path, encoding: .utf8)
        let objects = text.matches(of: /`(\{"[a-zA-Z]+": .*?\})`/).map { String($0.1) }
        var counts = [0, 0]
        for object in objects where !object.contains("\"type\": \"") && !object.contains("${data.total:") {
            let isCondition = object.hasPrefix("{\"field\"")
            counts[isCondition ? 1 : 0] += 1
            let found = problems {
                if isCondition {
                    _ = try ConfiguredCondition(setting: input(object))
                } else {
                    _ = try FieldsFunction(settings: input("{\"operations\":[\(object)]}"))
                }
            }
            #expect(found.isEmpty, "\(object)")
        }
        #expect(counts[0] > 20 && counts[1] >= 6)
        let templates = text.matches(of: /`"template": (\{.*?\})`/)
        #expect(templates.count == 1)
        for template in templates {
            #expect(problems { try TemplateFunction(settings: input("{\"template\": \(template.1)}")) }.isEmpty)
        }
    }

    @Test("All that is wrong with operations is told at once, each with its place")
    func problemsOfOperations() throws {
        let json = """
            { "operations": [
              { "set": "data.", "to": 1 },
              { "set": "data.a" },
              { "set": "data.a", "to": 1, "from": "x" },
              { "set": "offset", "to": 1 },
              { "set": "data.a", "from": "${data.}" },
              { "copi": "data.a", "to": "data.b" },
              { "copy": "data[*]", "to": "data.b" },
              { "cast": "data.a", "as": "int" },
              { "convertTime": "data.a", "to": "YYYY" },
              { "change": "type", "addPrefix": "a", "addSuffix": "b" },
              { "change": "type", "replace": "a" },
              { "hoist": "type", "as": "x" },
              { "mask": "data.a", "whith": "x" },
              5
            ], "missing": "sometimes" }
            """
        let found = problems { try FieldsFunction(settings: input(json)) }
        let expected = [
            ("2:", "operations[0].set: the field \"data.\" cannot be read"),
            ("3:", "operations[1]: one of `to`, `from` is missing"),
            ("4:", "operations[2].from: cannot be given together with \"to\""),
            ("5:", "operations[3]: set offset: offset cannot be changed"),
            ("6:", "operations[4].from: the placeholder"), ("7:", "operations[5]: says nothing to do"),
            ("8:", "operations[6]: copy data[*] to data.b"), ("9:", "operations[7].as: is one of integer, double"),
            ("10:", "operations[8].to: is none of unix"), ("11:", "operations[9].addSuffix: cannot be given together"),
            ("12:", "operations[10].replace: needs \"with\""), ("13:", "operations[11]: type cannot be wrapped"),
            ("14:", "operations[12].whith: is no setting: did you mean 'with'?"),
            ("15:", "operations[13]: is an object"),
            ("16:", "missing: is one of skip, reject"),
        ]
        #expect(found.count == expected.count, "\(found.joined(separator: "\n"))")
        for (line, words) in expected {
            #expect(
                found.contains { $0.hasPrefix("c.json:\(line)") && $0.contains(words) },
                "\(line) \(words)\n\(found.joined(separator: "\n"))"
            )
        }
        #expect(found.contains { $0.contains("did you mean 'copy'?") })
    }

    @Test(
        "Templates in a configuration: a text, JSON as a text, JSON as a value",
        arguments: [
            (#"{"template":"${data.name} ${id}"}"#, "Ann 42", "text/plain"),
            (
                #"{"template":"[${data.total},\"${data.id}\"]","contentType":"application/json"}"#, #"["1.10","7"]"#,
                "application/json"
            ),
            (
                #"{"template":{"t":"${data.l[0].n}","n":"<${data.name}>","c":1.50}}"#,
                #"{"t":1.50,"n":"<Ann>","c":1.50}"#, "application/json"
            ),
            (
                #"{"template":"${a} ${b}","variables":{"a":"$.data.id","b":"x"},"contentType":"text/x"}"#, "7 x",
                "text/x"
            ),
        ]
    )
    func template(json: String, text: String, contentType: String) async throws {
        let made = try await TemplateFunction(settings: input(json)).one(try record())
        #expect(made.data.text == text && made.contentType == contentType)
    }

    @Test(
        "Constants in a configuration",
        arguments: [
            (#"{"text":"a"}"#, "a", "text/plain"), (#"{"json":{"a":1.10}}"#, #"{"a":1.10}"#, "application/json"),
            (#"{"json":null}"#, "null", "application/json"), (#"{"base64":"YQ==","contentType":"x/y"}"#, "a", "x/y"),
        ]
    )
    func constant(json: String, text: String, contentType: String) async throws {
        let made = try await ConstantFunction(settings: input(json)).one(try record())
        #expect(made.data.text == text && made.contentType == contentType)
    }

    @Test("A split in a configuration")
    func split() async throws {
        #expect(
            try SplitFunction(settings: input(#"{"at":"data.l"}"#)).apply(try record()).parts.map {
                $0.record.data.text
            } == [#"{"n":1.50}"#]
        )
        #expect(
            try await SplitFunction(settings: input(#"{"at":"data.x","others":"pass"}"#)).one(try record())
                == (try record())
        )
        await expectFailure { try SplitFunction(settings: input("{}")).apply(try record()) }
    }

    @Test(
        "What is wrong with the other functions",
        arguments: [
            ("template", #"{}"#, "\"template\" is missing"),
            ("template", #"{"template":"${"}"#, "template: the placeholder"),
            ("template", #"{"template":"{","contentType":"application/json"}"#, "template: the template is no JSON"),
            ("template", #"{"template":"${x}","variables":{"x":"$.data."}}"#, "cannot be read"),
            ("constant", #"{}"#, "one of `text`, `json`, `base64` is missing"),
            ("constant", #"{"text":"a","json":1}"#, "together"),
            ("constant", #"{"base64":"?"}"#, "base64: is not base64"),
            ("constant", #"{"text":null}"#, "one of `text`, `json`, `base64` is missing"),
            ("constant", #"{"text":"a","json":null}"#, "\"text\""),
            ("split", #"{"at":"type"}"#, "at: a record is split by one array"),
            ("split", #"{"others":"x"}"#, "others: is one of"),
            ("rate", #"{"recordsPerSecond":0}"#, "more than 0"), ("rate", #"{}"#, "limits nothing"),
            ("rate", #"{"bytesPerSecond":"1x"}"#, "bytesPerSecond: is"),
            ("rate", #"{"recordsPerSecond":1,"burst":"-1s"}"#, "burst"),
        ]
    )
    func problemsOfOthers(type: String, json: String, words: String) throws {
        let found = problems {
            switch type {
            case "template": _ = try TemplateFunction(settings: input(json))
            case "constant": _ = try ConstantFunction(settings: input(json))
            case "split": _ = try SplitFunction(settings: input(json))
            default: _ = try RateLimit(setting: input(json))
            }
        }
        #expect(
            found.count == 1 && found.first?.contains(words) == true && found.first?.hasPrefix("c.json:1:") == true,
            "\(found)"
        )
    }

    @Test("A rate limit in a configuration")
    func rateLimit() throws {
        let limit = try DeliveryOptions(
            setting: input(#"{"rateLimit":{"recordsPerSecond":0.5,"bytesPerSecond":"1KiB","burst":"250ms"}}"#)
        ).rateLimit
        #expect(limit == RateLimit(recordsPerSecond: 0.5, bytesPerSecond: 1024, burst: .milliseconds(250)))
        #expect(try DeliveryOptions(setting: input("{}")).rateLimit == nil)
    }

    // MARK: Conditions and routes

    @Test(
        "A condition of a configuration: SQL, a pattern, or a field",
        arguments: [
            (#""type = 'old.orders'""#, true), (#""type LIKE 'new.%'""#, false), (#"{"type":["old.orders"]}"#, true),
            (#"{"data":{"id":[{"numeric":[">",10]}]}}"#, false), (#"{"field":"headers.trace"}"#, true),
            (#"{"field":"headers.none"}"#, false), (#"{"field":"headers.none","exists":false}"#, true),
            (#"{"field":"data","exists":false}"#, false), (#"{"field":"data.id","equals":7}"#, true),
            (#"{"field":"data.l[0].n","equals":1.50}"#, true), (#"{"field":"data.l[0].n","equals":1.5}"#, false),
            (#"{"field":"type","equals":"old.orders"}"#, true), (#"{"field":"data.none","equals":null}"#, false),
            (#"{"field":"data.o","equals":{"A":2,"a":1}}"#, true),
            (#"{"field":"data.o","equals":{"A":1,"a":2}}"#, false),
            (#"{"field":"timestamp","equals":"2026-01-02T03:04:05.123Z"}"#, true),
            (#"{"field":"timestamp","equals":"2026-01-02T03:04:05Z"}"#, false),
        ]
    )
    func condition(json: String, holds: Bool) throws {
        #expect(try ConfiguredCondition(setting: input(json)).holds(for: record()) == holds)
    }

    @Test("A route in a configuration")
    func route() throws {
        let json = """
            {
              "cases": [
                { "when": "type = 'x'", "to": "a" }, { "when": { "field": "headers.none" }, "to": [] },
                { "when": { "data": { "id": [7] } }, "to": ["b", "c"] }
              ],
              "otherwise": "d"
            }
            """
        let function = try RouteFunction(settings: input(json))
        #expect(function.chosenSinks == ["a", "b", "c", "d"])
        #expect(try function.apply(try record()).parts.map(\.sinks) == [["b", "c"]])
        #expect(try function.apply(ConnectorRecord("x")).parts.map(\.sinks) == [["d"]])
    }

    @Test("What is wrong with a route, all of it")
    func problemsOfRoutes() throws {
        let json = """
            { "cases": [
              { "when": "type ==", "to": "a" },
              { "when": { "field": "offset.x" }, "to": "a" },
              { "when": { "field": "type", "exists": true, "equals": 1 }, "to": 5 },
              { "whn": "TRUE", "to": "a" }
            ] }
            """
        let found = problems { try RouteFunction(settings: input(json)) }
        let expected = [
            "2:13: cases[0].when", "3:24: cases[1].when.field: the field",
            "4:58: cases[2].when.equals: cannot be given",
            "4:69: cases[2].to: is", "5:5: cases[3].whn: is no setting", "5:3: cases[3]: \"when\" is missing",
            "1:1: \"otherwise\" is missing",
        ]
        #expect(found.count == expected.count, "\(found.joined(separator: "\n"))")
        for words in expected {
            #expect(found.contains { $0.hasPrefix("c.json:\(words)") }, "\(words)\n\(found.joined(separator: "\n"))")
        }
        #expect(problems { try RouteFunction(settings: input(#"{"cases":[],"otherwise":"a"}"#)) }.count == 1)
    }

    @Test("The functions of this library are there without being registered")
    func registered() throws {
        let json = """
            { "offsets": { "type": "memory" }, "pipelines": { "p": {
              "source": { "type": "generator", "count": 1 }, "sinks": [ { "type": "vault", "password": "1" } ],
              "functions": [
                { "type": "fields", "operations": [ { "set": "type", "to": "t" } ] }, { "type": "constant", "text": "x" },
                { "type": "template", "template": "${type}" }, { "type": "split", "others": "pass" },
                { "type": "route", "cases": [ { "when": "TRUE", "to": "vault" } ], "otherwise": "vault", "when": "TRUE" }
              ] } } }
            """
        let configuration = try ConnectConfiguration(SettingDocument(json: json, file: "c.json"), registry: .tested)
        #expect(configuration.names == ["p"])
    }
}
