// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension PatternProgram {
    /// Whether a record is what the pattern describes.
    func matches(_ record: ConnectorRecord, _ defaults: EventDefaults?) -> Bool {
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: testCount) { results in
            guard let memory = results.baseAddress else { return true }
            // Every test of a field of the data is written when the object around it begins, but not if there is none.
            memory.initialize(repeating: false, count: testCount)
            let match = PatternMatch(self, memory)
            match.attributes(of: record, defaults)
            if readsData {
                guard match.canHold(root) else { return false }
                match.data(of: record)
            }
            return match.holds(root)
        }
    }
}

extension PatternMatch {
    fileprivate func attributes(of record: ConnectorRecord, _ defaults: EventDefaults?) {
        for index in 0..<program.attributeCount {
            let attribute = program.attributes[index]
            begin(attribute.tests)
            if record.test(
                attribute.core,
                named: program.bytes.bytes(attribute.name),
                { text in
                    check(.attribute(text), attribute.tests)
                    return true
                }
            ) == nil {
                checkMissing(attribute, defaults)
            }
        }
    }

    /// Of an attribute that neither the record nor its partition has.
    private func checkMissing(_ attribute: PatternProgram.Attribute, _ defaults: EventDefaults?) {
        switch attribute.core {
        case .source?:
            defaults?.source.string.withBytes { check(.attribute($0), attribute.tests) }
        case .type?:
            defaults?.type.withBytes { check(.attribute($0), attribute.tests) }
        // Every event has it; what is not known is its value.
        case .id?, .specVersion?: break
        default: miss(attribute.tests)
        }
    }

    /// Whether the attributes alone leave it open that a formula of the record holds: then the data are not looked at.
    fileprivate func canHold(_ place: Int32) -> Bool {
        let formula = program.formulas[place]
        let data = program.nodes[PatternProgram.data].tests
        for index in formula.tests.indices {
            let test = program.places[index]
            if !results[Int(test)], !data.indices.contains(where: { program.places[$0] == test }) { return false }
        }
        return true
    }

    // MARK: Data

    fileprivate func data(of record: ConnectorRecord) {
        let node = program.nodes[PatternProgram.data]
        guard record.heldForm != .absent else { return miss(node.tests) }
        begin(node.tests)
        switch record.heldForm {
        case .absent: break
        case .json: json(record.heldBytes, at: node)
        case .structured: structured(record.data, at: node)
        case .text, .bytes: other(record, at: node)
        }
    }

    /// Text and bytes are what their content type says of them, where that is true.
    private func other(_ record: ConnectorRecord, at node: PatternProgram.Node) {
        let bytes = record.heldBytes
        switch record.contentClass {
        case .json where json(bytes, at: node): break
        case .text where record.heldForm == .text || bytes.withUnsafeBytes(isValidUTF8),
            .unknown where record.heldForm == .text,
            .other where record.heldForm == .text,
            .json where record.heldForm == .text:
            bytes.withUnsafeBytes { scalar(.text($0), at: node) }
        default: scalar(.opaque, at: node)
        }
    }
}
