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
    ///   - onlyText: gives `nil` for an Integer and a Boolean too.
    ///   - condition: called with the bytes of the text, which are valid for the call only.
    package func test(
        _ core: CoreAttribute?,
        named name: UnsafeRawBufferPointer,
        onlyText: Bool = false,
        _ condition: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool? {
        switch held(core, named: name) {
        case .absent: nil
        case .text(let text): text.withBytes(condition)
        case .boolean where onlyText, .integer where onlyText: nil
        case .boolean(let value): (value ? "true" : "false").withBytes(condition)
        case .integer(let number): String(number).withBytes(condition)
        case .computed: computed(core, named: name)?.withBytes(condition)
        }
    }

    /// What kind of value an attribute of the event has.
    package func kind(of core: CoreAttribute?, named name: UnsafeRawBufferPointer) -> AttributeKind {
        switch held(core, named: name) {
        case .absent: .absent
        case .text: .text
        case .boolean(let value): .boolean(value)
        case .integer(let number): .integer(number)
        case .computed: core == .time || computed(core, named: name) != nil ? .text : .absent
        }
    }

    /// An attribute whose text is not in the record as it is.
    @inline(never)
    private func computed(_ core: CoreAttribute?, named name: UnsafeRawBufferPointer) -> String? {
        switch core {
        case nil:
            (try? AttributeName(String(decoding: name, as: UTF8.self))).flatMap { eventExtension($0)?.canonicalString }
        case .id?: eventID
        case .source?: source?.string
        case .specVersion?: "1.0"
        case .type?: type
        case .dataContentType?: eventContentType
        case .dataSchema?: schema?.string
        case .subject?: subject
        case .time?: time?.description
        }
    }

    /// Apart from whoever calls a condition: as long as one may be called, the optimizer holds on to references.
    @inline(never)
    private func held(_ core: CoreAttribute?, named name: UnsafeRawBufferPointer) -> HeldAttribute {
        guard let core else { return details?.heldExtension(named: name) ?? .absent }
        switch core {
        case .id:
            if let id = details?.id { return HeldAttribute(id) }
            return hasOffset ? .computed : .absent
        case .source:
            if let own = details?.source { return HeldAttribute(own.string) }
            if let common = partitionStorage?.defaults?.source { return HeldAttribute(common.string) }
        case .specVersion: return HeldAttribute("1.0")
        case .type:
            if let own = details?.type { return HeldAttribute(own) }
            if let common = partitionStorage?.defaults?.type { return HeldAttribute(common) }
        case .dataContentType:
            if dataForm == .text { return .computed }
            if let own = details?.contentType { return HeldAttribute(own) }
            if let common = partitionStorage?.defaults?.contentType { return HeldAttribute(common) }
        case .dataSchema:
            if let own = details?.schema { return HeldAttribute(own.string) }
            if let common = partitionStorage?.defaults?.schema { return HeldAttribute(common.string) }
        case .subject:
            if let own = details?.subject { return HeldAttribute(own) }
            if details?.isSubjectFixed == true { return .absent }
            return partitionStorage?.defaults?.subject == nil ? .absent : .computed
        case .time: return details?.time == nil ? .absent : .computed
        }
        return .absent
    }
}

extension RecordDetails {
    @inline(__always)
    fileprivate func heldExtension(named name: UnsafeRawBufferPointer) -> HeldAttribute {
        for index in extensions.indices where extensions[index].name.isEqual(to: name) {
            // One by one: a switch over the value would copy it.
            if case .string(let text) = extensions[index].value { return HeldAttribute(text) }
            if case .integer(let number) = extensions[index].value { return .integer(number) }
            if case .boolean(let value) = extensions[index].value { return .boolean(value) }
            return .computed
        }
        return key != nil && RecordEvent.partitionKey.isEqual(to: name) ? .computed : .absent
    }
}

extension AttributeName {
    @inline(__always)
    fileprivate func isEqual(to name: UnsafeRawBufferPointer) -> Bool {
        guard string.utf8.count == name.count else { return false }
        return string.withBytes { bytes in
            for index in bytes.indices where bytes[index] != name[index] { return false }
            return true
        }
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
