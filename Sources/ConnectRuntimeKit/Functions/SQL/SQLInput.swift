// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// An attribute that an expression names, valid while the program is kept alive.
struct SQLAttribute {
    /// `nil` for an extension.
    let core: CoreAttribute?
    /// In small letters.
    let name: UnsafeRawBufferPointer
    let place: Int
    unowned(unsafe) let owner: SQLProgram

    /// Whether every event has it (L14).
    var isRequired: Bool { core?.isRequired == true }

    /// `nil` where no event can have it.
    var key: AttributeName? { owner.names[place] }

    var error: CloudEventsSQLError.Detail { .missingAttribute(String(decoding: name, as: UTF8.self)) }
}

/// What is evaluated for without making a value of it.
protocol SQLInput {
    /// The value of an attribute; `nil` where it is not there.
    func value(of attribute: SQLAttribute) -> CloudEventsSQL.Value?

    /// Tests the value of an attribute as a String (L10); `nil` where it is not there.
    func test(_ attribute: SQLAttribute, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool?

    /// Tests the value of an attribute that is a String; `nil` where it is not there, or an Integer or Boolean.
    func testText(_ attribute: SQLAttribute, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool?

    /// What kind of value an attribute has.
    func kind(of attribute: SQLAttribute) -> AttributeKind
}

/// What records say where neither they nor their partitions do.
struct SQLFallback: Sendable {
    var source: String
    var type: String

    func value(of attribute: SQLAttribute) -> String? {
        switch attribute.core {
        case .source?: source
        case .type?: type
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
        guard let key = attribute.key else { return nil }
        if attribute.core == nil { return extensions[key].map { CloudEventsSQL.Value($0) } }
        return canonicalString(of: key).map { .string($0) }
    }

    func test(_ attribute: SQLAttribute, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool? {
        attribute.key.flatMap { canonicalBytes(of: $0) }?.withUnsafeBytes(condition)
    }

    func testText(_ attribute: SQLAttribute, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool? {
        kind(of: attribute) == .text ? test(attribute, condition) : nil
    }

    func kind(of attribute: SQLAttribute) -> AttributeKind {
        guard let key = attribute.key else { return .absent }
        guard attribute.core == nil else { return canonicalBytes(of: key) == nil ? .absent : .text }
        return AttributeKind(extensions[key])
    }
}
