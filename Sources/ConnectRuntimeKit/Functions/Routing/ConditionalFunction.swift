// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Applies a function to the records for which a condition holds; the others go on unchanged.
public struct ConditionalFunction: SinkChoosing {
    private let condition: any RecordCondition
    private let function: any RecordFunction

    /// A function that is applied under a condition.
    public init(_ function: some RecordFunction, when condition: some RecordCondition) {
        self.function = function
        self.condition = condition
    }

    /// What the function makes of the record, or the record itself.
    ///
    /// - Throws: what condition and function throw.
    public func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
        try condition.holds(for: record) ? try await function.apply(record) : .record(record)
    }

    /// Those of the function, where it says so.
    public var chosenSinks: [String] { (function as? any SinkChoosing)?.chosenSinks ?? [] }
}

extension ConditionalFunction: PossiblySynchronous {
    var synchronousForm: (any SynchronousFunction)? {
        guard let function = function.asSynchronous else { return nil }
        let condition = condition
        return SynchronousInlineFunction {
            try condition.holds(for: $0) ? try function.apply($0) : .record($0)
        }
    }
}

extension RecordFunction {
    /// The function for records for which a condition holds; the others go on unchanged.
    public func when(_ condition: some RecordCondition) -> ConditionalFunction {
        ConditionalFunction(self, when: condition)
    }
}
