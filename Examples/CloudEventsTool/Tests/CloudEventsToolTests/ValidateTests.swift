// SPDX-License-Identifier: Apache-2.0

import Testing

/// `cloudevents validate`
struct ValidateTests {
    @Test("Each valid event has a line")
    func valid() {
        let one = Run("validate", Example.full)
        #expect(one.status == 0 && one.messages.isEmpty)
        #expect(one.output == "event 1: valid, t from /s, id 1\n")
        for input in ["\(Example.event)\n\n\(Example.full)\r\n", "[\(Example.event),\(Example.full)]"] {
            let two = Run("validate", input)
            #expect(two.status == 0 && two.messages.isEmpty)
            #expect(two.output == "event 1: valid, t from /s, id 1\nevent 2: valid, t from /s, id 1\n")
        }
        #expect(Run("validate", "[]").status == 0)
        #expect(Run("validate --from jsonl", "\n").status == 0)
    }

    @Test("An error has its line, column, attribute, rule and advice")
    func place() {
        let text =
            "{\n  \"specversion\": \"1.0\", \"id\": \"é\",\n  \"é\u{301}\": 1, \"source\": \"/s\", \"type\": \"\"\n}"
        let wrongName = Run("validate", text)
        #expect(wrongName.status == 1 && wrongName.output.isEmpty)
        #expect(wrongName.messages.first?.hasPrefix("event 1: line 3, column 4: ") == true, "\(wrongName.messages)")
        let wrongType = Run("validate", text.replacing("\"é\u{301}\": 1, ", with: ""))
        #expect(
            wrongType.messages == [
                "event 1: line 3, column 28: attribute type (C2): the attribute is empty; give it a value [invalidValue]"
            ]
        )
        // A column is a character, however many bytes it has.
        let wide = Run("validate", #"{\#(Example.core),"subject":"é漢😀","time":"x"}"#)
        let narrow = Run("validate", #"{\#(Example.core),"subject":"eee","time":"x"}"#)
        #expect(wide.messages == narrow.messages && wide.status == 1)
        let twice = Run("validate", #"{\#(Example.core),"id":"2"}"#)
        #expect(twice.messages.first?.contains("attribute id (C3): ") == true, "\(twice.messages)")
    }

    @Test(
        "Every wrong event of many is told, with its place in the whole input",
        arguments: [
            "\(Example.event)\n\n {\"id\":7}\n\(Example.event)\n{\(Example.core),\"time\":\"x\"}",
            "[\(Example.event)\n\n,{\"id\":7},\n\(Example.event)\n,{\(Example.core),\"time\":\"x\"}]",
        ]
    )
    func several(_ input: String) {
        let result = Run("validate", input)
        #expect(result.status == 1)
        #expect(result.messages.count == 2, "\(result.messages)")
        #expect(result.messages.first?.hasPrefix("event 2: line 3, column ") == true, "\(result)")
        #expect(result.messages.first?.contains("attribute id (J2)") == true)
        #expect(result.messages.last?.hasPrefix("event 4: line 5, column ") == true, "\(result)")
        #expect(result.messages.last?.contains("attribute time (T7)") == true)
        #expect(result.output == "event 1: valid, t from /s, id 1\nevent 3: valid, t from /s, id 1\n")
    }

    @Test("A batch that is cut off is one error")
    func cut() {
        let result = Run("validate", "[\(Example.event),")
        #expect(result.status == 1 && result.output.isEmpty && result.messages.count == 1)
        #expect(result.messages.first?.contains("line 1, column ") == true)
    }

    @Test("Documented extensions are checked, unless that is not wanted (E5)")
    func extensions() {
        let input = #"{\#(Example.core),"severitynumber":-1,"sampledrate":0}"#
        let result = Run("validate", input)
        #expect(result.status == 1 && result.messages.count == 2 && result.output.isEmpty)
        #expect(result.messages.first?.hasPrefix("event 1: attribute severitynumber (E5): ") == true)
        #expect(Run("validate --no-extensions", input).status == 0)
    }

    @Test("The value that is wrong is not printed")
    func noValue() {
        for input in [
            #"{\#(Example.core),"time":"topsecret"}"#, #"{\#(Example.core),"sequence":"","authid":"topsecret"}"#,
            #"{"specversion":"topsecret","id":"topsecret"}"#, #"{\#(Example.core),"data_base64":"topsecret"}"#,
        ] {
            let result = Run("validate", input)
            #expect(result.status == 1)
            #expect(!result.messages.contains { $0.contains("topsecret") }, "\(result.messages)")
        }
    }

    @Test("Where nothing can be read in a form that was found out, the form is named")
    func guessed() {
        #expect(Run("validate", "a: b\nc").messages.last?.contains("taken for http") == true)
        #expect(Run("validate --from http", "a: b\nc").messages.count == 1)
        #expect(Run("validate", Example.event + "\n{\"a\":\n").messages.count == 1)
    }

    @Test("Places are told in inputs of any length, characters counted as one")
    func places() {
        let wrong = Example.event.replacing(#""id":"1""#, with: #""id":"""#)
        let note = String(repeating: "é😀", count: 3000)
        let line = wrong.replacing(#""type""#, with: #""note":"\#(note)","type""#)
        let first = Run("validate", line).messages.first ?? ""
        #expect(first.hasPrefix("event 1: line 1, column "))
        let result = Run("validate", (0..<50).map { _ in Example.event + "\n" + line }.joined(separator: "\n"))
        #expect(
            result.messages
                == (1...50).map { first.replacing("event 1: line 1,", with: "event \($0 * 2): line \($0 * 2),") }
        )
    }
}
