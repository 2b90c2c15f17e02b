// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@Suite struct OutputCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let output: String
        let inputs: [String]
        var lost = 0
        var repeated = 0
        var misplaced = 0
        var foreign = 0
        var endsMidLine = false
        var testDescription: String { "\(inputs) as \(output)".replacing("\n", with: "/") }
    }

    static let cases = [
        Case(output: "", inputs: []),
        Case(output: "", inputs: ["", ""]),
        Case(output: "a\nb\nc\n", inputs: ["a\nb\nc\n"]),
        Case(output: "a\nb\nc\n", inputs: ["a\nb\nc"]),
        Case(output: "a\n\na\n", inputs: ["a\n\na\n"]),
        Case(output: "", inputs: ["a\nb\n"], lost: 2),
        Case(output: "a\nc\n", inputs: ["a\nb\nc\n"], lost: 1),
        Case(output: "a\nb\n", inputs: ["a\nb\nc\n"], lost: 1),
        Case(output: "a\n", inputs: ["a\n\n"], lost: 1),
        Case(output: "a\nb\nb\nc\n", inputs: ["a\nb\nc\n"], repeated: 1),
        Case(output: "a\nb\na\nb\nc\n", inputs: ["a\nb\nc\n"], repeated: 2),
        Case(output: "a\na\na\n", inputs: ["a\na\n"], repeated: 1),
        Case(output: "b\na\nc\n", inputs: ["a\nb\nc\n"], misplaced: 1),
        Case(output: "c\na\nb\n", inputs: ["a\nb\nc\n"], misplaced: 2),
        Case(output: "a\nxx\nb\n", inputs: ["a\nb\n"], foreign: 1),
        Case(output: "x\n", inputs: [], foreign: 1),
        Case(output: "one\ntw\ntwo\n", inputs: ["one\ntwo\n"], foreign: 1),
        Case(output: "one\ntw", inputs: ["one\ntwo\n"], lost: 1, foreign: 1, endsMidLine: true),
        Case(output: "one\ntwo", inputs: ["one\ntwo\n"], endsMidLine: true),
        Case(output: "a1\nb1\nb2\na2\n", inputs: ["a1\na2\n", "b1\nb2\n"]),
        Case(output: "b1\nb2\na1\na2\n", inputs: ["a1\na2\n", "b1\nb2\n", ""]),
        Case(output: "a2\nb1\nb2\na1\n", inputs: ["a1\na2\n", "b1\nb2\n"], misplaced: 1),
        Case(output: "a1\nb1\nb1\nx\n", inputs: ["a1\na2\n", "b1\nb2\n"], lost: 2, repeated: 1, foreign: 1),
    ]

    @Test(arguments: cases) func findsWhatIsWrong(_ test: Case) {
        let check = OutputCheck(output: Array(test.output.utf8), inputs: test.inputs.map { Array($0.utf8) })
        #expect(check.lost.count == test.lost)
        #expect(check.repeated.count == test.repeated)
        #expect(check.misplaced.count == test.misplaced)
        #expect(check.foreign.count == test.foreign)
        #expect(check.endsMidLine == test.endsMidLine)
        let isRight = test.lost + test.repeated + test.misplaced + test.foreign == 0 && !test.endsMidLine
        #expect(check.isExact == isRight)
    }

    @Test func showsTheFirstFew() {
        let check = OutputCheck(output: Array("a\nhalf".utf8), inputs: [Array("x\ny\n".utf8), Array("a\nb\nc\n".utf8)])
        #expect(
            check.description
                == "2 lines of 5: 4 lost (input 1 line 1 \"x\", input 1 line 2 \"y\", input 2 line 2 \"b\", …); "
                + "1 foreign (output line 2 \"half\"); the last line has no newline"
        )
        #expect(OutputCheck(output: [], inputs: []).description == "0 lines of 0: exact")
    }

    @Test func comparesBigFiles() async throws {
        try await withScratchDirectory { directory in
            let lines = (0..<200_000).map { "\($0) \(String(repeating: "x", count: 160))\n" }
            try write(lines.joined(), to: directory + "/in")
            try write(lines.dropFirst(100_000).joined() + lines[7], to: directory + "/out")
            #expect(try OutputCheck(output: directory + "/in", inputs: [directory + "/in"]).isExact)
            let check = try OutputCheck(output: directory + "/out", inputs: [directory + "/in"])
            #expect(check.lost.count == 99_999)
            #expect(check.misplaced.count == 1)
            #expect(check.expected == 200_000)
            #expect(check.found == 100_001)
        }
    }

    @Test func unwrapsLines() async throws {
        try await withScratchDirectory { directory in
            try write("<a>\nb\n", to: directory + "/out")
            try write("a\nb\n", to: directory + "/in")
            let check = try OutputCheck(output: directory + "/out", inputs: [directory + "/in"]) { line in
                line.first == UInt8(ascii: "<") ? 1..<line.count - 1 : nil
            }
            #expect(check.foreign.count == 1)
            #expect(check.foreign.examples == ["output line 2 \"b\""])
            #expect(check.lost.examples == ["input line 2 \"b\""])
            #expect(check.repeated.count + check.misplaced.count == 0)
        }
    }

    @Test func saysWhatItCannotRead() throws {
        let error = #expect(throws: CrashTestError.self) { _ = try OutputCheck(output: "/no/such/file", inputs: []) }
        #expect(error?.code == .unreadable)
    }
}
