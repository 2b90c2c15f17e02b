// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A filter as it is evaluated: tables that refer to each other by places, without any reference among them.
final class SubscriptionProgram: Sendable {
    enum Node: BitwiseCopyable, Sendable {
        /// With the places of the tests.
        case compare(SubscriptionFilter.Comparison, TableRange)
        /// With the nodes, in ``places``.
        case all(TableRange)
        case any(TableRange)
        case not(Int32)
        /// The place in ``expressions``.
        case sql(Int32)
        /// The node, with the place in ``givenDefaults``.
        case given(Int32, defaults: Int32)
    }

    struct Test: BitwiseCopyable, Sendable {
        /// `nil` for an extension.
        var core: CoreAttribute?
        var name: TableRange
        var text: TableRange
    }

    private let nodes: ConstantTable<Node>
    private let tests: ConstantTable<Test>
    private let places: ConstantTable<Int32>
    private let bytes: ConstantTable<UInt8>
    private let expressions: [CloudEventsSQL]
    private let givenDefaults: [EventDefaults]
    private let root: Int32

    init(_ expression: SubscriptionFilter.Expression) {
        var draft = Draft()
        root = draft.add(expression)
        nodes = ConstantTable(draft.nodes)
        tests = ConstantTable(draft.tests)
        places = ConstantTable(draft.places)
        bytes = ConstantTable(draft.bytes)
        expressions = draft.expressions
        givenDefaults = draft.givenDefaults
    }

    private struct Draft {
        var nodes: [Node] = []
        var tests: [Test] = []
        var places: [Int32] = []
        var bytes: [UInt8] = []
        var expressions: [CloudEventsSQL] = []
        var givenDefaults: [EventDefaults] = []

        /// As deep as the filter is nested, which is limited for those that are read.
        mutating func add(_ expression: SubscriptionFilter.Expression) -> Int32 {
            let node: Node
            switch expression {
            case .compare(let comparison, let tests):
                let added = tests.map { test in
                    Test(
                        core: CoreAttribute(test.name),
                        name: bytes.add(test.name.string.utf8),
                        text: bytes.add(test.text.utf8)
                    )
                }
                node = .compare(comparison, self.tests.add(added))
            case .all(let expressions): node = .all(add(expressions))
            case .any(let expressions): node = .any(add(expressions))
            case .not(let expression): node = .not(add(expression))
            case .sql(let expression):
                expressions.append(expression)
                node = .sql(Int32(expressions.count - 1))
            case .given(let defaults, let expression):
                givenDefaults.append(defaults)
                let place = Int32(givenDefaults.count - 1)
                node = .given(add(expression), defaults: place)
            }
            nodes.append(node)
            return Int32(nodes.count - 1)
        }

        private mutating func add(_ expressions: [SubscriptionFilter.Expression]) -> TableRange {
            let added = expressions.map { add($0) }
            return places.add(added)
        }
    }

    // MARK: Evaluating

    func holds(for record: ConnectorRecord) -> Bool { holds(root, record, nil) }

    private func holds(_ place: Int32, _ record: ConnectorRecord, _ defaults: EventDefaults?) -> Bool {
        switch nodes[Int(place)] {
        case .compare(let comparison, let tests):
            for index in tests.indices where !holds(comparison, self.tests[Int(index)], record, defaults) {
                return false
            }
            return true
        case .all(let nodes):
            for index in nodes.indices where !holds(places[Int(index)], record, defaults) { return false }
            return true
        case .any(let nodes):
            for index in nodes.indices where holds(places[Int(index)], record, defaults) { return true }
            return false
        case .not(let node): return !holds(node, record, defaults)
        case .sql(let place): return expressions[Int(place)].coercedPasses(record, defaults: defaults)
        case .given(let node, let place): return holds(node, record, givenDefaults[Int(place)])
        }
    }

    private func holds(
        _ comparison: SubscriptionFilter.Comparison,
        _ test: Test,
        _ record: ConnectorRecord,
        _ defaults: EventDefaults?
    ) -> Bool {
        let wanted = bytes.view.bytes(test.text)
        let result = record.test(test.core, named: bytes.view.bytes(test.name)) { comparison.holds($0, wanted) }
        if let result { return result }
        switch test.core {
        case .source?: return defaults?.source.string.withBytes { comparison.holds($0, wanted) } ?? false
        case .type?: return defaults?.type.withBytes { comparison.holds($0, wanted) } ?? false
        default: return false
        }
    }
}

extension SubscriptionFilter.Comparison {
    @inline(__always)
    fileprivate func holds(_ text: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .exact: areEqual(text, wanted)
        case .prefix: text.hasPrefix(wanted)
        case .suffix: text.hasSuffix(wanted)
        }
    }
}

extension CloudEventsSQL {
    /// Whether there is no error, and the value is true or can be cast to it.
    fileprivate func coercedPasses(_ record: ConnectorRecord, defaults: EventDefaults?) -> Bool {
        if valueType == .boolean { return passes(record, defaults: defaults) }
        let evaluation = evaluate(record, defaults: defaults)
        return evaluation.errors.isEmpty && evaluation.value.cast(to: .boolean) == .boolean(true)
    }
}
