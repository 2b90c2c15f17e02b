// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// Makes a record of each element of an array in the data; they commit together.
///
/// Each has one element as its data, as JSON with the content type that the whole had, and all else from it. Its
/// id is that of the whole, `/` and its index, so that a replay gives the same ids. An array without elements gives no
/// record: the whole counts as filtered.
public struct SplitFunction: SynchronousFunction {
    private let field: RecordField
    private let passesOthers: Bool

    /// A function that splits.
    ///
    /// - Parameters:
    ///   - field: where the array is: the data, or a field in it.
    ///   - passesOthers: whether a record without an array there goes on unchanged; otherwise it is rejected.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` where the field is not in the data, or
    ///   means several.
    public init(at field: RecordField = "data", passesOthers: Bool = false) throws {
        guard case .data(let path) = field.place, !path.isAmbiguous else {
            throw ConnectorError(
                .invalidConfiguration,
                "a record is split by one array in its data, and \(field) is something else; name a field such as data.items"
            )
        }
        self.field = field
        self.passesOthers = passesOthers
    }

    /// A record of each element.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` where there is no array, and no other record
    ///   goes on.
    public func apply(_ record: ConnectorRecord) throws -> FunctionResult {
        var edit = RecordEdit(record)
        let value: StructuredValue?
        do {
            value = try edit.value(of: field)
        } catch {
            guard !passesOthers else { return .record(record) }
            throw failure(record, (error as? ConnectorError)?.message ?? "\(error)")
        }
        guard case .array(let elements)? = value else {
            guard !passesOthers else { return .record(record) }
            throw failure(record, value.map { "\($0.kind) is no array" } ?? "there is nothing")
        }
        return .split(
            try elements.enumerated().map { index, element in
                var part = record
                part.data = try Self.data(element, of: record)
                part.becomePart(index)
                return part
            }
        )
    }

    private static func data(_ element: StructuredValue, of record: ConnectorRecord) throws -> RecordData {
        guard record.data.form != .structured else { return .structured(element) }
        let json = try element.validatedJSON()
        // Nothing else would tell that text or bytes are JSON, if that is just a number or a string.
        let isTold = element.hasMembers || record.contentType.map { MediaType.isJSON($0) } == true
        return switch record.data.form {
        case .text where isTold: .text(utf8: json) ?? .bytes(json)
        case .bytes where isTold: .bytes(json)
        default: .json(checked: json)
        }
    }

    private func failure(_ record: ConnectorRecord, _ reason: String) -> ConnectorError {
        ConnectorError(
            .invalidRecord,
            "the record cannot be split at \(field): \(reason)",
            position: record.position
        )
    }
}
