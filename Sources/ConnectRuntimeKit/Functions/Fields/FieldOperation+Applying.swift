// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension RecordEdit {
    /// Does what an operation says; whether the field was there that it needs.
    mutating func apply(_ operation: FieldOperation, missing: MissingFieldPolicy) throws -> Bool {
        switch operation.step {
        case .set(let field, let value):
            try set(field, to: value)
        case .setIfMissing(let field, let value):
            try setIfMissing(field, to: value)
        case .fill(let field, let template):
            let value = try template.value(for: &self, missing: missing)
            try set(field, to: value)
        case .copy(let field, let target):
            guard let value = try value(of: field) else { return false }
            try set(target, to: value)
        case .move(let field, let target):
            return try move(field, to: target)
        case .remove(let fields):
            for field in fields { _ = try remove(field) }
        case .keep(let names, let field):
            return try changeMembers(of: field) { names.contains(ExactText($0)) ? $0 : nil }
        case .rename(let field, let change):
            return try changeMembers(of: field) { change.apply(to: $0) }
        case .change(let field, let change):
            return try self.change(field) { value in
                if value == .null { return .null }
                guard let text = value.scalarText else {
                    throw ConnectorError(.invalidRecord, "\(value.kind) is no text")
                }
                return .string(change.apply(to: text))
            }
        case .cast(let field, let type):
            return try change(field) { try type.cast($0) }
        case .convertTime(let field, let source, let target):
            return try change(field) { $0 == .null ? .null : try target.write((source ?? .rfc3339).read($0)) }
        case .flatten(let field, let separator):
            return try change(field) { try $0.flattened(separator) }
        case .mask(let field, let replacement):
            return try change(field) { $0 == .null ? .null : replacement ?? $0.emptied }
        case .invalid:
            break
        }
        return true
    }

    private mutating func move(_ field: RecordField, to target: RecordField) throws -> Bool {
        guard let value = try value(of: field) else { return false }
        guard field != target, canBeGiven(target) else { return true }
        _ = try remove(field)
        try set(target, to: value)
        return true
    }
}

extension StructuredValue {
    fileprivate var emptied: StructuredValue {
        switch self {
        case .null: .null
        case .boolean: .boolean(false)
        case .integer: .integer(0)
        case .double: .double(0)
        case .decimal: .integer(0)
        case .string: .string("")
        case .bytes: .bytes(SharedBytes())
        case .timestamp: StructuredValue(RecordTimestamp(nanosecondsSince1970: 0)) ?? .null
        case .array: .array([])
        case .object: .object([:])
        }
    }

    fileprivate func flattened(_ separator: String) throws -> StructuredValue {
        guard case .object(let object) = self else { throw ConnectorError(.invalidRecord, "\(kind) has no members") }
        var flat = FlatObject(separator: separator)
        try flat.add(object, behind: "", depth: 0)
        return .object(StructuredObject(unique: flat.members))
    }
}

/// The members of an object and of all objects in it.
private struct FlatObject {
    let separator: String
    var members: [StructuredObject.Member] = []
    private var names: Set<ExactText> = []
    private var nameBytes = 0

    /// Long names of objects with many members would otherwise fill the memory.
    private static let maximumNameBytes = 16 * 1024 * 1024

    init(separator: String) { self.separator = separator }

    mutating func add(_ object: StructuredObject, behind prefix: String, depth: Int) throws {
        for member in object.members {
            let name = depth == 0 ? member.name : prefix + separator + member.name
            nameBytes += name.utf8.count
            guard nameBytes <= Self.maximumNameBytes else {
                throw ConnectorError(.invalidRecord, "the names of the flat fields would take more than 16 MiB")
            }
            if case .object(let inner) = member.value, !inner.members.isEmpty {
                guard depth < FieldPath.maximumLength else {
                    throw ConnectorError(.invalidRecord, "objects are nested too deep to be made flat")
                }
                try add(inner, behind: name, depth: depth + 1)
                continue
            }
            guard names.insert(ExactText(name)).inserted else {
                throw ConnectorError(.invalidRecord, "two fields would have one name; take another separator")
            }
            members.append(StructuredObject.Member(name: name, value: member.value))
        }
    }
}
