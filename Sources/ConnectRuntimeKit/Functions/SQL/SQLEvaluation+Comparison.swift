// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The commonest conditions, of an attribute and literals, for which no value is made.
extension SQLEvaluation {
    /// The result of the first step of a chain, if it is such a condition; an attribute that is not there is noted.
    mutating func comparison(_ first: Int32, _ step: SQLProgram.Step, _ input: some SQLInput) -> Bool? {
        let program = program
        guard case .attribute(let place) = program.terms[first] else { return nil }
        switch step.action {
        case .like(let pattern, let isNegated):
            return test(place, isNegated: isNegated, input) { program.matches(pattern, $0) }
        case .in(let elements, let isNegated):
            guard isOfTexts(elements), isText(place, input) else { return nil }
            return test(place, isNegated: isNegated, input) { program.contains(elements, $0) }
        case .binary(let symbol, let operand):
            switch (symbol, program.terms[operand]) {
            // The right operand decides what is compared (L11), and every type is cast to String without an error.
            case (.equal, .string(let literal)), (.notEqual, .string(let literal)):
                return test(place, isNegated: symbol == .notEqual, input) { areEqual($0, program.text(literal)) }
            case (_, .integer(let number)):
                guard case .integer(let value) = input.kind(of: program.attribute(place)) else { return nil }
                return Self.compare(symbol, value, number)
            default: return nil
            }
        }
    }

    private mutating func test(
        _ place: Int32,
        isNegated: Bool,
        _ input: some SQLInput,
        _ condition: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        let attribute = program.attribute(place)
        guard let result = input.test(attribute, condition) ?? fallback?.value(of: attribute)?.withBytes(condition)
        else {
            missing(place)
            return false
        }
        return result != isNegated
    }

    /// Whether the elements of a set are literals: compared as Strings, the left operand being one.
    private func isOfTexts(_ elements: TableRange) -> Bool {
        for index in elements.indices {
            guard case .string = program.terms[program.places[index]] else { return false }
        }
        return true
    }

    private func isText(_ place: Int32, _ input: some SQLInput) -> Bool {
        let attribute = program.attribute(place)
        return attribute.core != nil || input.kind(of: attribute) == .text
    }

    /// The result of a comparison of Integers; nothing for what is none.
    static func compare(_ symbol: SQLOperator, _ left: Int32, _ right: Int32) -> Bool? {
        switch symbol {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        default: nil
        }
    }
}

extension SQLProgram.View {
    /// Whether a text matches a pattern of LIKE.
    @inline(__always)
    func matches(_ pattern: Int32, _ text: UnsafeRawBufferPointer) -> Bool {
        switch patterns[pattern].shape {
        case .text(let wanted): areEqual(text, bytes.bytes(wanted))
        case .affixes(let prefix, let suffix): text.has(prefix: bytes.bytes(prefix), suffix: bytes.bytes(suffix))
        case .other(let place): owner.likes[Int(place)].matches(text)
        }
    }

    /// Whether a text is one of a set of literals.
    @inline(__always)
    fileprivate func contains(_ elements: TableRange, _ wanted: UnsafeRawBufferPointer) -> Bool {
        for index in elements.indices {
            if case .string(let place) = terms[places[index]], areEqual(wanted, text(place)) { return true }
        }
        return false
    }
}
