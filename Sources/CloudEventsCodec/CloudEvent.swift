// SPDX-License-Identifier: Apache-2.0

/// An event as CloudEvents 1.0 defines it: its context attributes and its data.
///
/// Every value of this type is a valid event (C1 to C13): what the types of the properties do not rule out is
/// checked by the initializer and by the methods that change an event. Events are equal when all attributes are, times
/// by their instant, and the data byte by byte.
///
/// An event is one reference to one buffer, which holds everything or points into the bytes that it was read from: copying
/// an event costs a reference count, and a `String` is made only when an attribute is read. ``canonicalBytes(of:)`` gives an
/// attribute without one, and ``detached()`` an event that keeps no input alive.
public struct CloudEvent {
    /// Facts, texts and bytes; see ``EventDraft``.
    var storage: SharedByteStorage

    init(storage: SharedByteStorage) {
        self.storage = storage
    }

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
        let core: [(CoreAttribute, String?)] = [
            (.id, id), (.source, source.string), (.type, type), (.subject, subject), (.time, time?.description),
            (.dataContentType, dataContentType), (.dataSchema, dataSchema?.string),
        ]
        self = try Self.make(core, extensions, data)
    }
}

// An event's buffer is written only while nothing else refers to it.
extension CloudEvent: @unchecked Sendable {}

extension CloudEvent {
    /// The version of the specification the event follows (C4). Events of version 0.3 are converted when they are read.
    public var specVersion: SpecVersion { .v1 }

    /// Identifies the event together with ``source`` (C10). Not empty.
    public var id: String { string(.id) ?? "" }

    /// Where it happened. Not empty (C5).
    public var source: URIReference { URIReference(unchecked: string(.source) ?? "") }

    /// What kind of thing happened, such as `com.example.order.created` (C6). Not empty.
    public var type: String { string(.type) ?? "" }

    /// What in the source it is about (C7). Not empty.
    public var subject: String? { string(.subject) }

    /// When it happened (C7).
    public var time: Timestamp? {
        get { withText(.time) { Timestamp(facts.time, text: $0) } }
        set { replace(.time, by: newValue?.description) }
    }

    /// The media type of the data (C7), as it was written. May be there without data (C9).
    public var dataContentType: String? { string(.dataContentType) }

    /// The schema that the data follows (C7).
    public var dataSchema: URI? {
        get { string(.dataSchema).map { URI(unchecked: $0) } }
        set { replace(.dataSchema, by: newValue?.string) }
    }

    /// Further attributes (C11).
    public var extensions: ExtensionAttributes { ExtensionAttributes(of: self) }

    /// The payload (C12).
    public var data: EventData {
        get {
            let facts = facts
            return EventData(
                facts.dataForm,
                SharedBytes(storage: dataStorage, start: facts.dataStart, count: facts.dataCount)
            )
        }
        set { replaceData(newValue) }
    }
}

extension CloudEvent: CustomStringConvertible {
    /// Which event it is, without its data.
    public var description: String {
        "CloudEvent(id: \(id), source: \(source), type: \(type), data: \(data))"
    }
}
