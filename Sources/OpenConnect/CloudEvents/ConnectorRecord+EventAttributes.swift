// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// Attributes of the event that a record stands for, as ``RecordEvent`` makes it, one by one.
extension ConnectorRecord {
    /// The event's content type: the record's, or else that of text.
    package var eventContentType: String? { contentType ?? (dataForm == .text ? "text/plain" : nil) }

    /// An extension attribute of the event; its `partitionkey` may be there because of the record's key.
    package func eventExtension(_ name: AttributeName) -> AttributeValue? {
        guard let details else { return nil }
        // Without a copy of each on the way.
        for index in details.extensions.indices where details.extensions[index].name == name {
            return details.extensions[index].value
        }
        guard let key = details.key, name == RecordEvent.partitionKey else { return nil }
        return RecordEvent.attribute(for: key)
    }

    /// What the content type says of data that are held as bytes or text.
    package var contentClass: ContentClass { ContentClass(contentType) }

    /// Tests the canonical text of an attribute of the event; `nil` where it is not there.
    ///
    /// - Parameters:
    ///   - core: which attribute; `nil` for an extension.
    ///   - name: the name of the extension.
    ///   - condition: called with the bytes of the text, which are valid for the call only.
    package func test(
        _ core: CoreAttribute?,
        named name: UnsafeRawBufferPointer,
        _ condition: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool? {
        switch core {
        case nil: testExtension(named: name, condition)
        case .id?: eventID?.withBytes(condition)
        case .source?: source?.string.withBytes(condition)
        case .specVersion?: "1.0".withBytes(condition)
        case .type?: type?.withBytes(condition)
        case .dataContentType?: eventContentType?.withBytes(condition)
        case .dataSchema?: schema?.string.withBytes(condition)
        case .subject?: subject?.withBytes(condition)
        case .time?: time?.description.withBytes(condition)
        }
    }

    private func testExtension(
        named name: UnsafeRawBufferPointer,
        _ condition: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool? {
        extensionValue(named: name)?.canonicalString.withBytes(condition)
    }

    /// What kind of value an attribute of the event has.
    package func kind(of core: CoreAttribute?, named name: UnsafeRawBufferPointer) -> AttributeKind {
        switch core {
        case nil: AttributeKind(extensionValue(named: name))
        case .time?: time == nil ? .absent : .text
        default: test(core, named: name) { _ in true } == nil ? .absent : .text
        }
    }

    private func extensionValue(named name: UnsafeRawBufferPointer) -> AttributeValue? {
        guard let details else { return nil }
        for index in details.extensions.indices where details.extensions[index].name.isEqual(to: name) {
            return details.extensions[index].value
        }
        guard let key = details.key, RecordEvent.partitionKey.isEqual(to: name) else { return nil }
        return RecordEvent.attribute(for: key)
    }
}

extension AttributeName {
    fileprivate func isEqual(to name: UnsafeRawBufferPointer) -> Bool {
        guard string.utf8.count == name.count else { return false }
        return string.withBytes { $0.elementsEqual(name) }
    }
}

/// What kind of value an attribute has, without its text.
package enum AttributeKind: BitwiseCopyable, Sendable, Equatable {
    case absent
    case integer(Int32)
    case boolean(Bool)
    case text

    package init(_ value: AttributeValue?) {
        switch value {
        case nil: self = .absent
        case .integer(let number)?: self = .integer(number)
        case .boolean(let value)?: self = .boolean(value)
        default: self = .text
        }
    }
}
