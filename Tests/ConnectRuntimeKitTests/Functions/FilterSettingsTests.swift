// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Filters: settings")
struct FilterSettingsTests {
    private static func input(_ json: String) throws -> SettingInput {
        try SettingDocument(json: json, file: "c.json").root
    }

    private static func problems(_ body: () throws -> some Any) -> [String] {
        do {
            _ = try body()
            return []
        } catch let error as SettingProblems {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private static func record() throws -> ConnectorRecord {
        var record = ConnectorRecord(try .json(SharedBytes(utf8: #"{"total": 12}"#)))
        record.type = "com.example.order"
        return record
    }

    @Test(
        "A filter in a configuration has a condition in one of three languages",
        arguments: [
            (#"{"sql": "type = 'com.example.order'"}"#, true), (#"{"sql": "EXISTS none"}"#, false),
            (#"{"sql": "none = 'x'"}"#, false), (#"{"sql": "type LIKE 'com.%'", "onError": "reject"}"#, true),
            (#"{"sql": "none = 'x'", "onError": "filter"}"#, false),
            (#"{"pattern": {"data": {"total": [{"numeric": [">", 11.5]}]}}}"#, true),
            (#"{"pattern": {"data": {"total": [12.0]}}}"#, true), (#"{"pattern": {"type": ["x"]}}"#, false),
            (#"{"subscription": {"prefix": {"type": "com."}}}"#, true),
            (#"{"subscription": [{"prefix": {"type": "com."}}, {"suffix": {"type": ".x"}}]}"#, false),
        ]
    )
    func filters(json: String, passes: Bool) throws {
        let filter = try RecordFilter(settings: Self.input(json))
        #expect(try filter.apply(Self.record()).parts.count == (passes ? 1 : 0))
    }

    @Test("A filter that rejects what cannot be evaluated says so in its configuration")
    func rejecting() throws {
        let filter = try RecordFilter(settings: ["sql": "none = 'x'", "onError": "reject"])
        let error = #expect(throws: ConnectorError.self) { try filter.apply(Self.record()) }
        #expect(error?.code == .invalidRecord)
    }

    static let mistakes: [(String, String)] = [
        ("{}", "c.json:1:1: one of `sql`, `pattern`, `subscription` is missing"),
        (#"{"sql": "TRUE", "pattern": {"type": ["x"]}}"#, "cannot be given together"),
        (#"{"pattern": {"type": ["x"]}, "onError": "reject"}"#, "onError: needs"),
        (#"{"sql": "type ="}"#, "c.json:1:9: sql: the SQL expression is wrong: parse:"),
        (#"{"sql": "NONE()"}"#, "c.json:1:9: sql: the SQL expression is wrong: missingFunction:"),
        (#"{"sql": 1}"#, "c.json:1:9: sql: is a text in quotes"),
        (#"{"pattern": {"data": {"total": [{"numeric": [">"]}]}}}"#, "pattern.data.total[0].numeric: numeric needs"),
        (#"{"pattern": {"data": {"a b": 5}}}"#, #"c.json:1:30: pattern.data["#),
        (#"{"pattern": "x"}"#, "c.json:1:13: pattern: a pattern is an object"),
        (#"{"subscription": {"all": [{"exact": {"type": ""}}]}}"#, "c.json:1:46: subscription.all[0].exact.type:"),
        (#"{"subscription": 1}"#, "c.json:1:18: subscription: a filter is an object"),
    ]

    @Test("A mistake has the line and the column of the member, and its path", arguments: mistakes)
    func mistake(json: String, words: String) {
        let found = Self.problems { try RecordFilter(settings: Self.input(json)) }
        #expect(found.count == 1 && found.first?.contains(words) == true, "\(found)")
        #expect(found.first?.hasPrefix("c.json:1:") == true, "\(found)")
    }

    @Test("A condition beside something else is an expression in a text, or a pattern in an object")
    func conditions() throws {
        let record = try Self.record()
        #expect(try ConfiguredCondition(setting: "type = 'com.example.order'").holds(for: record))
        #expect(try !ConfiguredCondition(setting: ["type": ["x"]]).holds(for: record))
        #expect(Self.problems { try ConfiguredCondition(setting: ["Type": ["x"]]) }.count == 1)
        #expect(Self.problems { try ConfiguredCondition(setting: 5) }.count == 1)
    }

    @Test("A filter is there without being registered")
    func registered() { #expect(ConnectorRegistry().functions.types.contains("filter")) }
}
