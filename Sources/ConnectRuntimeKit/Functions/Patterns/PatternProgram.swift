// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A pattern as it is matched: tables that refer to each other by places, without any reference among them.
///
/// Each field that the pattern names is a ``Test`` with a result of its own. The fields of the data are a tree of
/// ``Node``s, one for each name at each place, whatever number of alternatives ask for it; so one pass over the data gives
/// all results. A ``Formula`` then says which of them are needed.
final class PatternProgram: Sendable {
    /// A place in the data, or an attribute.
    struct Node: BitwiseCopyable, Sendable {
        /// Its members in ``children``, in the order of their names.
        var children: TableRange
        /// Its tests, in ``places``.
        var tests: TableRange
        /// Whether one of the tests is of its members.
        var hasFormulas: Bool
    }

    struct Child: BitwiseCopyable, Sendable {
        var name: TableRange
        var node: Int32
    }

    /// An attribute that the pattern asks for.
    struct Attribute: BitwiseCopyable, Sendable {
        /// `nil` for an extension.
        var core: CoreAttribute?
        var name: TableRange
        /// In ``places``.
        var tests: TableRange
    }

    struct Test: BitwiseCopyable, Sendable {
        enum Subject: BitwiseCopyable, Sendable {
            /// Any of these in ``conditions``.
            case value(TableRange)
            /// The members, by the place in ``formulas``.
            case members(Int32)
        }
        var subject: Subject
        /// The result where the field is there, before its value is looked at.
        var whenPresent: Bool
        /// The result where the field is missing.
        var whenMissing: Bool
    }

    /// Tests that are all needed, and groups of formulas of which one each is.
    struct Formula: BitwiseCopyable, Sendable {
        /// In ``places``.
        var tests: TableRange
        /// In ``groups``.
        var groups: TableRange
    }

    enum Condition: BitwiseCopyable, Sendable {
        case null
        case boolean(Bool)
        case text(TableRange)
        /// The place in ``numbers``.
        case number(Int32)
        case prefix(TableRange)
        case suffix(TableRange)
        case affixes(TableRange, TableRange)
        /// The place in ``wildcards``.
        case wildcard(Int32)
        /// In small letters.
        case ignoringCase(TableRange)
        /// All of these in ``comparisons``.
        case numeric(TableRange)
        /// None of these in ``conditions``.
        case anythingBut(TableRange)
    }

    struct Comparison: BitwiseCopyable, Sendable {
        enum Symbol: UInt8, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
        var symbol: Symbol
        var number: Int32
    }

    struct Number: BitwiseCopyable, Sendable {
        var sign: Int
        var exponent: Int
        var digits: TableRange
    }

    /// What the parser makes.
    struct Tables {
        struct Draft {
            var children: [(name: [UInt8], node: Int)] = []
            var tests: [Int32] = []
        }
        var nodes = [Draft()]
        var attributes: [(core: CoreAttribute?, name: [UInt8], tests: [Int32])] = []
        var tests: [Test] = []
        var formulas: [(tests: [Int32], groups: [[Int32]])] = []
        var conditions: [Condition] = []
        var comparisons: [Comparison] = []
        var numbers: [Number] = []
        var wildcards: [LikePattern] = []
        var bytes: [UInt8] = []
    }

    /// The root of the data.
    static let data: Int32 = 0

    private let nodes: ConstantTable<Node>
    private let children: ConstantTable<Child>
    private let attributes: ConstantTable<Attribute>
    private let tests: ConstantTable<Test>
    private let formulas: ConstantTable<Formula>
    /// Ranges of formulas in ``places``.
    private let groups: ConstantTable<TableRange>
    private let conditions: ConstantTable<Condition>
    private let comparisons: ConstantTable<Comparison>
    private let numbers: ConstantTable<Number>
    /// Places of tests and formulas.
    private let places: ConstantTable<Int32>
    private let bytes: ConstantTable<UInt8>
    private let views: ConstantTable<View>
    let wildcards: [LikePattern]
    /// The formula of the whole pattern.
    let root: Int32
    let testCount: Int
    /// Whether a test is of the data.
    let readsData: Bool

    init(_ tables: Tables, root: Int32) {
        var (places, bytes) = ([Int32](), tables.bytes)
        var (children, groups) = ([Child](), [TableRange]())
        nodes = ConstantTable(
            tables.nodes.map { node in
                let sorted = node.children.sorted { Self.isOrdered($0.name, $1.name) }
                return Node(
                    children: children.add(sorted.map { Child(name: bytes.add($0.name), node: Int32($0.node)) }),
                    tests: places.add(node.tests),
                    hasFormulas: node.tests.contains { tables.tests[Int($0)].isOfMembers }
                )
            }
        )
        attributes = ConstantTable(
            tables.attributes.map {
                Attribute(core: $0.core, name: bytes.add($0.name), tests: places.add($0.tests))
            }
        )
        formulas = ConstantTable(
            tables.formulas.map { formula in
                Formula(
                    tests: places.add(formula.tests),
                    groups: groups.add(formula.groups.map { places.add($0) })
                )
            }
        )
        self.children = ConstantTable(children)
        self.groups = ConstantTable(groups)
        self.places = ConstantTable(places)
        self.bytes = ConstantTable(bytes)
        tests = ConstantTable(tables.tests)
        conditions = ConstantTable(tables.conditions)
        comparisons = ConstantTable(tables.comparisons)
        numbers = ConstantTable(tables.numbers)
        wildcards = tables.wildcards
        self.root = root
        testCount = tables.tests.count
        readsData = !tables.nodes[0].tests.isEmpty
        views = ConstantTable([
            View(
                nodes: nodes.view,
                children: self.children.view,
                attributes: attributes.view,
                attributeCount: attributes.count,
                tests: tests.view,
                formulas: formulas.view,
                groups: self.groups.view,
                conditions: conditions.view,
                comparisons: comparisons.view,
                numbers: numbers.view,
                places: self.places.view,
                bytes: self.bytes.view
            )
        ])
    }

    /// Names are in the order of their lengths, and then of their bytes: most comparisons are of two numbers.
    private static func isOrdered(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count != right.count ? left.count < right.count : left.lexicographicallyPrecedes(right)
    }

    /// The tables without the object that owns them, to which a reference would be counted at each look.
    struct View: BitwiseCopyable, Sendable {
        let nodes: ConstantTable<Node>.View
        let children: ConstantTable<Child>.View
        let attributes: ConstantTable<Attribute>.View
        let attributeCount: Int
        let tests: ConstantTable<Test>.View
        let formulas: ConstantTable<Formula>.View
        let groups: ConstantTable<TableRange>.View
        let conditions: ConstantTable<Condition>.View
        let comparisons: ConstantTable<Comparison>.View
        let numbers: ConstantTable<Number>.View
        let places: ConstantTable<Int32>.View
        let bytes: ConstantTable<UInt8>.View
    }

    /// A program without a reference that would be counted, valid while the program is kept alive.
    struct Pointer {
        private let view: UnsafePointer<View>
        /// For what is no plain value.
        unowned(unsafe) let owner: PatternProgram

        fileprivate init(_ program: PatternProgram) {
            view = program.views.start
            owner = program
        }

        var nodes: ConstantTable<Node>.View { view.pointee.nodes }
        var children: ConstantTable<Child>.View { view.pointee.children }
        var attributes: ConstantTable<Attribute>.View { view.pointee.attributes }
        var attributeCount: Int { view.pointee.attributeCount }
        var tests: ConstantTable<Test>.View { view.pointee.tests }
        var formulas: ConstantTable<Formula>.View { view.pointee.formulas }
        var groups: ConstantTable<TableRange>.View { view.pointee.groups }
        var conditions: ConstantTable<Condition>.View { view.pointee.conditions }
        var comparisons: ConstantTable<Comparison>.View { view.pointee.comparisons }
        var places: ConstantTable<Int32>.View { view.pointee.places }
        var bytes: ConstantTable<UInt8>.View { view.pointee.bytes }
    }

    /// Valid while the program is kept alive.
    var pointer: Pointer { Pointer(self) }
}

extension PatternProgram.Test {
    var isOfMembers: Bool {
        if case .members = subject { true } else { false }
    }
}

extension PatternProgram.Pointer {
    /// The node of a member, if the pattern asks for one of that name.
    @inline(__always)
    func child(of node: PatternProgram.Node, named name: UnsafeRawBufferPointer) -> Int32? {
        var (low, high) = (node.children.start, node.children.end)
        while low < high {
            let middle = (low &+ high) / 2
            let child = children[middle]
            let order = Self.order(name, bytes.bytes(child.name))
            if order == 0 { return child.node }
            if order < 0 { high = middle } else { low = middle &+ 1 }
        }
        return nil
    }

    @inline(__always)
    private static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        guard left.count == right.count else { return left.count &- right.count }
        for index in left.indices where left[index] != right[index] { return Int(left[index]) &- Int(right[index]) }
        return 0
    }

    func number(_ place: Int32) -> ExactNumber {
        let number = view.pointee.numbers[place]
        return ExactNumber(sign: number.sign, exponent: number.exponent, digits: bytes.bytes(number.digits))
    }
}
