// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Changes fields of each record: attributes, headers, key, data, and what is in them.
///
/// ```swift
/// try FieldsFunction([
///     .move("data.kind", to: "type"),
///     .remove("data.internal"),
///     .cast("data.total", to: .decimal),
/// ])
/// ```
///
/// The operations are applied one after the other to what the ones before have made. Data and key are parsed once, if a
/// field in them is meant, and written once, if one was changed; what is JSON stays JSON, in the form in which the record
/// holds it, and keeps its order and the digits of its numbers. Position and id stay, unless the id is set.
public struct FieldsFunction: SynchronousFunction {
    private let operations: [FieldOperation]
    private let missing: MissingFieldPolicy

    /// A function that applies the operations in their order.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that names an operation which no
    ///   record can satisfy.
    public init(_ operations: [FieldOperation], missing: MissingFieldPolicy = .skip) throws {
        for operation in operations { try operation.check() }
        self.operations = operations
        self.missing = missing
    }

    /// The record with its fields changed.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` that names the operation which its fields do
    ///   not allow: data that is no JSON, a text that is no number, an attribute that cannot have such a value.
    public func apply(_ record: ConnectorRecord) throws -> FunctionResult {
        var edit = RecordEdit(record)
        for operation in operations {
            do {
                guard try !edit.apply(operation, missing: missing), missing == .reject else { continue }
                throw ConnectorError(.invalidRecord, "the field is not there")
            } catch let error as ConnectorError {
                throw ConnectorError(error.code, "\(operation): \(error.message)", position: record.position)
            }
        }
        do {
            return .record(try edit.finish())
        } catch let error as ConnectorError {
            throw ConnectorError(error.code, error.message, position: record.position)
        }
    }
}
