// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import Testing

@Suite("CloudEvents SQL: what is no expression")
struct SQLSyntaxTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var offset: Int
        var expected: String
        init(_ text: String, _ offset: Int, _ expected: String) {
            (self.text, self.offset, self.expected) = (text, offset, expected)
        }
        var testDescription: String { text }
    }

    static let errorRows: [Row] = [
        Row("", 0, "expected a value but found the end"), Row("  ", 2, "expected a value"),
        Row("1 +", 3, "expected a value"), Row("1 2", 2, "expected an operator or the end"),
        Row("(1", 2, "expected an operator or )"), Row("1)", 1, "expected an operator or the end"),
        Row("()", 1, "expected a value but found ')'"), Row("'abc", 0, "has no end: expected '"),
        Row("x = \"a\\\"", 4, "has no end: expected \""), Row("a ! b", 2, "no meaning"), Row("a = b;", 5, "no meaning"),
        Row("'é' & 'x'", 5, "no meaning"), Row("5.5", 1, "no meaning"), Row("x LIKE 123", 7, "a string literal"),
        Row("x LIKE y", 7, "a string literal"), Row("x LIKE ('a')", 7, "a string literal"),
        Row("x LIKE CONCAT('a')", 7, "a string literal"), Row("x NOT 'a'", 6, "expected LIKE or IN"),
        Row("x IN ()", 6, "expected a value"), Row("x IN 5", 5, "expected ( and the elements"),
        Row("x IN (1,)", 8, "expected a value"), Row("x IN (1 2)", 8, "expected an operator, a comma or )"),
        Row("EXISTS 'a'", 7, "the name of an attribute"), Row("EXISTS (a)", 7, "the name of an attribute"),
        Row("EXISTS in", 7, "the name of an attribute"), Row("and = 1", 0, "expected a value but found 'and'"),
        Row("2147483648", 0, "an Integer is"), Row("-2147483649", 0, "an Integer is"),
        Row("- 2147483648", 2, "an Integer is"),
        Row("99999999999999999999", 0, "an Integer is"), Row("+ 5", 2, "digits directly behind"),
        Row("+x", 1, "digits directly behind"), Row("1 + + 5", 6, "digits directly behind"),
        Row("my_attribute = 1", 0, "only letters and digits"), Row("F1(2)", 0, "only letters and _"),
        Row("_F(2)", 0, "only letters and _"), Row("ABS(1", 5, "expected an operator, a comma or )"),
        Row("ABS(,)", 4, "expected a value"), Row("ABS 1", 4, "expected an operator or the end"),
        Row("NOT", 3, "expected a value"), Row("a = = b", 4, "expected a value"),
        Row("'a''b'", 3, "expected an operator"),
        Row("a < > b", 4, "expected a value"), Row("a\u{A0}= 1", 1, "no meaning"), Row("Ä = 1", 0, "no meaning"),
        Row("a\0", 1, "no meaning"),
    ]
    @Test("L7 L13: the error says at which byte what was expected", arguments: errorRows)
    func errors(row: Row) throws {
        let error = try #require(SQLSupport.error(of: row.text))
        #expect(error.code == .parse)
        #expect(error.offset == row.offset)
        #expect(error.message.contains(row.expected), "\(error)")
        #expect(error.description == "parse: \(error.message) (at byte \(error.offset))")
    }

    @Test("L7: an error of an evaluation says where it happened, and no value of an attribute")
    func places() throws {
        for (text, offset, message) in [
            ("id = 'x' OR  missing = 5", 13, "missingAttribute: there is no attribute missing"),
            ("1 + 5 / 0", 6, "math: a division by zero"), ("type < 5", 5, "cast: the String is no Integer"),
            ("TRUE AND NONE(1, 2)", 9, "missingFunction: there is no function NONE with 2 arguments"),
            ("1 + INT(id)", 4, "cast: the String is no Integer"),
            ("LEFT('a', -1)", 0, "functionEvaluation: LEFT: the number of characters is negative"),
            ("2147483647 + 1", 11, "math: the result is no Integer"),
        ] {
            let error = try #require(try SQLSupport.evaluate(text).event.errors.first)
            #expect(error.offset == offset, "\(text)")
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    @Test("Nesting and length have limits")
    func limits() throws {
        for (open, close) in [("(", ")"), ("NOT ", ""), ("- ", ""), ("ABS(", ")"), ("1 IN (", ")"), ("1 + (", ")")] {
            func nested(_ depth: Int) -> String {
                String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            }
            #expect(SQLSupport.error(of: nested(64)) == nil, "\(open)")
            let error = try #require(SQLSupport.error(of: nested(65)), "\(open)")
            #expect(error.message.contains("nested more than 64 levels"), "\(error)")
            #expect(error.offset >= 64 * open.utf8.count && error.offset < 65 * open.utf8.count + 1)
            #expect(SQLSupport.error(of: nested(65), limits: .init(nesting: 65)) == nil, "\(open)")
            _ = try CloudEventsSQL(nested(64)).evaluate(SQLSupport.event())
        }
        #expect(SQLSupport.error(of: "1" + String(repeating: " ", count: 16_383)) == nil)
        let long = try #require(SQLSupport.error(of: "1" + String(repeating: " ", count: 16_384)))
        #expect(long.message.contains("more than 16384 bytes"))
        #expect(SQLSupport.error(of: "1 + 1", limits: .init(expressionLength: 4)) != nil)
    }

    @Test("A row of operators is not nested, however long")
    func rows() throws {
        let event = try SQLSupport.event()
        let limits = CloudEventsSQL.Limits(expressionLength: 1 << 22)
        let sum = try CloudEventsSQL("0" + String(repeating: " + 1", count: 500_000), limits: limits)
        #expect(sum.evaluate(event).value == .integer(500_000))
        let logic = try CloudEventsSQL("TRUE" + String(repeating: " AND EXISTS id", count: 100_000), limits: limits)
        #expect(logic.evaluate(event).value == .boolean(true))
        let tests = try CloudEventsSQL(
            "id" + String(repeating: " IN ('false') LIKE 'f%'", count: 10_000),
            limits: limits
        )
        #expect(tests.evaluate(event).value == .boolean(true))
    }

    @Test("L7: a text that would become too long is a generic error")
    func longText() throws {
        let event = try CloudEvent(id: String(repeating: "x", count: 60_000), source: "/s", type: "t")
        for call in [
            "CONCAT(\(Array(repeating: "id", count: 5000).joined(separator: ",")))", "CONCAT_WS(id, id, id, id)",
        ] {
            let expression = try CloudEventsSQL(call, limits: .init(textLength: 200_000))
            let evaluation = expression.evaluate(event)
            #expect(evaluation.value == .string(""))
            #expect(evaluation.errors.map(\.code) == [.generic])
        }
        let fits = try CloudEventsSQL("LENGTH(CONCAT(id, id, id))", limits: .init(textLength: 180_000)).evaluate(event)
        #expect(fits.value == .integer(180_000) && fits.errors.isEmpty)
        let upper = try CloudEventsSQL("UPPER(id)", limits: .init(textLength: 59_999)).evaluate(event)
        #expect(upper.errors.map(\.code) == [.generic])
    }
}
