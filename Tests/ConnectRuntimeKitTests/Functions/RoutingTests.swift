// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Routes, conditions and splits", .timeLimit(.minutes(10)))
struct RoutingTests {
    private struct Fails: RecordCondition {
        func holds(for record: ConnectorRecord) throws -> Bool { throw ConnectorError(.invalidRecord, "no answer") }
    }

    private let clock = ManualClock()
    private let letters = LetterStore()
    private let outputs = ["x": Output(), "y": Output(), "z": Output()]

    private func run(
        _ lines: [String],
        _ functions: [any RecordFunction],
        sinks names: [String] = ["x", "y", "z"],
        _ options: DeliveryOptions = DeliveryOptions(),
        source: (any Source)? = nil
    ) async throws -> Outcome {
        let source = source ?? LogSource([.init("log", lines)])
        let pipeline = Pipeline(
            "p",
            from: source,
            through: functions,
            to: names.map { name in
                NamedSink(
                    name,
                    ScriptedSink(
                        journal: Journal(),
                        onPut: { [outputs] batch in
                            for record in batch { outputs[name]?.append("\(record.id ?? "-") \(record.text)") }
                            return .delivered
                        }
                    )
                )
            },
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(letters),
            options: options,
            clock: clock.connectorClock
        )
        return try await clock.ticking { await ending(of: pipeline) }
    }

    private func rows(_ name: String) -> [String] { outputs[name]?.rows ?? [] }

    // MARK: Conditions

    @Test("Questions to a field")
    func conditions() throws {
        var record = try jsonRecord(#"{"a":null,"n":1.0}"#)
        record.headers = [RecordHeader("h", "1")]
        let cases: [(FieldCondition, Bool)] = [
            (.exists("headers.h"), true), (.exists("headers.H"), false), (.exists("data.a"), true),
            (.exists("data.b"), false),
            (.exists("data"), true), (.exists("key"), false), (.exists("type"), false), (.exists("id"), true),
            (.equals("data.a", .null), true), (.equals("data.n", .double(1)), true),
            (.equals("data.n", .integer(1)), false),
            (.equals("headers.h", .string("1")), true), (.equals("type", .string("t")), false),
        ]
        for (condition, expected) in cases {
            #expect(condition.holds(for: record) == expected)
            #expect(condition.negated.holds(for: record) == !expected)
            #expect(condition.negated.negated.holds(for: record) == expected)
        }
        #expect(FieldCondition.exists("data").holds(for: ConnectorRecord(.absent)) == false)
        #expect(FieldCondition.exists("data.a").holds(for: ConnectorRecord("no JSON")) == false)
        var broken = ConnectorRecord("{")
        broken.contentType = "application/json"
        broken.key = .text("[")
        #expect(FieldCondition.exists("data").holds(for: broken) && FieldCondition.exists("key").holds(for: broken))
    }

    @Test("Of a field that means several values one is enough")
    func conditionsOfSeveral() throws {
        let record = try jsonRecord(#"{"items":[{"sku":"a","l":[1]},{"sku":"b","l":[2,3]},{}],"none":[]}"#)
        let cases: [(FieldCondition, Bool)] = [
            (.equals("data.items[*].sku", .string("b")), true), (.equals("data.items[*].sku", .string("c")), false),
            (.exists("data.items[*].sku"), true), (.exists("data.items[*].x"), false), (.exists("data.none[*]"), false),
            (.equals("data.items[*].l[*]", .integer(3)), true), (.equals("data.items[*].l[0]", .integer(3)), false),
            (.exists("data[*]"), false), (.exists("key[*]"), false),
        ]
        for (condition, expected) in cases {
            #expect(condition.holds(for: record) == expected && condition.negated.holds(for: record) != expected)
        }
    }

    @Test("A text is equal to the time and to the bytes that it stands for, on either side and within others")
    func conditionsOfTexts() throws {
        let time = StructuredValue.timestamp(try Timestamp("2026-01-02T03:04:05Z"))
        let texts = StructuredValue.array([.string("2026-01-02T04:04:05+01:00"), .object(["b": .string("/w==")])])
        let values = StructuredValue.array([time, .object(["b": .bytes(SharedBytes([0xFF]))])])
        for (held, wanted) in [(texts, values), (values, texts)] {
            #expect(FieldCondition.equals("data", wanted).holds(for: ConnectorRecord(.structured(held))))
        }
        #expect(!FieldCondition.equals("data", .array([time])).holds(for: ConnectorRecord(.structured(values))))
    }

    @Test("A conditional function leaves the other records as they are")
    func conditional() async throws {
        let upper = InlineFunction.map { record in
            var record = record
            record.data = .text(record.text.uppercased())
            return record
        }
        _ = try await run(
            ["a", "b", "c"],
            [
                upper.when(.equals("data", .string("b"))),
                upper.when(.equals("data", .string("q")).negated).when(.equals("data", .string("c"))),
            ]
        )
        #expect(rows("x") == ["- a", "- B", "- C"])
    }

    @Test("A condition without an answer fails the record, and no other")
    func failingCondition() async throws {
        let result = try await run(
            ["a"],
            [InlineFunction.filter { _ in false }.when(Fails())],
            .with { $0.onError = .deadLetter }
        )
        #expect(result.counts.deadLettered == 1 && letters.letters.first?.errorMessage.contains("no answer") == true)
        await expectFailure(.invalidRecord, "no answer") {
            try RouteFunction([.init(Fails(), to: "x")], otherwise: ["y"]).apply(ConnectorRecord("a"))
        }
    }

    // MARK: Routes

    @Test("A record goes where the first case sends it that holds")
    func route() async throws {
        let route = RouteFunction(
            [
                .init(.equals("data.k", .integer(1)), to: "x"), .init(.equals("data.k", .integer(2)), to: "y", "z"),
                .init(.exists("data.k"), to: "x"), .init(.exists("data.drop"), to: []),
            ],
            otherwise: ["z"]
        )
        let lines = [#"{"k":1}"#, #"{"k":2}"#, #"{"k":3}"#, #"{"drop":1}"#, #"{}"#]
        let result = try await run(lines, [route])
        #expect(rows("x").map { $0.dropFirst(2) } == [#"{"k":1}"#, #"{"k":3}"#])
        #expect(rows("y").map { $0.dropFirst(2) } == [#"{"k":2}"#])
        #expect(rows("z").map { $0.dropFirst(2) } == [#"{"k":2}"#, #"{}"#])
        #expect(result.counts.delivered == 4 && result.counts.filtered == 1 && result.counts.isBalanced)
    }

    @Test("A pipeline without a sink that a function may choose does not start, and says so", arguments: [false, true])
    func unknownSink(isConditional: Bool) async throws {
        let route = RouteFunction([.init(.exists("data.never"), to: "x", "quarantine")], otherwise: ["y"])
        let journal = Journal()
        let source = ScriptedSource(journal: journal)
        let function: any RecordFunction =
            isConditional ? route.when(.exists("data.never")).when(.exists("key")) : route
        let result = try await run([], [InlineFunction.map { $0 }, function], source: source)
        #expect(result.error?.code == .invalidConfiguration)
        #expect(
            result.error?.message.contains("quarantine") == true && result.error?.message.contains("x, y, z") == true
        )
        #expect(journal.entries.isEmpty, "nothing was started")
        let fine = try await run(
            [],
            [route.when(.exists("key"))],
            sinks: ["x", "y", "quarantine"],
            source: ScriptedSource(journal: journal)
        )
        #expect(fine.error == nil)
    }

    // MARK: Splits

    @Test("Each element becomes a record, with an id of its own")
    func split() async throws {
        var record = try jsonRecord(#"{"items":[{"n":1.10},"a",null,[1]],"x":1}"#, contentType: "application/json")
        record.type = "t"
        record.headers = [RecordHeader("h", "1")]
        let parts = try SplitFunction(at: "data.items").apply(record).parts
        #expect(parts.map { $0.record.data.text } == [#"{"n":1.10}"#, "\"a\"", "null", "[1]"])
        #expect(parts.map { $0.record.id } == ["42/0", "42/1", "42/2", "42/3"])
        for part in parts {
            #expect(part.record.data.form == .json && part.record.contentType == "application/json")
            #expect(
                part.record.type == "t" && part.record.headers == record.headers
                    && part.record.position == record.position
            )
            #expect(part.sinks == nil)
        }
        record.id = "own"
        #expect(try SplitFunction(at: "data.items").apply(record).parts.last?.record.id == "own/3")
    }

    @Test("The elements come in the form of the whole", arguments: [RecordData.Form.bytes, .text, .structured])
    func splitForm(form: RecordData.Form) async throws {
        let json = #"[{"n":1.10},2]"#
        let data: RecordData =
            switch form {
            case .bytes: .bytes(SharedBytes(utf8: json))
            case .text: .text(json)
            default: .structured(try value(json))
            }
        var whole = ConnectorRecord(data)
        let unsaid = try SplitFunction().apply(whole).parts.map(\.record.data.form)
        #expect(unsaid == [form, form == .structured ? form : .json], "a 2 on its own has to be held as JSON")
        whole.contentType = "application/json"
        let parts = try SplitFunction().apply(whole).parts.map(\.record)
        #expect(parts.map(\.data.form) == [form, form] && parts.map(\.data.text) == [#"{"n":1.10}"#, "2"])
        #expect(parts.map(\.id) == [nil, nil], "there is nothing to make one of")
    }

    @Test("What is no array is an error, or goes on where that is asked for")
    func noArray() async throws {
        for data in [#"{"items":1}"#, "{}", #"{"items":null}"#, "no JSON"] {
            let record = ConnectorRecord(.text(data))
            await expectFailure(.invalidRecord, "data.items") {
                try SplitFunction(at: "data.items").apply(record)
            }
            #expect(try await SplitFunction(at: "data.items", passesOthers: true).one(record) == record)
        }
        await expectFailure(.invalidRecord, "nothing") { try SplitFunction().apply(ConnectorRecord(.absent)) }
        for field: RecordField in ["type", "key", "data[*]", "headers"] {
            await expectFailure(.invalidConfiguration, "\(field)") { try SplitFunction(at: field) }
        }
    }

    @Test("Parts commit together; one of them that fails sends the record to the dead letters")
    func splitInPipeline() async throws {
        let functions: [any RecordFunction] = [
            try SplitFunction(at: "data.l"), try FieldsFunction(.cast("data", to: .integer)),
            RouteFunction([.init(.equals("data", .integer(2)), to: "y")], otherwise: ["x"]),
        ]
        let lines = [#"{"l":[1,"2",3]}"#, #"{"l":[]}"#, #"{"l":[4,"q"]}"#, #"{"l":[5]}"#]
        let result = try await run(lines, functions, sinks: ["x", "y"], .with { $0.onError = .deadLetter })
        #expect(rows("x") == ["log:0/0 1", "log:0/2 3", "log:3/0 5"] && rows("y") == ["log:0/1 2"])
        #expect(letters.texts == [#"{"l":[4,"q"]}"#])
        #expect(result.counts.delivered == 2 && result.counts.filtered == 1 && result.counts.deadLettered == 1)
        #expect(result.counts.isBalanced && result.counts.committed == 4)
    }

    @Test("A split of a part, and records of a function in place, have ids of their own too")
    func idsOfParts() async throws {
        _ = try await run(["[[1,2],[3]]"], [try SplitFunction(), try SplitFunction()], sinks: ["x"])
        #expect(rows("x") == ["log:0/0/0 1", "log:0/0/1 2", "log:0/1/0 3"])
        _ = try await run(["a", "b"], [.split { $0.text == "a" ? [$0, $0] : [$0] }], sinks: ["y"])
        #expect(rows("y") == ["log:0/0 a", "log:0/1 a", "- b"])
    }
}
