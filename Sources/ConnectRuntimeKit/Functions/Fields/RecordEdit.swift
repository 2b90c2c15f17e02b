// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A record while functions read and change its fields. Data and key are parsed when a field in them is asked for, and
/// written at the end where one was changed.
struct RecordEdit {
    private var record: ConnectorRecord
    private var data: EditedPayload
    private var key: EditedPayload

    init(_ record: ConnectorRecord) {
        self.record = record
        data = EditedPayload(record.data, name: "data", contentType: record.contentType)
        key = EditedPayload(record.key ?? .absent, name: "key", contentType: nil)
    }

    /// The record with all changes. Position and id are those that it came with, but for an id that was set.
    consuming func finish() throws -> ConnectorRecord {
        var record = record
        if data.isChanged {
            let (changed, becameJSON) = try data.data()
            record.data = changed
            if becameJSON, let contentType = record.contentType, !MediaType.isJSON(contentType) {
                record.contentType = "application/json"
            }
        }
        if key.isChanged { record.key = try key.key() }
        return record
    }

    // MARK: Reading

    /// The value of a field; `nil` where there is none.
    mutating func value(of field: RecordField) throws -> StructuredValue? {
        switch field.place {
        case .data(let path): return try data.value(at: path)
        case .key(let path): return try key.value(at: path)
        case .attribute(let name): return record.value(of: name)
        case .header(let name): return record.headers.last { $0.name.hasSameBytes(as: name) }.map { $0.structured }
        case .headers: return .object(StructuredObject(record.headers.map { ($0.name, $0.structured) }))
        case .extensions:
            let members = record.extensions.map { ($0.name.string, StructuredValue($0.value)) }
            return .object(StructuredObject(members))
        case .timestamp: return record.timestamp.flatMap { StructuredValue($0) }
        case .partition: return .string(record.partition.name)
        case .offset: return record.offset.map { StructuredValue($0) }
        case .position:
            guard let offset = record.offset else { return nil }
            return .object(["partition": .string(record.partition.name), "offset": StructuredValue(offset)])
        }
    }

    /// Whether a value of a field, or one of those that it means, is what is asked for.
    mutating func contains(_ field: RecordField, where isWanted: (StructuredValue) -> Bool) throws -> Bool {
        switch field.place {
        case .data(let path) where path.isAmbiguous: try data.contains(at: path, where: isWanted)
        case .key(let path) where path.isAmbiguous: try key.contains(at: path, where: isWanted)
        default: try value(of: field).map(isWanted) ?? false
        }
    }

    // MARK: Changing

    /// Sets a field, and makes the objects on the way to it that are not there; null removes what is not a part of data
    /// or key. Data that is absent stays so: it may say that something was deleted.
    mutating func set(_ field: RecordField, to value: StructuredValue) throws {
        switch field.place {
        case .data(let path) where path.isWhole: data.replace(with: value)
        case .key(let path) where path.isWhole: key.replace(with: value == .null ? nil : value)
        case .data, .key: try make(FieldChange(creates: true) { $0 = value }, at: field)
        case .attribute(let name):
            try record.set(name, to: value)
            if name == .dataContentType { data.setContentType(record.contentType) }
        case .header(let name): record.set(header: name, to: try value.headerBytes())
        case .headers: try setHeaders(value)
        case .extensions: try setExtensions(value)
        case .timestamp: record.timestamp = try value.timestamp().map { try RecordTimestamp($0) }
        case .partition, .offset, .position: break
        }
    }

    /// Sets a field, or each of those that it means, where it is not there or null.
    mutating func setIfMissing(_ field: RecordField, to value: StructuredValue) throws {
        if field.isAmbiguous {
            try make(FieldChange(creates: true) { if ($0 ?? .null) == .null { $0 = value } }, at: field)
        } else if try (self.value(of: field) ?? .null) == .null {
            try set(field, to: value)
        }
    }

    /// Whether there can be such a field: data that is absent has no part, and stays absent.
    func canBeGiven(_ field: RecordField) -> Bool {
        guard case .data(let path) = field.place, !path.isWhole else { return true }
        return !data.wasAbsent || data.isChanged
    }

    private mutating func make(_ change: FieldChange, at field: RecordField) throws {
        guard canBeGiven(field) else { return }
        switch field.place {
        case .data(let path): _ = try data.apply(change, at: path)
        case .key(let path): _ = try key.apply(change, at: path)
        default: break
        }
    }

    /// Removes a field; whether there was one.
    mutating func remove(_ field: RecordField) throws -> Bool {
        switch field.place {
        case .data(let path): return try data.apply(FieldChange { $0 = nil }, at: path)
        case .key(let path): return try key.apply(FieldChange { $0 = nil }, at: path)
        default:
            guard try value(of: field) != nil else { return false }
            switch field.place {
            case .headers: record.headers = []
            case .extensions: record.extensions = []
            default: try set(field, to: .null)
            }
            return true
        }
    }

    /// Puts another value in the place of a field's, or of each of those that it means; whether there was one.
    mutating func change(
        _ field: RecordField,
        _ body: @escaping (StructuredValue) throws -> StructuredValue
    ) throws -> Bool {
        let change = FieldChange { $0 = try $0.map(body) }
        switch field.place {
        case .data(let path): return try data.apply(change, at: path)
        case .key(let path): return try key.apply(change, at: path)
        default:
            guard let value = try value(of: field) else { return false }
            try set(field, to: try body(value))
            return true
        }
    }

    /// Changes the members of an object, or of each of those that a field means; whether there was one.
    ///
    /// - Parameter rename: the name of a member; `nil` where it is to go.
    mutating func changeMembers(of field: RecordField, _ rename: @escaping (String) -> String?) throws -> Bool {
        switch field.place {
        case .headers:
            record.headers = record.headers.compactMap { header in
                rename(header.name).map { RecordHeader($0, header.value) }
            }
            return true
        case .extensions:
            var kept = ConnectorRecord("")
            for element in record.extensions {
                guard let name = rename(element.name.string) else { continue }
                try kept.setExtension(name, to: element.value)
            }
            record.extensions = kept.extensions
            return true
        default:
            return try change(field) { value in
                guard case .object(let object) = value else {
                    throw ConnectorError(.invalidRecord, "\(value.kind) has no members")
                }
                return .object(try object.renamed(rename))
            }
        }
    }

    private mutating func setHeaders(_ value: StructuredValue) throws {
        guard case .object(let object) = value else {
            throw ConnectorError(.invalidRecord, "headers are an object, not \(value.kind)")
        }
        record.headers = try object.members.compactMap { member in
            try member.value.headerBytes().map { RecordHeader(member.name, $0) }
        }
    }

    private mutating func setExtensions(_ value: StructuredValue) throws {
        guard case .object(let object) = value else {
            throw ConnectorError(.invalidRecord, "extensions are an object, not \(value.kind)")
        }
        var made = ConnectorRecord("")
        for member in object.members {
            try made.setExtension(member.name, to: member.value.attributeValue())
        }
        record.extensions = made.extensions
    }
}

extension StructuredObject {
    fileprivate func renamed(_ rename: (String) -> String?) throws -> StructuredObject {
        var names: Set<ExactText> = []
        var kept: [Member] = []
        kept.reserveCapacity(members.count)
        for member in members {
            guard let name = rename(member.name) else { continue }
            guard names.insert(ExactText(name)).inserted else {
                throw ConnectorError(.invalidRecord, "two fields would have one name")
            }
            kept.append(Member(name: name, value: member.value))
        }
        return StructuredObject(unique: kept)
    }
}
