// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

/// The rules L1 to L15 as tables; each row holds for an event, and for the record of it.
@Suite("CloudEvents SQL: rules")
struct SQLRuleTests {
    private func check(_ row: SQLRow) throws {
        let (event, record) = try SQLSupport.evaluate(row.expression)
        #expect(event.value == row.value)
        #expect(event.errors.map(\.code) == row.errors, "\(event.errors)")
        #expect(record == event)
        let expression = try CloudEventsSQL(row.expression)
        #expect(try expression.passes(SQLSupport.event()) == event.passes)
        #expect(try expression.passes(ConnectorRecord(event: SQLSupport.event())) == event.passes)
        #expect(event.passes == (row.value == .boolean(true) && row.errors.isEmpty))
    }

    static let typesRows: [SQLRow] = [
        SQLRow("flag", true), SQLRow("no", false), SQLRow("number", -7), SQLRow("digits", "0042"), SQLRow("empty", ""),
        SQLRow("bytes", "AQID"), SQLRow("uri", "urn:x"), SQLRow("reference", "../y"),
        SQLRow("when", "2026-01-01T00:00:00Z"), SQLRow("time", "2026-01-02T03:04:05.60Z"), SQLRow("id", "e-1"),
        SQLRow("source", "/orders"), SQLRow("specversion", "1.0"), SQLRow("type", "com.example.order.created"),
        SQLRow("subject", "order/42"), SQLRow("datacontenttype", "application/json"),
        SQLRow("-2147483648", Int32.min), SQLRow("+2147483647", Int32.max), SQLRow("007", 7),
        SQLRow("'é' = 'e\u{301}'", false),
    ]
    @Test("L1: values are Strings, Integers of 32 bits and Booleans; other types are Strings", arguments: typesRows)
    func types(row: SQLRow) throws { try check(row) }

    static let casesRows: [SQLRow] = [
        SQLRow("tRuE aNd NoT fAlSe", true), SQLRow("length('ab')", 2), SQLRow("Concat_Ws('-', 1, 2)", "1-2"),
        SQLRow("eXiStS TyPe", true), SQLRow("SUBJECT lIKe 'order%'", true), SQLRow("1 iN (1)", true),
        SQLRow("'aB' = 'ab'", false), SQLRow("true xor true", false),
        SQLRow("left = 'x' or true", true, .missingAttribute),
        SQLRow("\t1\n+\r1 ", 2), SQLRow("exists 5g", false), SQLRow("5g = 'x'", false, .missingAttribute),
        SQLRow("data = 'x'", false, .missingAttribute),
    ]
    @Test("L2: keywords, functions and names are read in any case", arguments: casesRows)
    func cases(row: SQLRow) throws { try check(row) }

    static let stringsRows: [SQLRow] = [
        SQLRow("''", ""), SQLRow(#"'it\'s "so"'"#, #"it's "so""#), SQLRow(#""it's \"so\"""#, #"it's "so""#),
        SQLRow(#"'a\nb\\'"#, #"a\nb\\"#), SQLRow(#"'\"'"#, #"\""#), SQLRow("'日本 🌐'", "日本 🌐"),
        SQLRow("'-- AND ('", "-- AND ("),
    ]
    @Test("L3: strings stand in either quotes, and a backslash escapes theirs", arguments: stringsRows)
    func strings(row: SQLRow) throws { try check(row) }

    static let operatorsRows: [SQLRow] = [
        SQLRow("NOT FALSE", true), SQLRow("- 5", -5), SQLRow("-(5)", -5), SQLRow("--5", 5), SQLRow("-'5'", -5),
        SQLRow("6 * 7", 42), SQLRow("7 / 2", 3), SQLRow("7 % 4", 3), SQLRow("2 + 3", 5), SQLRow("2 - 3", -1),
        SQLRow("5-3", 2), SQLRow("5 -3", 2), SQLRow("5- -3", 8), SQLRow("1 = 1", true), SQLRow("1 != 1", false),
        SQLRow("1 <> 2", true), SQLRow("2 >= 2", true), SQLRow("2 <= 1", false), SQLRow("1 < 2", true),
        SQLRow("1 > 2", false), SQLRow("TRUE AND FALSE", false), SQLRow("TRUE OR FALSE", true),
        SQLRow("TRUE XOR FALSE", true), SQLRow("'a' LIKE 'a'", true), SQLRow("'a' NOT LIKE 'a'", false),
        SQLRow("1 IN (2, 1)", true), SQLRow("1 NOT IN (2, 1)", false), SQLRow("EXISTS subject", true),
        SQLRow("EXISTS absent", false), SQLRow("1 < '2'", true), SQLRow("TRUE > FALSE", true), SQLRow("2 * TRUE", 2),
    ]
    @Test("L4: every operator", arguments: operatorsRows)
    func operators(row: SQLRow) throws { try check(row) }

    static let precedencesRows: [SQLRow] = [
        SQLRow("FALSE AND TRUE OR TRUE", true), SQLRow("TRUE OR TRUE AND FALSE", false),
        SQLRow("TRUE OR TRUE XOR TRUE", false), SQLRow("2 + 3 * 4", 14), SQLRow("(2 + 3) * 4", 20),
        SQLRow("10 - 4 - 3", 3), SQLRow("100 / 10 / 5", 2), SQLRow("7 - 2 + 1", 6), SQLRow("1 + 1 = 2", true),
        SQLRow("2 = 1 + 1", true), SQLRow("1 < 2 = TRUE", true), SQLRow("NOT TRUE = FALSE", true),
        SQLRow("NOT FALSE AND FALSE", false), SQLRow("-1 + 2", 1), SQLRow("-'2' LIKE '-_'", true),
        SQLRow("NOT FALSE LIKE 'true'", true), SQLRow("1 + 2 IN (2)", 2), SQLRow("3 * 1 LIKE '1'", 3),
        SQLRow("'a' LIKE 'a' IN (TRUE)", true), SQLRow("NOT EXISTS absent", true),
        SQLRow("TRUE AND 5 % 3 = 2", true), SQLRow("8 / 2 * 3", 12), SQLRow("- ABS(-3)", -3),
    ]
    @Test("L5: what binds tighter goes first, and what binds alike from left to right", arguments: precedencesRows)
    func precedences(row: SQLRow) throws { try check(row) }

    static let shortCircuitsRows: [SQLRow] = [
        SQLRow("FALSE AND 1 / 0 = 1", false), SQLRow("TRUE OR 1 / 0 = 1", true),
        SQLRow("TRUE AND 1 / 0 = 1", false, .math), SQLRow("FALSE OR 1 / 0 = 1", false, .math),
        SQLRow("FALSE XOR 1 / 0 = 1", false, .math), SQLRow("0 AND missing", false), SQLRow("5 OR missing", true),
        SQLRow("TRUE OR FALSE AND missing", false, .missingAttribute), SQLRow("FALSE AND missing OR TRUE", true),
    ]
    @Test("L6: AND and OR do not evaluate what cannot change them", arguments: shortCircuitsRows)
    func shortCircuits(row: SQLRow) throws { try check(row) }

    static let errorsRows: [SQLRow] = [
        SQLRow("1 / 0 + 'x'", 0, .math), SQLRow("1 / 0 + 1 % 0", 0, .math, .math), SQLRow("1 != 1 / 0", false, .math),
        SQLRow("NOT (missing = 1)", false, .missingAttribute), SQLRow("-(1 / 0)", 0, .math),
        SQLRow("(1 / 0) LIKE '%'", false, .math), SQLRow("(1 / 0) NOT LIKE 'x'", false, .math),
        SQLRow("(1 / 0) IN (0)", false, .math), SQLRow("LENGTH(1 / 0)", 0, .math), SQLRow("STRING(1 / 0)", "", .math),
        SQLRow("missing = 1 OR type LIKE 'com.%'", true, .missingAttribute),
        SQLRow("missing = 1 OR absent = 2", false, .missingAttribute, .missingAttribute),
        SQLRow("missing = 1 XOR TRUE", false, .missingAttribute), SQLRow("UNKNOWN(1) = 2", false, .missingFunction),
        SQLRow("'x' AND TRUE", false, .cast), SQLRow("TRUE AND 'x'", false, .cast), SQLRow("'x' OR TRUE", true, .cast),
        SQLRow("LEFT('abc', -1) = 'abc'", false, .functionEvaluation),
    ]
    @Test("L7: a value comes with all errors, and one that had an error is no operand", arguments: errorsRows)
    func errors(row: SQLRow) throws { try check(row) }

    static let missingRows: [SQLRow] = [
        SQLRow("missing", false, .missingAttribute), SQLRow("(missing)", false, .missingAttribute),
        SQLRow("missing * 5", 0, .missingAttribute), SQLRow("1 / missing", 0, .missingAttribute),
        SQLRow("missing / 0", 0, .missingAttribute), SQLRow("missing = ''", false, .missingAttribute),
        SQLRow("'' = missing", false, .missingAttribute), SQLRow("missing != 'x'", false, .missingAttribute),
        SQLRow("missing <> 2", false, .missingAttribute), SQLRow("missing < 2", false, .missingAttribute),
        SQLRow("NOT missing", false, .missingAttribute), SQLRow("-missing", 0, .missingAttribute),
        SQLRow("missing LIKE '%'", false, .missingAttribute), SQLRow("missing NOT LIKE 'x'", false, .missingAttribute),
        SQLRow("missing IN (1)", false, .missingAttribute), SQLRow("missing NOT IN (1)", false, .missingAttribute),
        SQLRow("1 IN (missing, 1)", false, .missingAttribute), SQLRow("1 NOT IN (missing)", false, .missingAttribute),
        SQLRow("missing AND TRUE", false, .missingAttribute), SQLRow("missing OR TRUE", false, .missingAttribute),
        SQLRow("TRUE XOR missing", false, .missingAttribute), SQLRow("LENGTH(missing)", 0, .missingAttribute),
        SQLRow("CONCAT('a', missing)", "", .missingAttribute), SQLRow("INT(missing)", 0, .missingAttribute),
        SQLRow("IS_INT(missing)", false, .missingAttribute),
        SQLRow("TRUE AND (missing = '')", false, .missingAttribute),
        SQLRow("missing = absent", false, .missingAttribute, .missingAttribute),
    ]
    @Test("L8: an operation on an attribute that is not there has its zero value", arguments: missingRows)
    func missing(row: SQLRow) throws { try check(row) }

    static let arithmeticRows: [SQLRow] = [
        SQLRow("5 / 0", 0, .math), SQLRow("5 % 0", 0, .math), SQLRow("-7 / 2", -3), SQLRow("7 / -2", -3),
        SQLRow("-7 % 2", -1), SQLRow("7 % -2", 1), SQLRow("-2147483648 / -1", 0, .math),
        SQLRow("-2147483648 % -1", 0), SQLRow("2147483647 + 1", 0, .math), SQLRow("-2147483648 - 1", 0, .math),
        SQLRow("65536 * 65536", 0, .math), SQLRow("-(-2147483648)", 0, .math), SQLRow("46340 * 46340", 2_147_395_600),
    ]
    @Test(
        "L9: division rounds to zero, by zero it is an error; so is what 32 bits do not hold",
        arguments: arithmeticRows
    )
    func arithmetic(row: SQLRow) throws { try check(row) }

    static let castsRows: [SQLRow] = [
        SQLRow("INT('+5')", 5), SQLRow("INT('-05')", -5), SQLRow("INT('2147483647')", Int32.max),
        SQLRow("INT('2147483648')", 0, .cast), SQLRow("INT('-2147483648')", Int32.min),
        SQLRow("INT('99999999999999999999999')", 0, .cast), SQLRow("INT('')", 0, .cast), SQLRow("INT('-')", 0, .cast),
        SQLRow("INT(' 5')", 0, .cast), SQLRow("INT('5.0')", 0, .cast), SQLRow("INT('１')", 0, .cast),
        SQLRow("INT(TRUE)", 1), SQLRow("INT(FALSE)", 0), SQLRow("INT(3)", 3), SQLRow("BOOL(0)", false),
        SQLRow("BOOL(-2)", true), SQLRow("BOOL('tRUE')", true), SQLRow("BOOL('FALSE')", false),
        SQLRow("BOOL('yes')", false, .cast), SQLRow("BOOL('')", false, .cast), SQLRow("BOOL('1')", false, .cast),
        SQLRow("STRING(-5)", "-5"), SQLRow("STRING(TRUE)", "true"), SQLRow("STRING(FALSE)", "false"),
        SQLRow("IS_INT('5')", true), SQLRow("IS_INT('x')", false), SQLRow("IS_INT(TRUE)", true),
        SQLRow("IS_BOOL('true')", true), SQLRow("IS_BOOL('x')", false), SQLRow("IS_BOOL(0)", true),
        SQLRow("digits + 0", 42), SQLRow("'x' + 3", 0, .cast), SQLRow("3 + 'x'", 0, .cast),
        SQLRow("'x' + 'y'", 0, .cast, .cast), SQLRow("'x' < 3", false, .cast), SQLRow("NOT 'x'", false, .cast),
        SQLRow("-'x'", 0, .cast), SQLRow("'x' XOR TRUE", false, .cast),
    ]
    @Test("L10: each type is cast to each other one", arguments: castsRows)
    func casts(row: SQLRow) throws { try check(row) }

    static let ambiguousRows: [SQLRow] = [
        SQLRow("digits = 42", true), SQLRow("42 = digits", false), SQLRow("TRUE = 'true'", true),
        SQLRow("TRUE = 'TRUE'", false), SQLRow("'TRUE' = TRUE", true), SQLRow("2 = TRUE", true),
        SQLRow("TRUE = 2", false),
        SQLRow("TRUE = 1", true), SQLRow("'x' = 1", false, .cast), SQLRow("'x' != 1", false, .cast),
        SQLRow("number = '-7'", true), SQLRow("flag = 'true'", true), SQLRow("flag != 'TRUE'", true),
        SQLRow("'true' = flag", true), SQLRow("type = subject", false),
    ]
    @Test("L11: the right operand decides what is compared", arguments: ambiguousRows)
    func ambiguous(row: SQLRow) throws { try check(row) }

    static let setsRows: [SQLRow] = [
        SQLRow("42 IN ('042')", true), SQLRow("digits IN (42)", false), SQLRow("digits IN (42, '0042')", true),
        SQLRow("TRUE IN (0, 5)", true), SQLRow("number IN ('-7')", true), SQLRow("1 IN ('x', 1)", true, .cast),
        SQLRow("1 IN ('x', 2)", false, .cast), SQLRow("1 NOT IN ('x', 2)", false, .cast),
        SQLRow("1 IN (1, 1 / 0)", true), SQLRow("1 IN (1 / 0, 1)", true, .math),
        SQLRow("subject IN ('a', 'order/42')", true), SQLRow("subject NOT IN ('a', 'order/42')", false),
        SQLRow("subject NOT IN ('a', 'b')", true), SQLRow("word NOT IN ('', 'Äpfel & Birnen')", false),
        SQLRow("number NOT IN ('-7', '8')", false), SQLRow("flag IN ('TRUE')", true),
        SQLRow("flag NOT IN ('no')", false, .cast),
        SQLRow("missing NOT IN ('a')", false, .missingAttribute),
        SQLRow("missing IN ('a', '')", false, .missingAttribute),
        SQLRow("type IN ('a', CONCAT('com.example.', 'order.created'))", true), SQLRow("1 IN ((1))", true),
    ]
    @Test("L12: the elements of a set are cast to the type of the left operand", arguments: setsRows)
    func sets(row: SQLRow) throws { try check(row) }

    static let patternsRows: [SQLRow] = [
        SQLRow("word LIKE '_pfel%'", true), SQLRow("word LIKE '__pfel%'", false), SQLRow("empty LIKE ''", true),
        SQLRow("empty LIKE '%'", true), SQLRow("empty LIKE '_'", false), SQLRow(#"'5%' LIKE '5\%'"#, true),
        SQLRow(#"'55' LIKE '5\%'"#, false), SQLRow(#"'a_' LIKE 'a\_'"#, true), SQLRow(#"'ab' LIKE 'a\_'"#, false),
        SQLRow(#"'a\b' LIKE 'a\b'"#, true), SQLRow("number LIKE '-_'", true), SQLRow("flag LIKE 'tr%'", true),
        SQLRow("'aBc' LIKE 'abc'", false), SQLRow("time LIKE '2026-01-02T%'", true), SQLRow("'a\nb' LIKE 'a_b'", true),
        SQLRow("source LIKE '/%'", true), SQLRow("'b' LIKE '_b*'", false), SQLRow("'xb*' LIKE '_b*'", true),
    ]
    @Test("L13: % stands for characters, _ for one, both can be escaped", arguments: patternsRows)
    func patterns(row: SQLRow) throws { try check(row) }

    static let existingRows: [SQLRow] = [
        SQLRow("EXISTS id AND EXISTS source AND EXISTS specversion AND EXISTS type", true),
        SQLRow("EXISTS dataschema", false), SQLRow("EXISTS datacontenttype", true), SQLRow("EXISTS empty", true),
        SQLRow("EXISTS time", true), SQLRow("EXISTS no", true), SQLRow("EXISTS data", false),
    ]
    @Test("L14: an attribute exists where the event has it; the required ones always", arguments: existingRows)
    func existing(row: SQLRow) throws { try check(row) }

    static let functionsRows: [SQLRow] = [
        SQLRow("LENGTH('日本🌐')", 3), SQLRow("LENGTH('e\u{301}')", 2), SQLRow("LENGTH(12345)", 5),
        SQLRow("CONCAT()", ""), SQLRow("CONCAT('a', 1, TRUE)", "a1true"), SQLRow("CONCAT_WS(', ', 'a')", "a"),
        SQLRow("CONCAT_WS(', ')", ""), SQLRow("CONCAT_WS(1, 2, 3)", "213"),
        SQLRow("CONCAT_WS()", false, .missingFunction),
        SQLRow("LOWER('ÄB')", "äb"), SQLRow("UPPER('straße')", "STRASSE"),
        SQLRow("TRIM(' \u{2003}\u{A0}a b\t\n')", "a b"), SQLRow("TRIM('\u{200B}a')", "\u{200B}a"),
        SQLRow("TRIM('  ')", ""),
        SQLRow("LEFT('日本語', 2)", "日本"), SQLRow("LEFT('a', 5)", "a"), SQLRow("LEFT('a', 0)", ""),
        SQLRow("LEFT('abc', -2)", "abc", .functionEvaluation), SQLRow("RIGHT('日本語', 2)", "本語"),
        SQLRow("RIGHT('abc', 0)", ""), SQLRow("RIGHT('abc', -2)", "abc", .functionEvaluation),
        SQLRow("SUBSTRING('日本語', 2)", "本語"), SQLRow("SUBSTRING('abc', 3)", "c"), SQLRow("SUBSTRING('abc', -3)", "abc"),
        SQLRow("SUBSTRING('abc', 4)", "", .functionEvaluation), SQLRow("SUBSTRING('abc', -4)", "", .functionEvaluation),
        SQLRow("SUBSTRING('', 0)", ""), SQLRow("SUBSTRING('abc', 0)", ""), SQLRow("SUBSTRING('abc', 0, 2)", ""),
        SQLRow("SUBSTRING('', 1)", "", .functionEvaluation),
        SQLRow("SUBSTRING('abc', 2, 0)", ""), SQLRow("SUBSTRING('abc', 2, 9)", "bc"),
        SQLRow("SUBSTRING('abc', -2, 1)", "b"), SQLRow("SUBSTRING('abc', 1, -1)", "", .functionEvaluation),
        SQLRow("SUBSTRING('abc', -2147483648)", "", .functionEvaluation),
        SQLRow("SUBSTRING('abc', 1, 2147483647)", "abc"), SQLRow("ABS(-5)", 5), SQLRow("ABS('-5')", 5),
        SQLRow("ABS(-2147483648)", Int32.max, .math), SQLRow("ABS('x')", 0, .cast),
        SQLRow("ABS()", false, .missingFunction),
        SQLRow("ABS(1, 2)", false, .missingFunction), SQLRow("SUBSTRING('a')", false, .missingFunction),
    ]
    @Test("L15: the functions of the specification; a character is a Unicode scalar value", arguments: functionsRows)
    func functions(row: SQLRow) throws { try check(row) }
}
