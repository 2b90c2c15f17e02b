// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

@testable import CloudEventsTool

/// `cloudevents convert`
struct ConvertTests {
    @Test(
        "Every form is written and read again, also where its name is not given",
        arguments: EventForm.all.map(\.name)
    )
    func roundTrip(_ name: String) throws {
        let there = Run("convert --to \(name)", Example.full)
        #expect(there.status == 0 && there.messages.isEmpty, "\(there.messages)")
        let back = Run("convert --from \(name) --to json", bytes: there.bytes)
        #expect(back.status == 0, "\(back.messages)")
        let original = try JSONEventFormat().decode(SharedBytes(utf8: Example.full))
        let event = try JSONEventFormat().decode(back.bytes)
        #expect(event.id == original.id && event.subject == original.subject && event.time == original.time)
        #expect(event["severitynumber"]?.canonicalString == "9" && event["flag"]?.canonicalString == "true")
        // Avro has no number with the digits of 1.50: such JSON travels as bytes there.
        #expect(event.data.kind == (name == "avro" ? .binary : .json))
        #expect(Run("convert --to json", bytes: there.bytes).bytes == back.bytes, "the form was not found out")
        #expect(Run("validate --from auto", bytes: there.bytes).status == 0)
    }

    @Test(
        "Many events go into the forms for many",
        arguments: EventForm.all.filter { $0.capacity == .many }.map(\.name)
    )
    func many(_ name: String) throws {
        let input = "\(Example.event)\n\(Example.full)\n\(Example.event)\n"
        let there = Run("convert --to \(name)", input)
        let back = Run("convert --from \(name) --to jsonl", bytes: there.bytes)
        #expect(back.status == 0 && back.output.split(separator: "\n").count == 3, "\(back.messages)")
        let none = Run("convert --from json-batch --to \(name)", "[]")
        #expect(none.status == 0)
        #expect(Run("convert --from \(name) --to json-batch", bytes: none.bytes).output == "[]\n")
    }

    @Test(
        "One event is asked for where the form holds one",
        arguments: EventForm.all.filter { $0.capacity == .one }.map(\.name)
    )
    func one(_ name: String) {
        for input in ["[]", "[\(Example.event),\(Example.event)]"] {
            let result = Run("convert --to \(name)", input)
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.messages.first?.contains("holds one event") == true)
        }
    }

    @Test("Nothing is written where an event is not valid")
    func invalid() {
        let result = Run("convert --to jsonl", "\(Example.event)\n{}\n\(Example.event)\n{}")
        #expect(result.status == 1 && result.output.isEmpty && result.messages.count == 2)
    }

    @Test("An event that the form cannot carry is told by its number")
    func notRepresentable() {
        // Text that is no JSON under a JSON content type.
        let result = Run(
            "convert --from jsonl --to json-batch",
            "\(Example.event)\n{\(Example.core),\"datacontenttype\":\"text/plain\",\"data\":\"x\"}\n"
        )
        #expect(result.status == 0)
    }

    @Test("A line stays a line")
    func lines() {
        let result = Run("convert --from json --to jsonl", "{\(Example.core),\"data\":{\n\"a\"\r\n:\n1}}")
        #expect(result.output.split(separator: "\n").count == 1 && result.status == 0)
        #expect(Run("validate --from jsonl", result.output).status == 0)
    }

    @Test("A binary form is found out, whatever text the lengths in it look like", arguments: [1, 45, 91, 60, 123, 58])
    func lengthsLikeText(count: Int) {
        let id = "urn:uuid:" + String(repeating: "a", count: max(0, count - 9))
        let event = #"{"specversion":"1.0","id":"\#(id.prefix(count))","source":"/s","type":"t","subject":"x"}"#
        for (input, form) in [(event, "protobuf"), ("[\(event)]", "protobuf-batch"), (event, "avro")] {
            let binary = Run("convert --to \(form)", input)
            let back = Run("inspect --json", bytes: binary.bytes)
            #expect(back.status == 0 && back.output.contains("\"form\":\"\(form)\""), "\(back.output)\(back.messages)")
        }
        // The length of the first event is what a batch has behind its mark.
        for padding in 0..<130 {
            let padded = event.replacing("\"x\"", with: "\"\(String(repeating: "p", count: padding + 1))\"")
            let batch = Run("convert --to protobuf-batch", "[\(padded)]")
            #expect(Run("validate", bytes: batch.bytes).status == 0, "\(padding)")
        }
    }

    @Test(
        "A byte order mark in front of a text hides nothing",
        arguments: ["json", "jsonl", "json-batch", "xml", "http", "http-structured", "message:kafka"]
    )
    func byteOrderMark(form: String) {
        let text = "\u{FEFF}" + Run("convert --to \(form)", Example.event).output
        for command in ["validate", "validate --from \(form)"] {
            let result = Run(command, text)
            #expect(result.status == 0, "\(command): \(result.messages)")
        }
    }

    @Test("A batch that no reader would take is not written", arguments: ["json-batch", "http-batched"])
    func batchLimit(form: String) {
        let result = Run("convert --to \(form)", String(repeating: Example.event + "\n", count: 100_001))
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.messages.count == 1 && result.messages[0].contains("write jsonl"), "\(result.messages)")
    }
}
