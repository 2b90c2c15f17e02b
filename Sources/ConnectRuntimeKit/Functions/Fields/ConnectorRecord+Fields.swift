// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Attributes, extensions and headers as structured values.
extension ConnectorRecord {
    func value(of attribute: AttributeName) -> StructuredValue? {
        switch attribute {
        case .id: eventID.map { .string($0) }
        case .source: source.map { .string($0.string) }
        case .type: type.map { .string($0) }
        case .subject: subject.map { .string($0) }
        case .time: time.map { .timestamp($0) }
        case .dataContentType: contentType.map { .string($0) }
        case .dataSchema: schema.map { .string($0.string) }
        case .specVersion: .string("1.0")
        default: self[extension: attribute].map { StructuredValue($0) }
        }
    }

    mutating func set(_ attribute: AttributeName, to value: StructuredValue) throws {
        if value == .null, partition.defaults != nil { leaveDefaults() }
        do {
            switch attribute {
            case .id: id = try value.attributeText()
            case .source: source = try value.attributeText().map { try URIReference($0) }
            case .type: type = try value.attributeText()
            case .subject: subject = try value.attributeText()
            case .time: time = try value.timestamp()
            case .dataContentType: contentType = try value.attributeText()
            case .dataSchema: schema = try value.attributeText().map { try URI($0) }
            case .specVersion: break
            default: self[extension: attribute] = try value.attributeValue()
            }
        } catch let error as CloudEventError {
            throw ConnectorError(.invalidRecord, "not a value of the attribute \(attribute): \(error.message)")
        }
    }

    /// Makes what the record has of its partition its own, so that it can be taken away.
    private mutating func leaveDefaults() { partition = RecordPartition(partition.name) }

    /// Sets an extension attribute that is not there yet.
    mutating func setExtension(_ name: String, to value: AttributeValue?) throws {
        guard let name = try? AttributeName(name), !name.isCore, self[extension: name] == nil else {
            throw ConnectorError(
                .invalidRecord,
                "an extension attribute cannot have the name \(name.debugDescription), or has it already"
            )
        }
        self[extension: name] = value
    }

    /// Leaves one header of the name, at the place of the first, or none.
    mutating func set(header name: String, to value: SharedBytes?) {
        let index = headers.firstIndex { $0.name.hasSameBytes(as: name) }
        var headers = headers
        if let index, let value { headers[index].value = value }
        var position = 0
        headers.removeAll { header in
            defer { position += 1 }
            return header.name.hasSameBytes(as: name) && (value == nil || position != index)
        }
        if index == nil, let value { headers.append(RecordHeader(name, value)) }
        self.headers = headers
    }
}

extension RecordHeader {
    var structured: StructuredValue { String(validatingUTF8: value).map { .string($0) } ?? .bytes(value) }
}

extension StructuredValue {
    init(_ attribute: AttributeValue) {
        switch attribute {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(Int64(value))
        case .string(let value): self = .string(value)
        case .binary(let value): self = .bytes(value)
        case .uri(let value): self = .string(value.string)
        case .uriReference(let value): self = .string(value.string)
        case .timestamp(let value): self = .timestamp(value)
        }
    }

    init?(_ timestamp: RecordTimestamp) {
        guard let timestamp = try? Timestamp(timestamp) else { return nil }
        self = .timestamp(timestamp)
    }

    init(_ offset: RecordOffset) {
        if let sequence = offset.sequence {
            self = .integer(sequence)
        } else if let text = offset.text {
            self = .string(text)
        } else {
            self = (try? StructuredValue(json: SharedBytes(utf8: offset.description))) ?? .string(offset.description)
        }
    }

    /// The text of a core attribute; `nil` for null.
    fileprivate func attributeText() throws -> String? {
        if self == .null { return nil }
        guard let text = scalarText else {
            throw ConnectorError(.invalidRecord, "an attribute is a text, and not \(kind)")
        }
        guard !text.isEmpty else { throw ConnectorError(.invalidRecord, "an attribute cannot be empty") }
        return try AttributeValue(canonical: text, as: .string).canonicalString
    }

    /// The value of an extension attribute, in the type that is next to its own; `nil` for null.
    func attributeValue() throws -> AttributeValue? {
        switch self {
        case .null: return nil
        case .boolean(let value): return .boolean(value)
        case .integer(let value):
            if let small = Int32(exactly: value) { return .integer(small) }
            return .string("\(value)")
        case .bytes(let bytes): return .binary(bytes)
        case .timestamp(let timestamp): return .timestamp(timestamp)
        case .double, .decimal, .string, .array, .object:
            do {
                return try AttributeValue(canonical: try text(), as: .string)
            } catch let error as CloudEventError {
                throw ConnectorError(.invalidRecord, "not a value of an extension attribute: \(error.message)")
            }
        }
    }

    /// The value of a header; `nil` for null.
    func headerBytes() throws -> SharedBytes? {
        switch self {
        case .null: nil
        case .bytes(let bytes): bytes
        default: SharedBytes(utf8: try text())
        }
    }

    /// The point in time that a timestamp or a text in RFC 3339 names; `nil` for null.
    func timestamp() throws -> Timestamp? {
        switch self {
        case .null: return nil
        case .timestamp(let timestamp): return timestamp
        case .string(let text):
            if let timestamp = try? Timestamp(text) { return timestamp }
            throw ConnectorError(
                .invalidRecord,
                "the text is no time such as 2018-04-05T17:31:00Z; convert it from its own format first"
            )
        default:
            throw ConnectorError(.invalidRecord, "\(kind) is no time; convert it from its own format first")
        }
    }
}

extension Timestamp {
    init(_ timestamp: RecordTimestamp) throws {
        let (seconds, rest) = timestamp.nanosecondsSince1970.quotientAndRemainder(dividingBy: 1_000_000_000)
        // Rounded down, so that the fraction is never negative.
        try self.init(
            secondsSince1970: rest < 0 ? seconds - 1 : seconds,
            nanoseconds: Int32(rest < 0 ? rest + 1_000_000_000 : rest)
        )
    }
}

extension RecordTimestamp {
    init(_ timestamp: Timestamp) throws {
        let (whole, overflow) = timestamp.secondsSince1970.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflows) = whole.addingReportingOverflow(Int64(timestamp.nanoseconds))
        guard !overflow, !overflows, sum != .min else {
            throw ConnectorError(.invalidRecord, "a record's timestamp is in the years 1678 to 2262")
        }
        self.init(nanosecondsSince1970: sum)
    }
}
