// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect

extension FuzzTarget {
    /// A pattern in the first line, and data behind it.
    static let patternTexts = [
        #"{"data": {"a": ["x", 1, true, null], "b": [{"exists": false}]}}"# + "\n" + #"{"a": "x", "c": 1}"#,
        #"{"data": {"n": [{"numeric": [">", 0, "<=", 5e2]}]}}"# + "\n" + #"{"n": [1.50e+2, -0, 12345678901234567890]}"#,
        #"{"type": ["t"], "data": {"$or": [{"a": {"b": [1]}}, {"a": {"c": ["x"]}}]}}"# + "\n" + #"{"a": [{"b": 1}]}"#,
        #"{"data": {"s": [{"prefix": "a"}, {"suffix": "z"}, {"wildcard": "*m\\*n*o"}]}}"# + "\n"
            + #"{"s": "\u00e4m*n"}"#,
        #"{"data": {"s": [{"anything-but": {"prefix": ["a", "b"]}}, {"equals-ignore-case": "ÄB"}]}}"# + "\n[[]]",
        #"{"number": [{"anything-but": [1, "2"]}], "source": [{"exists": true}]}"# + "\n7",
    ]

    static let subscriptionTexts = [
        #"[{"exact": {"type": "t"}}, {"prefix": {"word": "a"}}, {"suffix": {"source": "s"}}]"#,
        #"{"not": {"any": [{"all": [{"sql": "EXISTS number"}]}, {"exact": {"number": "-5"}}]}}"#,
    ]

    private static func record(_ data: RecordData) -> ConnectorRecord {
        var record = ConnectorRecord(data)
        record.source = "/s"
        record.type = "t"
        record.contentType = "application/json"
        record[extension: "number"] = .integer(-5)
        record[extension: "word"] = .string("aB")
        return record
    }

    /// A pattern is refused, or says the same of bytes and of the structured value that they stand for.
    @Sendable static func checkPattern(_ bytes: SharedBytes) throws {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let json = String(decodingUTF8: bytes.slice(0..<end))
        let data = bytes.slice(min(end + 1, bytes.count)..<bytes.count)
        let pattern: RecordPattern
        do throws(ConnectorError) {
            pattern = try RecordPattern(json: json)
        } catch {
            try require(error.code == .invalidConfiguration, "a wrong pattern is an error of the configuration")
            return
        }
        let matches = pattern.holds(for: record(.bytes(data)))
        // Of two members with one name no structured value is made.
        guard let value = try? StructuredValue(json: data) else { return }
        try require(pattern.holds(for: record(.structured(value))) == matches, "a structured value matches as its text")
        try require(pattern.holds(for: record(.json(data))) == matches, "JSON matches as its bytes")
    }

    /// A filter of the Subscriptions API is refused, or says the opposite of its negation.
    @Sendable static func checkSubscription(_ bytes: SharedBytes) throws {
        do throws(ConnectorError) {
            let filter = try SubscriptionFilter(json: String(decodingUTF8: bytes))
            let record = record(.absent)
            let (holds, opposite) = (filter.holds(for: record), SubscriptionFilter.not(filter).holds(for: record))
            guard holds != opposite else { fatalError("a filter and its negation agree") }
        } catch {
            try require(error.code == .invalidConfiguration, "a wrong filter is an error of the configuration")
        }
    }
}
