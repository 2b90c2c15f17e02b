// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension PatternMatch {
    /// Matches a structured value as the JSON that stands for it.
    func structured(_ data: RecordData, at node: PatternProgram.Node) {
        guard let value = try? data.structured else { return scalar(.opaque, at: node) }
        structured(value, at: node, depth: 0)
    }

    private func structured(_ value: StructuredValue, at node: PatternProgram.Node, depth: Int) {
        switch value {
        case .null: scalar(.null, at: node)
        case .boolean(let value): scalar(.boolean(value), at: node)
        case .integer(let number): String(number).withBytes { scalar(.number($0), at: node) }
        case .double(let number): double(number, at: node)
        case .decimal(let digits):
            digits.withBytes { scalar(JSONReader.isNumber($0) ? .number($0) : .text($0), at: node) }
        case .string(let text): text.withBytes { scalar(.text($0), at: node) }
        case .bytes(let bytes): Base64.encode(bytes).withBytes { scalar(.text($0), at: node) }
        case .timestamp(let timestamp): timestamp.description.withBytes { scalar(.text($0), at: node) }
        case .array(let elements): array(elements, at: node, depth: depth)
        case .object(let object): self.object(object, at: node, depth: depth)
        }
    }

    private func double(_ number: Double, at node: PatternProgram.Node) {
        if number.isFinite {
            number.description.withBytes { scalar(.number($0), at: node) }
        } else {
            (number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity").withBytes { scalar(.text($0), at: node) }
        }
    }

    private func array(_ elements: [StructuredValue], at node: PatternProgram.Node, depth: Int) {
        guard !elements.isEmpty, depth < StructuredValue.maximumDepth else { return endWithoutMembers(node) }
        for element in elements { structured(element, at: node, depth: depth + 1) }
    }

    private func object(_ object: StructuredObject, at node: PatternProgram.Node, depth: Int) {
        guard node.hasFormulas, depth < StructuredValue.maximumDepth else { return }
        missChildren(of: node)
        for member in object.members {
            guard let child = member.name.withBytes({ program.child(of: node, named: $0) }) else { continue }
            let childNode = program.nodes[child]
            begin(childNode.tests)
            structured(member.value, at: childNode, depth: depth + 1)
        }
        endObject(node)
    }
}
