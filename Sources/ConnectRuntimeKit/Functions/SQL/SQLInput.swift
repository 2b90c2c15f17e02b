// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// An attribute that an expression names.
///
/// An object: a value of it would be two references that are counted at each use.
final class SQLAttribute: Sendable {
    enum Kind: Sendable {
        case id, source, specVersion, type, dataContentType, dataSchema, subject, time
        /// With its name as a key.
        case `extension`(AttributeName)
        /// No event can have it.
        case impossible
    }

    let kind: Kind
    /// In small letters.
    let name: String
    /// Whether every event has it (L14).
    let isRequired: Bool

    init(_ name: String) {
        self.name = name
        kind =
            switch name {
            case "id": .id
            case "source": .source
            case "specversion": .specVersion
            case "type": .type
            case "datacontenttype": .dataContentType
            case "dataschema": .dataSchema
            case "subject": .subject
            case "time": .time
            default: (try? AttributeName(name)).map { .extension($0) } ?? .impossible
            }
        isRequired = name == "id" || name == "source" || name == "specversion" || name == "type"
    }
}

/// A condition on a text; it is no closure, which would hold on to what it needs.
enum SQLTest {
    /// The text is these bytes, which belong to the program.
    case equal(UnsafeRawBufferPointer)
    case like(LikePattern)

    @inline(__always)
    func holds(for text: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .equal(let bytes): areEqual(text, bytes)
        case .like(let pattern): pattern.matches(text)
        }
    }
}

/// What an expression is evaluated for.
protocol SQLInput {
    /// The value of an attribute; `nil` where it is not there.
    func value(of attribute: SQLAttribute) -> CloudEventsSQL.Value?

    /// Tests the value of an attribute as a String (L10); `nil` where it is not there.
    func test(_ attribute: SQLAttribute, _ condition: SQLTest) -> Bool?

    func has(_ attribute: SQLAttribute) -> Bool
}

/// What records say where neither they nor their partitions do.
struct SQLFallback: Sendable {
    var source: String
    var type: String

    func value(of attribute: SQLAttribute) -> String? {
        switch attribute.kind {
        case .source: source
        case .type: type
        default: nil
        }
    }
}

extension CloudEventsSQL.Value {
    /// The value of an attribute in one of the three types (L1).
    init(_ value: AttributeValue) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .integer(let number): self = .integer(number)
        default: self = .string(value.canonicalString)
        }
    }
}

extension CloudEvent: SQLInput {
    func value(of attribute: SQLAttribute) -> CloudEventsSQL.Value? {
        switch attribute.kind {
        case .extension(let name): extensions[name].map { CloudEventsSQL.Value($0) }
        case .impossible: nil
        default: key(of: attribute).flatMap { canonicalString(of: $0) }.map { .string($0) }
        }
    }

    func test(_ attribute: SQLAttribute, _ condition: SQLTest) -> Bool? {
        key(of: attribute).flatMap { canonicalBytes(of: $0) }?.withUnsafeBytes { condition.holds(for: $0) }
    }

    func has(_ attribute: SQLAttribute) -> Bool {
        guard !attribute.isRequired else { return true }
        return key(of: attribute).map { canonicalBytes(of: $0) != nil } ?? false
    }

    private func key(of attribute: SQLAttribute) -> AttributeName? {
        switch attribute.kind {
        case .id: .id
        case .source: .source
        case .specVersion: .specVersion
        case .type: .type
        case .dataContentType: .dataContentType
        case .dataSchema: .dataSchema
        case .subject: .subject
        case .time: .time
        case .extension(let name): name
        case .impossible: nil
        }
    }
}

/// Whether bytes are the same, eight at a time.
func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while index &+ 8 <= left.count {
        let (word, other) = (
            left.loadUnaligned(fromByteOffset: index, as: UInt64.self),
            right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        )
        guard word == other else { return false }
        index &+= 8
    }
    while index < left.count {
        guard left[index] == right[index] else { return false }
        index &+= 1
    }
    return true
}

extension String {
    /// Whether a condition holds for the UTF-8 of the text.
    func test(_ condition: SQLTest) -> Bool { test { condition.holds(for: $0) } }

    /// Calls with the UTF-8 of the text.
    func test(_ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        if let result = utf8.withContiguousStorageIfAvailable({ condition(UnsafeRawBufferPointer($0)) }) {
            return result
        }
        var copy = self
        return copy.withUTF8 { condition(UnsafeRawBufferPointer($0)) }
    }
}
