// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension FieldOperation {
    /// Finds out, before there is a record, what can never be done.
    func check() throws {
        switch step {
        case .set(let field, _), .setIfMissing(let field, _), .fill(let field, _): try checkWritten(field)
        case .copy(let field, let target), .move(let field, let target):
            try checkRead(field)
            try checkWritten(target)
            guard !target.isAmbiguous else { throw failure("a value goes to one place; leave [*] out of the target") }
            if case .move = step { try checkWritten(field) }
        case .remove(let fields):
            for field in fields { try checkWritten(field) }
        case .keep(_, let field), .flatten(let field, _): try checkObject(field)
        case .rename(let field, let change):
            try checkObject(field)
            try check(change)
        case .change(let field, let change):
            try checkWritten(field)
            try check(change)
        case .cast(let field, _): try checkWritten(field)
        case .mask(let field, let replacement):
            try checkWritten(field)
            guard replacement == nil, field.isNeverEmpty else { return }
            throw failure("\(field) cannot be an empty text; say what is seen instead")
        case .convertTime(let field, let source, let target):
            try checkWritten(field)
            if field.isTime, case .unix = target.kind {
                throw failure("\(field) is a time and cannot be a number; copy it to another field first")
            }
            if case .pattern(let pattern)? = source?.kind, !pattern.isReadable {
                throw failure("a pattern that is read needs yyyy, MM and dd")
            }
        case .invalid(let reason):
            throw ConnectorError(.invalidConfiguration, "\(reason): only data, key and fields in them")
        }
    }

    private func checkWritten(_ field: RecordField) throws {
        guard !field.isWritable else { return }
        throw failure("\(field) cannot be changed: it says where the record comes from")
    }

    private func checkRead(_ field: RecordField) throws {
        guard field.isAmbiguous else { return }
        throw failure("\(field) means several values; give one of them an index")
    }

    private func checkObject(_ field: RecordField) throws {
        switch field.place {
        case .data, .key: return
        case .headers, .extensions:
            if case .flatten = step { throw failure("\(field) are flat") }
        default: throw failure("\(field) is no object")
        }
    }

    private func check(_ change: TextChange) throws {
        guard case .replace("", _) = change.kind else { return }
        throw failure("an empty text cannot be replaced")
    }

    private func failure(_ reason: String) -> ConnectorError {
        ConnectorError(.invalidConfiguration, "\(self): \(reason)")
    }
}

extension RecordField {
    /// Whether it is an attribute whose texts are not empty.
    fileprivate var isNeverEmpty: Bool {
        guard case .attribute(let name) = place else { return false }
        return name.isCore && name != .time
    }

    fileprivate var isTime: Bool { place == .timestamp || place == .attribute(.time) }
}
