// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Testing

@Suite("CloudEvents SQL: functions of an application")
struct SQLFunctionTests {
    typealias SQL = CloudEventsSQL

    private struct Failure: Error {}

    private static let repeating = try! SQL.Function("Repeat_Text", .string, .integer, returning: .string) {
        arguments in
        guard case .integer(let count) = arguments[1], count >= 0 else {
            throw SQL.FunctionFailure("a negative count", returning: .string("none"))
        }
        return .string(String(repeating: arguments[0].description, count: Int(count)))
    }

    private static func sum(_ fixed: Int) throws -> SQL.Function {
        let body: SQL.Function.Body = { arguments in
            .integer(arguments.reduce(0) { if case .integer(let number) = $1 { $0 + number } else { $0 } })
        }
        return switch fixed {
        case 0: try SQL.Function("ADD_UP", rest: .integer, returning: .integer, body: body)
        case 1: try SQL.Function("ADD_UP", .integer, rest: .integer, returning: .integer, body: body)
        case 3:
            try SQL.Function("ADD_UP", .integer, .integer, .integer, rest: .integer, returning: .integer, body: body)
        default: try SQL.Function("ADD_UP", .integer, .integer, rest: .integer, returning: .integer, body: body)
        }
    }

    @Test(
        "L16: a function is called by name and number of arguments, which are cast",
        arguments: [
            SQLRow("REPEAT_TEXT('ab', '2')", "abab"), SQLRow("repeat_text(5, TRUE)", "5"),
            SQLRow("REPEAT_TEXT('ab', -1)", "none", .functionEvaluation),
            SQLRow("REPEAT_TEXT('ab', 'x')", "", .cast), SQLRow("REPEAT_TEXT('ab', missing)", "", .missingAttribute),
            SQLRow("REPEAT_TEXT('ab')", false, .missingFunction), SQLRow("LENGTH(REPEAT_TEXT('ab', 3))", 6),
            SQLRow("WRONG_TYPE()", 0, .functionEvaluation), SQLRow("FAILING()", false, .functionEvaluation),
            SQLRow("WRONG_VALUE()", "", .functionEvaluation),
        ]
    )
    func calls(row: SQLRow) throws {
        var functions = try SQL.Functions.builtIn.adding(Self.repeating)
        try functions.add(SQL.Function("WRONG_TYPE", returning: .integer) { _ in .string("5") })
        try functions.add(SQL.Function("FAILING", returning: .boolean) { _ in throw Failure() })
        try functions.add(
            SQL.Function("WRONG_VALUE", returning: .string) { _ in throw SQL.FunctionFailure("", returning: .integer(1))
            }
        )
        let (event, record) = try SQLSupport.evaluate(row.expression, functions: functions)
        #expect(event.value == row.value)
        #expect(event.errors.map(\.code) == row.errors)
        #expect(record == event)
    }

    @Test("L16: overloads differ in the number of arguments, and one may have any number more than all others")
    func overloads() throws {
        let one = try SQL.Function("ADD_UP", .integer, returning: .integer) { _ in .integer(-1) }
        let two = try SQL.Function("ADD_UP", .integer, .integer, returning: .integer) { _ in .integer(-2) }
        let three = try SQL.Function("add_up", .string, .string, .string, returning: .string) { _ in .string("") }
        let functions = try SQL.Functions.builtIn.adding(one).adding(two).adding(Self.sum(3))
        for (text, value) in [
            ("ADD_UP(1)", -1), ("ADD_UP(1, 2)", -2), ("ADD_UP(1, 2, 3)", 6), ("ADD_UP(1, '2', 3, TRUE)", 7),
        ] {
            let evaluation = try SQLSupport.evaluate(text, functions: functions).event
            #expect(evaluation.value == .integer(Int32(value)) && evaluation.errors.isEmpty, "\(text)")
        }
        #expect(try SQLSupport.evaluate("ADD_UP()", functions: functions).event.errors.first?.code == .missingFunction)
        for clashing in [one, three, try Self.sum(3), try Self.sum(0), try Self.sum(1), try Self.sum(2)] {
            #expect(throws: CloudEventsSQLError.self) { try functions.adding(clashing) }
        }
        #expect(throws: CloudEventsSQLError.self) { try SQL.Functions.builtIn.adding(Self.sum(3)).adding(three) }
        let length = try SQL.Function("length", .integer, returning: .integer) { $0[0] }
        #expect(throws: CloudEventsSQLError.self) { try SQL.Functions.builtIn.adding(length) }
    }

    @Test(
        "A function that no call could have is refused",
        arguments: ["", "_A", "A1", "Ä", "A B", "AND", "exists", "true"]
    )
    func names(name: String) {
        #expect(throws: CloudEventsSQLError.self) {
            try SQL.Function(name, returning: .boolean) { _ in .boolean(true) }
        }
    }
}
