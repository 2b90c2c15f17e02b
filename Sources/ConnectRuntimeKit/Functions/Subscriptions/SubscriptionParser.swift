// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes a filter of what its JSON text says, or says what is wrong with which of its members.
struct SubscriptionParser {
    typealias Expression = SubscriptionFilter.Expression
    typealias Refusal = MemberRefusal

    /// How deep filters may be nested.
    static let nesting = 64

    /// One filter, or an array of filters that all have to hold.
    func filters(_ value: StructuredValue) throws(Refusal) -> Expression {
        guard case .array(let elements) = value else { return try filter(value, MemberPath(), depth: 0) }
        // Without any filter, all events are sent.
        return .all(try self.elements(elements, MemberPath(), depth: 0))
    }

    private func filter(_ value: StructuredValue, _ path: MemberPath, depth: Int) throws(Refusal) -> Expression {
        guard depth < Self.nesting else {
            throw Refusal(path: path, reason: "the filters are nested more than \(Self.nesting) levels deep")
        }
        guard case .object(let object) = value, let member = object.members.first, object.members.count == 1 else {
            throw Refusal(
                path: path,
                reason: "a filter is an object with one member, the dialect: \(Self.dialects.joined(separator: ", "))"
            )
        }
        let memberPath = path.member(member.name)
        switch member.name {
        case "exact": return try comparison(.exact, member.value, memberPath)
        case "prefix": return try comparison(.prefix, member.value, memberPath)
        case "suffix": return try comparison(.suffix, member.value, memberPath)
        case "all": return .all(try nested(member.value, memberPath, depth: depth))
        case "any": return .any(try nested(member.value, memberPath, depth: depth))
        case "not": return .not(try filter(member.value, memberPath, depth: depth + 1))
        case "sql": return try sql(member.value, memberPath)
        default:
            throw Refusal(
                path: memberPath,
                reason: "there is no such dialect; there are \(Self.dialects.joined(separator: ", "))"
            )
        }
    }

    private static let dialects = ["exact", "prefix", "suffix", "all", "any", "not", "sql"]

    private func nested(_ value: StructuredValue, _ path: MemberPath, depth: Int) throws(Refusal) -> [Expression] {
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw Refusal(path: path, reason: "expected an array of at least one filter")
        }
        return try self.elements(elements, path, depth: depth + 1)
    }

    private func elements(
        _ values: [StructuredValue],
        _ path: MemberPath,
        depth: Int
    ) throws(Refusal) -> [Expression] {
        var filters: [Expression] = []
        for (index, value) in values.enumerated() {
            filters.append(try filter(value, path.element(index), depth: depth))
        }
        return filters
    }

    /// The attributes of `exact`, `prefix` and `suffix`.
    func comparison(
        _ comparison: SubscriptionFilter.Comparison,
        _ value: StructuredValue,
        _ path: MemberPath
    ) throws(Refusal) -> Expression {
        guard case .object(let object) = value, !object.members.isEmpty else {
            throw Refusal(path: path, reason: "expected an object of at least one attribute and a text for it")
        }
        var tests: [SubscriptionFilter.Test] = []
        for member in object.members {
            let memberPath = path.member(member.name)
            guard let name = try? AttributeName(member.name) else {
                throw Refusal(
                    path: memberPath,
                    reason: "no attribute can have this name; attributes have small letters and digits"
                )
            }
            guard case .string(let text) = member.value, !text.isEmpty else {
                throw Refusal(path: memberPath, reason: "expected a text that is not empty")
            }
            tests.append(.init(name: name, text: text))
        }
        return .compare(comparison, tests)
    }

    func sql(_ value: StructuredValue, _ path: MemberPath) throws(Refusal) -> Expression {
        guard case .string(let text) = value else {
            throw Refusal(path: path, reason: "expected an expression of CloudEvents SQL in a string")
        }
        do throws(CloudEventsSQLError) {
            let expression = try CloudEventsSQL(text)
            if let error = expression.missingFunctions.first { throw error }
            return .sql(expression)
        } catch {
            throw Refusal(path: path, reason: "\(error)", cause: error)
        }
    }
}
