// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The commonest conditions, of an attribute and literals, for which no value is made.
extension SQLEvaluation {
    /// The result of a term, if it is such a condition and nothing else.
    @inline(__always)
    mutating func truth(of term: Int32, _ input: some SQLInput) -> Bool? {
        switch program.terms[term] {
        case .exists(let place): exists(program.attribute(place), input)
        case .chain(let first, let steps) where steps.start &+ 1 == steps.end:
            comparison(first, program.steps[steps.start], input)
        default: nil
        }
    }

    /// The result of the first step of a chain, if it is such a condition; an attribute that is not there is noted.
    mutating func comparison(_ first: Int32, _ step: SQLProgram.Step, _ input: some SQLInput) -> Bool? {
        let program = program
        guard case .attribute(let place) = program.terms[first] else { return nil }
        switch step.action {
        case .like(let pattern, let isNegated):
            let result = test(place, input) { program.matches(pattern, $0) }
            return noting(place, result, isNegated)
        case .in(let elements, let isNegated, let isOfTexts):
            // Literals are cast to the type of the left operand (L12): nothing to do where that is a String.
            guard isOfTexts else { return nil }
            let result = input.testText(program.attribute(place)) { program.contains(elements, $0) }
            return result.map { $0 != isNegated }
        case .binary(let symbol, let operand):
            switch program.terms[operand] {
            // The right operand decides what is compared (L11), and every type is cast to String without an error.
            case .string(let literal) where symbol == .equal || symbol == .notEqual:
                let result = test(place, input) { areEqual($0, program.text(literal)) }
                return noting(place, result, symbol == .notEqual)
            case .integer(let number):
                guard case .integer(let value) = input.kind(of: program.attribute(place)) else { return nil }
                return Self.compare(symbol, value, number)
            default: return nil
            }
        }
    }

    @inline(__always)
    private func test(
        _ place: Int32,
        _ input: some SQLInput,
        _ condition: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool? {
        let attribute = program.attribute(place)
        if let result = input.test(attribute, condition) { return result }
        guard let fallback else { return nil }
        return fallback.value(of: attribute)?.withBytes(condition)
    }

    @inline(__always)
    private mutating func noting(_ place: Int32, _ result: Bool?, _ isNegated: Bool) -> Bool {
        if let result { return result != isNegated }
        missing(place)
        return false
    }

    /// The result of a comparison of Integers; nothing for what is none.
    @inline(__always)
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

extension SQLProgram.Pointer {
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
