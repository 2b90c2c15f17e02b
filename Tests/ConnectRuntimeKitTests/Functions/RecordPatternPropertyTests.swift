// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Patterns: properties")
struct RecordPatternPropertyTests {
    /// Makes patterns and data of few names and values, so that they often match.
    struct Generator {
        var random: SplitMix

        init(_ seed: UInt64) { random = SplitMix(seed) }

        mutating func pattern(_ depth: Int) -> StructuredValue {
            var members: [(String, StructuredValue)] = []
            for name in ["a", "b", "cc"] where members.isEmpty || random.below(3) == 0 {
                let isNested = depth > 0 && random.below(2) == 0
                members.append((name, isNested ? pattern(depth - 1) : .array(conditions())))
            }
            if depth > 0, random.below(3) == 0 {
                members.append(("$or", .array([pattern(depth - 1), pattern(depth - 1)])))
            }
            return .object(StructuredObject(members))
        }

        mutating func conditions() -> [StructuredValue] {
            (0...random.below(4)).map { _ in
                switch random.below(8) {
                case 0: .object(["exists": .boolean(random.below(2) == 0)])
                case 1: .object(["anything-but": scalar()])
                case 2: .object(["prefix": .string("x")])
                case 3: .object(["numeric": .array([.string(">"), .integer(1)])])
                default: scalar()
                }
            }
        }

        mutating func scalar() -> StructuredValue {
            let values: [StructuredValue] = [
                .integer(1), .integer(2), .string("x"), .string("xy"), .null, .boolean(true), .decimal("1.0"),
            ]
            return values[random.below(values.count)]
        }

        mutating func data(_ depth: Int) -> StructuredValue {
            guard depth > 0 else { return scalar() }
            switch random.below(6) {
            case 0: return scalar()
            case 1: return .array((0..<random.below(4)).map { _ in data(depth - 1) })
            default:
                var members: [(String, StructuredValue)] = []
                for name in ["zz", "cc", "b", "a"] where random.below(3) > 0 { members.append((name, data(depth - 1))) }
                return .object(StructuredObject(members))
            }
        }
    }

    /// What a pattern means, word for word.
    enum Meaning {
        static func holds(_ pattern: StructuredObject, _ value: StructuredValue?) -> Bool {
            if case .array(let elements)? = value, !elements.isEmpty { return elements.contains { holds(pattern, $0) } }
            var object = StructuredObject()
            if case .object(let members)? = value { object = members }
            return pattern.members.allSatisfy { member in
                guard member.name == "$or" else { return field(member.value, object[member.name]) }
                guard case .array(let alternatives) = member.value else { return false }
                return alternatives.contains {
                    if case .object(let pattern) = $0 {
                        holds(pattern, value == nil ? nil : .object(object))
                    } else {
                        false
                    }
                }
            }
        }

        private static func field(_ pattern: StructuredValue, _ value: StructuredValue?) -> Bool {
            switch pattern {
            case .object(let pattern): holds(pattern, value)
            case .array(let conditions): conditions.contains { condition($0, value) }
            default: false
            }
        }

        private static func condition(_ condition: StructuredValue, _ value: StructuredValue?) -> Bool {
            if case .object(let object) = condition, case .boolean(let isThere)? = object["exists"] {
                return isThere == (value != nil)
            }
            switch value {
            case nil, .object?: return false
            case .array(let elements)?: return elements.contains { self.condition(condition, $0) }
            case let value?: return scalar(condition, value)
            }
        }

        private static func scalar(_ condition: StructuredValue, _ value: StructuredValue) -> Bool {
            guard case .object(let object) = condition else { return areSame(condition, value) }
            if let excluded = object["anything-but"] { return !areSame(excluded, value) }
            if object["prefix"] != nil {
                if case .string = value { return true } else { return false }
            }
            return value == .integer(2)
        }

        private static func areSame(_ left: StructuredValue, _ right: StructuredValue) -> Bool {
            left == right
                || [left, right].allSatisfy { $0 == .integer(1) || $0 == .decimal("1.0") }
        }
    }

    @Test(
        "A pattern holds where its meaning does, for JSON text and for structured values",
        arguments: 0..<8 as Range<UInt64>
    )
    func meaning(seed: UInt64) throws {
        var generator = Generator(seed)
        var count = 0
        for _ in 0..<400 {
            let value = generator.pattern(generator.random.below(4))
            guard case .object(let object) = value else { return }
            let pattern = try RecordPattern(.object(["data": value]))
            for _ in 0..<8 {
                let data = generator.data(4)
                let expected = Meaning.holds(object, data)
                count += expected ? 1 : 0
                let note = "\(String(decodingUTF8: value.json)) \(String(decodingUTF8: data.json))"
                #expect(pattern.holds(for: ConnectorRecord(.json(checked: data.json))) == expected, "\(note)")
                #expect(pattern.holds(for: ConnectorRecord(.structured(data))) == expected, "\(note)")
            }
        }
        #expect(count > 150)
    }

    @Test("Numbers are ordered by their value, however they are written", arguments: 0..<4 as Range<UInt64>)
    func numbers(seed: UInt64) {
        var random = SplitMix(seed)
        func text(_ number: Int) -> String {
            let sign = number < 0 ? "-" : ""
            let digits = String(number.magnitude)
            switch random.below(5) {
            case 0: return sign + digits
            case 1: return sign + digits + ".000"
            case 2: return sign + digits + "0e-1"
            case 3: return sign + "0." + String(repeating: "0", count: 5) + digits + "E+\(digits.count + 5)"
            default: return sign + digits.prefix(1) + "." + digits.dropFirst() + "0e\(digits.count - 1)"
            }
        }
        for _ in 0..<4000 {
            let bound = [3, 1000, 1 << 40][random.below(3)]
            let (left, right) = (random.below(2 * bound) - bound, random.below(2 * bound) - bound)
            let (leftText, rightText) = (text(left), text(right))
            let order = leftText.withBytes { left in
                rightText.withBytes { right in ExactNumber.order(ExactNumber(left), ExactNumber(right)) }
            }
            #expect(order.signum() == (left - right).signum(), "\(leftText) \(rightText)")
        }
    }
}
