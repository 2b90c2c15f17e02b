// SPDX-License-Identifier: Apache-2.0

/// An event as CloudEvents 1.0 defines it: its context attributes and its data.
///
/// Every value of this type is a valid event (C1 to C13): what the types of the properties do not rule out is
/// checked by the initializer and by the methods that change an event. Events are equal when all attributes are, times
/// by their instant, and the data byte by byte.
public struct CloudEvent: Sendable, Hashable {
    /// The version of the specification the event follows (C4).
    public let specVersion: SpecVersion = .v1

    /// Identifies the event together with ``source`` (C10). Not empty.
    public private(set) var id: String

    /// Where it happened. Not empty (C5).
    public private(set) var source: URIReference

    /// What kind of thing happened, such as `com.example.order.created` (C6). Not empty.
    public private(set) var type: String

    /// What in the source it is about (C7). Not empty.
    public private(set) var subject: String?

    /// When it happened (C7).
    public var time: Timestamp?

    /// The media type of the data (C7), as it was written. May be there without data (C9).
    public private(set) var dataContentType: String?

    /// The schema that the data follows (C7).
    public var dataSchema: URI?

    /// Further attributes (C11).
    public private(set) var extensions: ExtensionAttributes

    /// The payload (C12).
    public var data: EventData

    /// Makes an event.
    ///
    /// - Parameters:
    ///   - id: identifies the event together with the source; not empty.
    ///   - source: where it happened; not empty.
    ///   - type: what kind of thing happened; not empty.
    ///   - subject: what in the source it is about; not empty.
    ///   - time: when it happened.
    ///   - dataContentType: the media type of the data.
    ///   - dataSchema: the schema that the data follows.
    ///   - extensions: further attributes.
    ///   - data: the payload.
    /// - Throws: ``CloudEventError`` that names the attribute, where one is empty (C2, C5, C7), not of its type (T3),
    ///   no media type (C7), or an extension has a name of the specification (C13).
    public init(
        id: String,
        source: URIReference,
        type: String,
        subject: String? = nil,
        time: Timestamp? = nil,
        dataContentType: String? = nil,
        dataSchema: URI? = nil,
        extensions: ExtensionAttributes = [:],
        data: EventData = .absent
    ) throws(CloudEventError) {
        try Self.checkText(id, .id, rule: "C2")
        try Self.checkSource(source)
        try Self.checkText(type, .type, rule: "C2")
        if let subject { try Self.checkText(subject, .subject, rule: "C7") }
        if let dataContentType { try Self.checkContentType(dataContentType) }
        try extensions.validate()
        self.init(
            uncheckedID: id,
            source: source,
            type: type,
            subject: subject,
            time: time,
            dataContentType: dataContentType,
            dataSchema: dataSchema,
            extensions: extensions,
            data: data
        )
    }

    /// Puts together what a decoder has checked.
    init(
        uncheckedID id: String,
        source: URIReference,
        type: String,
        subject: String?,
        time: Timestamp?,
        dataContentType: String?,
        dataSchema: URI?,
        extensions: ExtensionAttributes,
        data: EventData
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.dataContentType = dataContentType
        self.dataSchema = dataSchema
        self.extensions = extensions
        self.data = data
    }
}

// MARK: - Changes

extension CloudEvent {
    /// Changes the id; it must not be empty (C2).
    public mutating func setID(_ id: String) throws(CloudEventError) {
        try Self.checkText(id, .id, rule: "C2")
        self.id = id
    }

    /// Changes the source; it must not be empty (C5).
    public mutating func setSource(_ source: URIReference) throws(CloudEventError) {
        try Self.checkSource(source)
        self.source = source
    }

    /// Changes the type; it must not be empty (C2).
    public mutating func setType(_ type: String) throws(CloudEventError) {
        try Self.checkText(type, .type, rule: "C2")
        self.type = type
    }

    /// Changes or removes the subject; it must not be empty (C7).
    public mutating func setSubject(_ subject: String?) throws(CloudEventError) {
        if let subject { try Self.checkText(subject, .subject, rule: "C7") }
        self.subject = subject
    }

    /// Changes or removes the content type; it must be a media type (C7).
    public mutating func setDataContentType(_ contentType: String?) throws(CloudEventError) {
        if let contentType { try Self.checkContentType(contentType) }
        self.dataContentType = contentType
    }

    /// Changes all extension attributes.
    ///
    /// - Throws: ``CloudEventError`` where one has a name of the specification (C13) or is no String (T3).
    public mutating func setExtensions(_ extensions: ExtensionAttributes) throws(CloudEventError) {
        try extensions.validate()
        self.extensions = extensions
    }

    /// Changes, adds or removes one extension attribute.
    ///
    /// - Throws: ``CloudEventError`` where it has a name of the specification (C13) or is no String (T3).
    public mutating func setExtension(_ name: AttributeName, to value: AttributeValue?) throws(CloudEventError) {
        if let value { try ExtensionAttributes.validate(name, value) }
        extensions[name] = value
    }

    /// The same event with its data in a buffer of its own, so that a decoder's whole input is not kept alive by it.
    public func detached() -> CloudEvent {
        var copy = self
        copy.data = data.detached()
        for element in extensions {
            if case .binary(let bytes) = element.value { copy.extensions[element.name] = .binary(bytes.detached()) }
        }
        return copy
    }
}

extension CloudEvent: CustomStringConvertible {
    /// Which event it is, without its data.
    public var description: String {
        "CloudEvent(id: \(id), source: \(source), type: \(type), data: \(data))"
    }
}
