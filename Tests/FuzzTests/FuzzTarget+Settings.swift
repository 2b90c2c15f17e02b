// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect

extension FuzzTarget {
    static let configurationTexts = [
        "{ // a comment\n \"pipelines\": { \"p\": { \"source\": { \"type\": \"generator\", \"count\": 5 }, } } /* end */ }",
        #"{"a": [1, -0, 1.5e300, "\u00e4\ud83d\ude00\n", true, null, {}], "a": "${env:A:-b}"}"#,
        #"{"pipelines": {"p": {"source": {"type": "generator"}, "sinks": [], "functions": [{"type": "filter"}]}}}"#,
    ]
    static let quantityTexts = [
        "1m30s", "250ms", "1.5GiB", "64KiB", "0.000000001s", "512", "${file:/a}$${env:B}${env:C:-d}",
    ]

    /// A configuration is refused with places, or read; where its text is plain JSON, it is read as that.
    @Sendable static func checkConfiguration(_ bytes: SharedBytes) throws {
        let document: SettingDocument
        do throws(SettingProblems) {
            document = try SettingDocument(utf8: Array(bytes), file: "f")
        } catch {
            try require(error.problems.allSatisfy { $0.place != nil }, "a syntax error has a place")
            return
        }
        // What a reference stands for, and what is none because of a `$` in front, is written as another text.
        let text = String(decodingUTF8: bytes)
        if !text.contains("${"), !text.contains("\\"), let value = try? StructuredValue(setting: document.root) {
            let again = try SettingDocument(json: String(decodingUTF8: value.json))
            try require(try StructuredValue(setting: again.root) == value, "what was read is written as it was")
            if document.problems.isEmpty, let plain = try? StructuredValue(json: bytes) {
                try require(plain.json == value.json, "JSON is read as JSON")
            }
        }
        do throws(SettingProblems) {
            _ = try ConnectConfiguration(document, registry: ConnectorRegistry())
        } catch {
            try require(!error.problems.isEmpty, "a refusal has a reason")
            try require(error.problems.allSatisfy { !$0.description.contains("\n") }, "a problem is one line")
        }
    }

    /// Quantities and references are refused, or mean the same when they are written again.
    @Sendable static func checkQuantity(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        if let duration = DurationText.duration(text) {
            try require(
                DurationText.duration(DurationText.text(duration)) == duration,
                "a duration is written as it was"
            )
        }
        if let size = ByteSize(text) {
            try require(ByteSize(size.description) == size, "a size is written as it was")
        }
        _ = try? SettingInput(text).text()
    }
}
