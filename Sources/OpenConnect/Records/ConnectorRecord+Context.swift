// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

extension ConnectorRecord {
    /// What groups and orders records downstream, as the key of a Kafka message does.
    public var key: RecordData? {
        get { details?.key }
        set { editDetails { $0.key = newValue } }
    }

    /// Metadata of the upstream that is no CloudEvents attribute.
    public var headers: [RecordHeader] {
        get { details?.headers ?? [] }
        set { editDetails { $0.headers = newValue } }
    }

    /// Whether the record is seen at a glance to be a payload held as bytes, text or JSON text, and nothing else: it has
    /// neither key nor headers nor attributes of its own, and no content type. ``RawFormat`` writes ``heldBytes`` then.
    ///
    /// For sinks that send millions of records in a second, and leave those for which it is `false` to a format.
    @inlinable
    public var isPlainBytes: Bool {
        // Nothing here needs the record as a whole: the optimizer would copy it, with all its references.
        @inline(__always) get {
            guard dataForm != .absent, dataForm != .structured else { return false }
            return details == nil && partitionStorage?.hasContentType != true
        }
    }

    /// How many times the upstream has delivered the record, counted from 1, where it counts.
    public var deliveryAttempt: Int? {
        get { details?.deliveryAttempt }
        set { editDetails { $0.deliveryAttempt = newValue } }
    }

    /// The event's id. Where it is `nil`, one is made from connector, partition and offset when an event is needed.
    public var id: String? {
        get { details?.id }
        set { editDetails { $0.id = newValue } }
    }

    /// The event's source: the record's own, or else its partition's.
    public var source: URIReference? {
        get { details?.source ?? partitionStorage?.defaults?.source }
        set { editDetails { $0.source = newValue } }
    }

    /// The event's type: the record's own, or else its partition's.
    public var type: String? {
        get { details?.type ?? partitionStorage?.defaults?.type }
        set { editDetails { $0.type = newValue } }
    }

    /// The event's subject: the record's own, or else the one that its partition computes.
    public var subject: String? {
        get {
            if let details, details.subject != nil || details.isSubjectFixed { return details.subject }
            return partitionStorage?.defaults?.subject?(offset, data)
        }
        set { editDetails { $0.subject = newValue } }
    }

    /// When the occurrence happened.
    public var time: Timestamp? {
        get { details?.time }
        set { editDetails { $0.time = newValue } }
    }

    /// The media type of the data: the record's own, or else its partition's.
    public var contentType: String? {
        get { details?.contentType ?? partitionStorage?.defaults?.contentType }
        set { editDetails { $0.contentType = newValue } }
    }

    /// The schema of the data: the record's own, or else its partition's.
    public var schema: URI? {
        get { details?.schema ?? partitionStorage?.defaults?.schema }
        set { editDetails { $0.schema = newValue } }
    }

    /// The event's extension attributes in order.
    public var extensions: [EventExtension] {
        get { details?.extensions ?? [] }
        set { editDetails { $0.extensions = newValue } }
    }

    /// The value of an extension attribute; setting `nil` removes it.
    public subscript(extension name: AttributeName) -> AttributeValue? {
        get { details?.extensions.first { $0.name == name }?.value }
        set {
            editDetails { details in
                let index = details.extensions.firstIndex { $0.name == name }
                switch (index, newValue) {
                case (let index?, let value?): details.extensions[index] = EventExtension(name, value)
                case (let index?, nil): details.extensions.remove(at: index)
                case (nil, let value?): details.extensions.append(EventExtension(name, value))
                case (nil, nil): break
                }
            }
        }
    }
}

/// An extension attribute: its name and its typed value.
public struct EventExtension: Sendable, Hashable {
    /// The name.
    public let name: AttributeName
    /// The value.
    public let value: AttributeValue

    /// An extension attribute.
    public init(_ name: AttributeName, _ value: AttributeValue) {
        self.name = name
        self.value = value
    }
}

extension ConnectorRecord: Equatable {
    /// Whether payload, position, timestamp, key, headers and context are the same, defaults included.
    public static func == (left: ConnectorRecord, right: ConnectorRecord) -> Bool {
        left.data == right.data && left.partition == right.partition && left.offset == right.offset
            && left.timestamp == right.timestamp && left.key == right.key && left.headers == right.headers
            && left.hasSameContext(as: right)
    }

    private func hasSameContext(as other: ConnectorRecord) -> Bool {
        id == other.id && source == other.source && type == other.type && subject == other.subject
            && time == other.time && contentType == other.contentType && schema == other.schema
            && extensions == other.extensions && deliveryAttempt == other.deliveryAttempt
    }
}
