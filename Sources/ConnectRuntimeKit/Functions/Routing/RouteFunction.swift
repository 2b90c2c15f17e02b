// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Sends each record to the sinks of the first case whose condition holds.
///
/// ```swift
/// RouteFunction(
///     [.init(.exists("headers.priority"), to: "urgent"), .init(.equals("type", .string("audit")), to: "audit", "all")],
///     otherwise: ["all"]
/// )
/// ```
///
/// A pipeline that has not all of the named sinks does not start.
public struct RouteFunction: SinkChoosing, SynchronousFunction {
    /// A condition, and where the records go for which it holds.
    public struct Case: Sendable {
        /// Says which records.
        public let condition: any RecordCondition
        /// The names of the sinks; without one the records are filtered out.
        public let sinks: [String]

        /// A case.
        public init(_ condition: some RecordCondition, to sinks: [String]) {
            self.condition = condition
            self.sinks = sinks
        }

        /// A case.
        public init(_ condition: some RecordCondition, to sinks: String...) {
            self.init(condition, to: sinks)
        }
    }

    private let cases: [Case]
    private let otherwise: [String]

    /// A function that tries the cases in their order.
    ///
    /// - Parameters:
    ///   - cases: the first whose condition holds is taken.
    ///   - otherwise: the names of the sinks for records that no case takes; none, to filter them out.
    public init(_ cases: [Case], otherwise: [String]) {
        self.cases = cases
        self.otherwise = otherwise
    }

    /// The record for some of the sinks.
    ///
    /// - Throws: what a condition throws: where a case cannot be decided, none behind it is tried.
    public func apply(_ record: ConnectorRecord) throws -> FunctionResult {
        for element in cases where try element.condition.holds(for: record) {
            return .route(record, to: element.sinks)
        }
        return .route(record, to: otherwise)
    }

    /// The sinks of all cases.
    public var chosenSinks: [String] { cases.flatMap(\.sinks) + otherwise }
}
