// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes a program of a pattern, or says what is wrong with which of its members.
struct PatternParser {
    typealias Program = PatternProgram
    typealias Refusal = MemberRefusal

    var tables = Program.Tables()

    /// How deep objects may be nested.
    static let nesting = 64

    mutating func program(_ value: StructuredValue) throws(Refusal) -> Program {
        guard case .object(let object) = value else {
            throw Refusal(
                path: MemberPath(),
                reason: "a pattern is an object, such as {\"type\": [\"com.example.order\"]}"
            )
        }
        let root = try formula(of: object, at: .record, MemberPath(), depth: 0)
        return Program(tables, root: root)
    }

    /// What the members of an object are.
    enum Place {
        /// Attributes and the data.
        case record
        /// Members of the data, at a node.
        case data(Int)
    }

    // MARK: Objects

    private mutating func formula(
        of object: StructuredObject,
        at place: Place,
        _ path: MemberPath,
        depth: Int
    ) throws(Refusal) -> Int32 {
        guard depth < Self.nesting else {
            throw Refusal(path: path, reason: "the pattern is nested more than \(Self.nesting) levels deep")
        }
        guard !object.members.isEmpty else {
            throw Refusal(path: path, reason: "an empty object asks for nothing; name a field, or leave it out")
        }
        var tests: [Int32] = []
        var groups: [[Int32]] = []
        for member in object.members {
            let memberPath = path.member(member.name)
            if member.name == "$or" {
                groups.append(try alternatives(member.value, at: place, memberPath, depth: depth))
            } else {
                tests.append(try field(member, of: place, memberPath, depth: depth))
            }
        }
        tables.formulas.append((tests, groups))
        return Int32(tables.formulas.count - 1)
    }

    private mutating func alternatives(
        _ value: StructuredValue,
        at place: Place,
        _ path: MemberPath,
        depth: Int
    ) throws(Refusal) -> [Int32] {
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw Refusal(path: path, reason: "$or needs an array of objects, of which one has to match")
        }
        var formulas: [Int32] = []
        for (index, element) in elements.enumerated() {
            let elementPath = path.element(index)
            guard case .object(let object) = element else {
                throw Refusal(path: elementPath, reason: "an alternative of $or is an object with fields")
            }
            formulas.append(try formula(of: object, at: place, elementPath, depth: depth + 1))
        }
        return formulas
    }

    // MARK: Fields

    private mutating func field(
        _ member: StructuredObject.Member,
        of place: Place,
        _ path: MemberPath,
        depth: Int
    ) throws(Refusal) -> Int32 {
        switch place {
        case .record where member.name == "data":
            return try dataField(member.value, at: 0, path, depth: depth)
        case .record:
            return try attribute(member, path)
        case .data(let node):
            return try dataField(member.value, at: child(of: node, named: member.name), path, depth: depth)
        }
    }

    private mutating func child(of node: Int, named name: String) -> Int {
        let name = Array(name.utf8)
        if let child = tables.nodes[node].children.first(where: { $0.name == name }) { return child.node }
        tables.nodes.append(.init())
        tables.nodes[node].children.append((name, tables.nodes.count - 1))
        return tables.nodes.count - 1
    }

    private mutating func dataField(
        _ value: StructuredValue,
        at node: Int,
        _ path: MemberPath,
        depth: Int
    ) throws(Refusal) -> Int32 {
        let test: Program.Test
        switch value {
        case .array(let elements):
            test = try self.test(of: elements, path, isAttribute: false)
        case .object(let object):
            let formula = try formula(of: object, at: .data(node), path, depth: depth + 1)
            test = .init(subject: .members(formula), whenPresent: false, whenMissing: holdsWithoutMembers(formula))
        default:
            throw Refusal(path: path, reason: Self.needsArray(value))
        }
        let place = add(test)
        tables.nodes[node].tests.append(place)
        return place
    }

    private mutating func attribute(_ member: StructuredObject.Member, _ path: MemberPath) throws(Refusal) -> Int32 {
        let name: AttributeName
        do throws(CloudEventError) {
            name = try AttributeName(member.name)
        } catch {
            throw Refusal(
                path: path,
                reason: "no attribute can have this name: attributes have small letters and digits, and what is in the "
                    + "data stands in \"data\": { … }"
            )
        }
        guard case .array(let elements) = member.value else {
            throw Refusal(path: path, reason: Self.needsArray(member.value))
        }
        let place = add(try test(of: elements, path, isAttribute: true))
        let bytes = Array(name.string.utf8)
        if let index = tables.attributes.firstIndex(where: { $0.name == bytes }) {
            tables.attributes[index].tests.append(place)
        } else {
            tables.attributes.append((CoreAttribute(name), bytes, [place]))
        }
        return place
    }

    private mutating func add(_ test: Program.Test) -> Int32 {
        tables.tests.append(test)
        return Int32(tables.tests.count - 1)
    }

    private static func needsArray(_ value: StructuredValue) -> String {
        if case .object = value {
            return "an attribute has no members; write conditions in an array: [{\"prefix\": \"…\"}]"
        }
        return "the values and conditions for a field stand in an array, of which one has to match: [\"…\"]"
    }

    /// The result of a formula for an object that has none of the members.
    private func holdsWithoutMembers(_ place: Int32) -> Bool {
        let formula = tables.formulas[Int(place)]
        return formula.tests.allSatisfy { tables.tests[Int($0)].whenMissing }
            && formula.groups.allSatisfy { $0.contains { holdsWithoutMembers($0) } }
    }
}
