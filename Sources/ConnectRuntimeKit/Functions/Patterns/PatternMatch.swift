// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// One look at a record for a pattern.
struct PatternMatch {
    /// What a value is, which refers to bytes that are valid for the call only.
    enum Scalar {
        case null
        case boolean(Bool)
        case number(UnsafeRawBufferPointer)
        case text(UnsafeRawBufferPointer)
        /// The canonical text of an attribute, whatever its type: transports without types make a String of each.
        case attribute(UnsafeRawBufferPointer)
        /// Bytes of unknown meaning: it is there, and that is all.
        case opaque
    }

    /// The caller keeps the program alive.
    let program: PatternProgram.Pointer
    /// By the test.
    let results: UnsafeMutablePointer<Bool>

    init(_ program: PatternProgram, _ results: UnsafeMutablePointer<Bool>) {
        self.program = program.pointer
        self.results = results
    }

    // MARK: Formulas

    func holds(_ place: Int32) -> Bool {
        let formula = program.formulas[place]
        for index in formula.tests.indices where !results[Int(program.places[index])] { return false }
        for group in formula.groups.indices where !holdsOne(of: program.groups[group]) { return false }
        return true
    }

    private func holdsOne(of formulas: TableRange) -> Bool {
        for index in formulas.indices where holds(program.places[index]) { return true }
        return false
    }

    // MARK: Nodes

    /// Notes that a field is missing.
    func miss(_ tests: TableRange) {
        for index in tests.indices {
            let test = program.places[index]
            results[Int(test)] = program.tests[test].whenMissing
        }
    }

    /// Notes that a field is there. Of several members with one name the last one counts: what was noted before is gone.
    func begin(_ tests: TableRange) {
        for index in tests.indices {
            let test = program.places[index]
            results[Int(test)] = program.tests[test].whenPresent
        }
    }

    /// Notes that the members of an object are missing, until they are found.
    func missChildren(of node: PatternProgram.Node) {
        for index in node.children.indices { miss(program.nodes[program.children[index].node].tests) }
    }

    /// Notes what holds for an object, all of whose members have been seen.
    func endObject(_ node: PatternProgram.Node) {
        for index in node.tests.indices {
            let test = program.places[index]
            if case .members(let formula) = program.tests[test].subject, holds(formula) { results[Int(test)] = true }
        }
    }

    /// Notes that a field has no members: it is no object, or an empty array.
    func endWithoutMembers(_ node: PatternProgram.Node) {
        guard node.hasFormulas else { return }
        for index in node.tests.indices {
            let test = program.places[index]
            let facts = program.tests[test]
            if facts.isOfMembers, facts.whenMissing { results[Int(test)] = true }
        }
    }

    func scalar(_ value: Scalar, at node: PatternProgram.Node) {
        check(value, node.tests)
        endWithoutMembers(node)
    }

    /// Notes for which of the tests a value is what they ask for. In an array one element is enough.
    @inline(__always)
    func check(_ value: Scalar, _ tests: TableRange) {
        for index in tests.indices {
            let test = program.places[index]
            guard !results[Int(test)], case .value(let conditions) = program.tests[test].subject else { continue }
            results[Int(test)] = holdsOne(of: conditions, value)
        }
    }

    // MARK: Conditions

    private func holdsOne(of conditions: TableRange, _ value: Scalar) -> Bool {
        for index in conditions.indices where holds(program.conditions[index], value) { return true }
        return false
    }

    private func holds(_ condition: PatternProgram.Condition, _ value: Scalar) -> Bool {
        switch condition {
        case .null:
            if case .null = value { return true } else { return false }
        case .boolean(let wanted): return Self.isBoolean(value, wanted)
        case .number(let place):
            return value.number.map { ExactNumber.order($0, program.number(place)) == 0 } ?? false
        case .numeric(let comparisons):
            guard let number = value.number else { return false }
            for index in comparisons.indices where !holds(program.comparisons[index], number) { return false }
            return true
        case .anythingBut(let conditions):
            if case .opaque = value { return false }
            return !holdsOne(of: conditions, value)
        default:
            guard let text = value.text else { return false }
            return holds(condition, text)
        }
    }

    private func holds(_ condition: PatternProgram.Condition, _ text: UnsafeRawBufferPointer) -> Bool {
        switch condition {
        case .text(let wanted): areEqual(text, program.bytes.bytes(wanted))
        case .prefix(let prefix): text.hasPrefix(program.bytes.bytes(prefix))
        case .suffix(let suffix): text.hasSuffix(program.bytes.bytes(suffix))
        case .affixes(let prefix, let suffix):
            text.has(prefix: program.bytes.bytes(prefix), suffix: program.bytes.bytes(suffix))
        case .ignoringCase(let folded): text.isEqualIgnoringCase(to: program.bytes.bytes(folded))
        case .wildcard(let place): program.owner.wildcards[Int(place)].matches(text)
        default: false
        }
    }

    private static func isBoolean(_ value: Scalar, _ wanted: Bool) -> Bool {
        switch value {
        case .boolean(let value): value == wanted
        case .attribute(let text): (wanted ? "true" : "false").withBytes { areEqual(text, $0) }
        default: false
        }
    }

    private func holds(_ comparison: PatternProgram.Comparison, _ number: ExactNumber) -> Bool {
        let order = ExactNumber.order(number, program.number(comparison.number))
        return switch comparison.symbol {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}

extension PatternMatch.Scalar {
    fileprivate var number: ExactNumber? {
        switch self {
        case .number(let text): ExactNumber(text)
        case .attribute(let text): JSONReader.isNumber(text) ? ExactNumber(text) : nil
        default: nil
        }
    }

    fileprivate var text: UnsafeRawBufferPointer? {
        switch self {
        case .text(let text), .attribute(let text): text
        default: nil
        }
    }
}
