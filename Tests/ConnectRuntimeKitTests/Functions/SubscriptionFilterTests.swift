// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@Suite("Filters of the Subscriptions API")
struct SubscriptionFilterTests {
    static func record() throws -> ConnectorRecord {
        var record = ConnectorRecord("x", offset: RecordOffset(7))
        record.source = "https://github.com/cloudevents/spec"
        record.type = "com.github.push"
        record.subject = "ref/main"
        record[extension: "priority"] = .integer(5)
        record[extension: "flag"] = .boolean(false)
        return record
    }

    static let filters: [(String, Bool)] = [
        (#"{"exact": {"type": "com.github.push"}}"#, true), (#"{"exact": {"type": "com.github.pus"}}"#, false),
        (#"{"exact": {"type": "COM.github.push"}}"#, false),
        (#"{"exact": {"type": "com.github.push", "subject": "ref/main"}}"#, true),
        (#"{"exact": {"type": "com.github.push", "subject": "ref/other"}}"#, false),
        (#"{"exact": {"none": "x"}}"#, false), (#"{"exact": {"priority": "5", "flag": "false"}}"#, true),
        (#"{"exact": {"id": "7", "specversion": "1.0", "datacontenttype": "text/plain"}}"#, true),
        (#"{"prefix": {"type": "com.github."}}"#, true), (#"{"prefix": {"type": "github"}}"#, false),
        (#"{"prefix": {"none": "x"}}"#, false), (#"{"suffix": {"source": "/spec"}}"#, true),
        (#"{"suffix": {"source": "/spe"}}"#, false),
        (#"{"suffix": {"type": "an-ending-that-is-longer-than-the-whole-value"}}"#, false),
        (#"{"all": [{"exact": {"type": "com.github.push"}}, {"prefix": {"subject": "ref"}}]}"#, true),
        (#"{"all": [{"exact": {"type": "com.github.push"}}, {"prefix": {"subject": "x"}}]}"#, false),
        (#"{"any": [{"exact": {"type": "x"}}, {"prefix": {"subject": "ref"}}]}"#, true),
        (#"{"any": [{"exact": {"type": "x"}}, {"prefix": {"subject": "x"}}]}"#, false),
        (#"{"not": {"exact": {"type": "x"}}}"#, true), (#"{"not": {"exact": {"type": "com.github.push"}}}"#, false),
        (#"{"not": {"exact": {"none": "x"}}}"#, true), (#"{"not": {"not": {"exact": {"none": "x"}}}}"#, false),
        (#"{"sql": "source LIKE '%cloudevents%'"}"#, true), (#"{"sql": "none = 'x'"}"#, false),
        (#"{"not": {"sql": "none = 'x'"}}"#, true), (#"{"sql": "priority"}"#, true),
        (#"{"sql": "priority - 5"}"#, false),
        (#"{"sql": "subject"}"#, false), (#"{"sql": "'TRUE'"}"#, true),
        ("[]", true), (#"[{"exact": {"type": "com.github.push"}}]"#, true),
        (#"[{"exact": {"type": "com.github.push"}}, {"exact": {"type": "x"}}]"#, false),
    ]

    @Test("3.2.4: each dialect says what it says, from JSON", arguments: filters)
    func holds(json: String, holds: Bool) throws {
        #expect(try SubscriptionFilter(json: json).holds(for: Self.record()) == holds)
    }

    @Test("3.2.4: a filter made in Swift is the one of the JSON text")
    func swift() throws {
        let record = try Self.record()
        let filter = try SubscriptionFilter.all([
            .prefix(["type": "com.github."]),
            .any([.exact(["subject": "x"]), .suffix(["source": "/spec"])]),
            .not(.exact(["none": "x"])),
            .sql("EXISTS subject"),
        ])
        #expect(filter.holds(for: record))
        #expect(!SubscriptionFilter.not(filter).holds(for: record))
        let mistakes: [() throws -> SubscriptionFilter] = [
            { try .exact([:]) }, { try .prefix(["type": ""]) }, { try .all([]) }, { try .any([]) },
            { try .sql("type =") }, { try .sql("NONE(1)") },
        ]
        for mistake in mistakes {
            let error = #expect(throws: ConnectorError.self) { try mistake() }
            #expect(error?.code == .invalidConfiguration)
        }
    }

    @Test("Source and type come from the defaults where the record says nothing")
    func defaults() throws {
        let defaults = EventDefaults(source: "urn:fallback", type: "fallback")
        let record = ConnectorRecord("x")
        for json in [
            #"{"exact": {"source": "urn:fallback"}}"#, #"{"prefix": {"type": "fall"}}"#,
            #"{"sql": "type = 'fallback'"}"#,
        ] {
            #expect(try SubscriptionFilter(json: json, defaults: defaults).holds(for: record))
            #expect(try !SubscriptionFilter(json: json).holds(for: record))
        }
    }

    static let mistakes: [(String, String)] = [
        ("", "the text is not a usable JSON value"), ("1", "a filter is an object with one member"),
        ("{}", "a filter is an object with one member"),
        (#"{"exact": {"a": "x"}, "not": {}}"#, "a filter is an object"),
        (#"{"exakt": {"a": "x"}}"#, "exakt: there is no such dialect; there are exact,"),
        (#"{"exact": {}}"#, "exact: expected an object of at least one attribute"),
        (#"{"exact": {"Type": "x"}}"#, "exact.Type: no attribute can have this name"),
        (#"{"exact": {"type": ""}}"#, "exact.type: expected a text that is not empty"),
        (#"{"suffix": {"type": 1}}"#, "suffix.type: expected a text that is not empty"),
        (#"{"all": []}"#, "all: expected an array of at least one filter"),
        (#"{"any": {"exact": {"a": "x"}}}"#, "any: expected an array of at least one filter"),
        (#"{"all": [{"exact": {"a": "x"}}, {"not": {"prefix": {"a": 1}}}]}"#, "all[1].not.prefix.a: expected a text"),
        (#"{"not": []}"#, "not: a filter is an object"), (#"{"sql": 1}"#, "sql: expected an expression"),
        (#"[{"sql": "type ="}]"#, "[0].sql: parse:"), (#"{"sql": "NONE(1)"}"#, "sql: missingFunction:"),
    ]

    @Test("A mistake is found when the filter is made, with the path of the member", arguments: mistakes)
    func mistake(json: String, message: String) {
        let error = #expect(throws: ConnectorError.self) { try SubscriptionFilter(json: json) }
        #expect(error?.code == .invalidConfiguration)
        #expect(
            error?.message.hasPrefix("the subscription filter is wrong: " + message) == true,
            "\(error?.message ?? "")"
        )
    }

    @Test("Filters nested too deep are refused")
    func depth() {
        var json = #"{"exact": {"type": "x"}}"#
        for _ in 0..<70 { json = #"{"not": \#(json)}"# }
        let error = #expect(throws: ConnectorError.self) { try SubscriptionFilter(json: json) }
        #expect(error?.message.contains("nested more than 64 levels deep") == true)
    }

    @Test("A filter takes a filter of the Subscriptions API")
    func function() async throws {
        let functions: [any RecordFunction] = [try .filter(.subscription(#"{"suffix": {"type": ".push"}}"#))]
        #expect(try await functions[0].apply(Self.record()).parts.count == 1)
        #expect(try await functions[0].apply(ConnectorRecord("x")).parts.isEmpty)
    }

    @Test("A filter keeps its defaults within others")
    func nestedDefaults() throws {
        let type = #"{ "exact": { "type": "fallback" } }"#
        let own = try SubscriptionFilter(json: type, defaults: EventDefaults(source: "urn:own", type: "fallback"))
        let other = try SubscriptionFilter(json: type, defaults: EventDefaults(source: "urn:other", type: "other"))
        let none = try SubscriptionFilter(json: type)
        let record = ConnectorRecord("x")
        #expect(try SubscriptionFilter.all([own]).holds(for: record))
        #expect(try !SubscriptionFilter.all([own, other]).holds(for: record))
        #expect(try SubscriptionFilter.any([other, none, own]).holds(for: record))
        #expect(try !SubscriptionFilter.any([other, none]).holds(for: record))
        #expect(!SubscriptionFilter.not(own).holds(for: record) && SubscriptionFilter.not(none).holds(for: record))
    }
}
