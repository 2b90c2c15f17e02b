// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@Suite("CloudEvents SQL: properties of made-up expressions")
struct SQLPropertyTests {
    /// Makes expressions, of which most evaluate with an error somewhere.
    struct Generator {
        var random: SplitMix

        init(_ seed: UInt64) { random = SplitMix(seed) }

        mutating func expression(_ depth: Int) -> String {
            guard depth > 0 else { return atom() }
            switch random.below(12) {
            case 0: return "NOT " + expression(depth - 1)
            case 1: return "-" + expression(depth - 1)
            case 2: return "(\(expression(depth - 1)))"
            case 3:
                return
                    "(\(expression(depth - 1))) \(random.pick(["", "NOT "]))LIKE \(random.pick(["'a%'", "'%1_'", "\"\\\"%\""]))"
            case 4:
                return "(\(expression(depth - 1))) \(random.pick(["", "NOT "]))IN (\(expression(depth - 1)), \(atom()))"
            case 5:
                return
                    "\(random.pick(["ABS", "length", "Upper", "INT", "BOOL", "STRING", "IS_INT"]))(\(expression(depth - 1)))"
            case 6:
                let name = random.pick(["CONCAT", "LEFT", "SUBSTRING", "NONE"])
                return "\(name)(\(expression(depth - 1)), \(expression(depth - 1)))"
            default:
                let symbols = ["AND", "or", "XOR", "=", "!=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]
                return "\(expression(depth - 1)) \(random.pick(symbols)) \(expression(depth - 1))"
            }
        }

        mutating func atom() -> String {
            random.pick([
                "1", "0", "-2", "+3", "2147483647", "-2147483648", "TRUE", "false", "'a'", "\"1\"", "'it\\'s'",
                "'\\\\'",
                "''", "'true'", "id", "type", "subject", "flag", "number", "digits", "missing", "TIME", "EXISTS word",
                "EXISTS missing", "5g",
            ])
        }
    }

    @Test("An expression's description, read again, is the same expression", arguments: 0..<8 as Range<UInt64>)
    func descriptions(seed: UInt64) throws {
        var generator = Generator(seed)
        let event = try SQLSupport.event()
        for _ in 0..<300 {
            let text = generator.expression(1 + generator.random.below(5))
            let expression = try CloudEventsSQL(text)
            let again = try CloudEventsSQL(
                expression.description,
                limits: .init(expressionLength: 100_000, nesting: 256)
            )
            #expect(again.description == expression.description, "\(text)")
            let (first, second) = (expression.evaluate(event), again.evaluate(event))
            #expect(first.value == second.value, "\(text)")
            #expect(first.errors.map(\.message) == second.errors.map(\.message), "\(text)")
        }
    }

    @Test(
        "L1 L17: event and record, filter and value agree; the type is the one that was foretold",
        arguments: 0..<8 as Range<UInt64>
    )
    func agreement(seed: UInt64) throws {
        var generator = Generator(seed)
        let event = try SQLSupport.event()
        let record = ConnectorRecord(event: event)
        var passed = 0
        for _ in 0..<300 {
            let text = generator.expression(1 + generator.random.below(4))
            let expression = try CloudEventsSQL(text)
            let evaluation = expression.evaluate(event)
            #expect(expression.evaluate(record) == evaluation, "\(text)")
            #expect(expression.passes(event) == evaluation.passes, "\(text)")
            #expect(expression.passes(record) == evaluation.passes, "\(text)")
            #expect(expression.valueType ?? evaluation.value.type == evaluation.value.type, "\(text)")
            passed += evaluation.passes ? 1 : 0
        }
        #expect(passed > 5)
    }

    @Test("Damaged expressions are read or refused", arguments: 0..<8 as Range<UInt64>)
    func damaged(seed: UInt64) throws {
        var generator = Generator(seed)
        let event = try SQLSupport.event()
        for _ in 0..<500 {
            var bytes = Array(generator.expression(3).utf8)
            for _ in 0..<(1 + generator.random.below(3)) where !bytes.isEmpty {
                let index = generator.random.below(bytes.count)
                switch generator.random.below(3) {
                case 0: bytes.remove(at: index)
                case 1: bytes.insert(UInt8(generator.random.below(128)), at: index)
                default: bytes[index] = UInt8(generator.random.below(256))
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let error = SQLSupport.error(of: text) {
                #expect(error.code == .parse && (0...text.utf8.count).contains(error.offset))
            } else {
                _ = try CloudEventsSQL(text).evaluate(event)
            }
        }
    }
}

/// Random numbers from a seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func pick(_ choices: [String]) -> String { choices[below(choices.count)] }
    mutating func text(of parts: [String], upTo count: Int) -> String { text(of: parts, exactly: below(count + 1)) }
    mutating func text(of parts: [String], exactly count: Int) -> String {
        (0..<count).map { _ in pick(parts) }.joined()
    }
}
