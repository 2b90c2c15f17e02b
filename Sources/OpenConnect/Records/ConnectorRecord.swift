// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// What travels from a source to a sink: a payload with its position and its CloudEvents context.
///
/// A record is a value of 72 bytes that shares its payload's buffer and its partition with other records; what most
/// records do not have (a key, headers, attributes of their own) is kept in one object that is copied on write.
public struct ConnectorRecord: Sendable {
    @usableFromInline var payload: SharedBytes
    @usableFromInline var partitionStorage: RecordPartitionStorage?
    @usableFromInline var offsetFirst: Int64
    @usableFromInline var offsetSecond: UInt64
    @usableFromInline var timestampNanoseconds: Int64
    @usableFromInline var details: RecordDetails?
    @usableFromInline var dataForm: RecordData.Form
    @usableFromInline var offsetForm: RecordOffset.Form
}

extension ConnectorRecord {
    /// A record.
    ///
    /// - Parameters:
    ///   - data: the payload.
    ///   - partition: the partition it comes from.
    ///   - offset: its place there; `nil` where the record is not the last one of its unit.
    ///   - timestamp: the instant that the upstream recorded for it.
    @inlinable
    public init(
        _ data: RecordData,
        partition: RecordPartition = .single,
        offset: RecordOffset? = nil,
        timestamp: RecordTimestamp? = nil
    ) {
        // The arguments are taken apart where they are known: an optional that is not costs its copying by metadata.
        self = .of(
            data.payload,
            details: RecordDetails.ifNeeded(value: data.value, largeOffset: offset?.large),
            dataForm: data.form,
            partition: partition.storage,
            offsetForm: offset?.form ?? .none,
            first: offset?.first ?? 0,
            second: offset?.second ?? 0,
            timestamp: timestamp?.nanosecondsSince1970 ?? Self.noTimestamp
        )
    }

    /// A record of bytes at a sequence number, for sources that make millions of them in a second.
    package static func slice(
        _ bytes: SharedBytes,
        partition: RecordPartition,
        sequence: Int64,
        incarnation: UInt64
    ) -> ConnectorRecord {
        of(
            bytes,
            details: nil,
            dataForm: .bytes,
            partition: partition.storage,
            offsetForm: .sequence,
            first: sequence,
            second: incarnation,
            timestamp: noTimestamp
        )
    }

    /// A record of its fields, all at once, by the implicit initializer: where they are assigned one by one the optimizer
    /// keeps a copy of the record in the making, two references more: 118 instead of 64 ns for a line of a file.
    @usableFromInline
    static func of(
        _ payload: SharedBytes,
        details: RecordDetails?,
        dataForm: RecordData.Form,
        partition: RecordPartitionStorage?,
        offsetForm: RecordOffset.Form,
        first: Int64,
        second: UInt64,
        timestamp: Int64
    ) -> ConnectorRecord {
        ConnectorRecord(
            payload: payload,
            partitionStorage: partition,
            offsetFirst: first,
            offsetSecond: second,
            timestampNanoseconds: timestamp,
            details: details,
            dataForm: dataForm,
            offsetForm: offsetForm
        )
    }

    @inlinable static var noTimestamp: Int64 { .min }

    /// The payload.
    public var data: RecordData {
        get { RecordData(form: dataForm, payload: payload, value: dataForm == .structured ? details?.value : nil) }
        set {
            fixComputedDefaults()
            payload = newValue.payload
            dataForm = newValue.form
            if newValue.value != nil || details?.value != nil { editDetails { $0.value = newValue.value } }
        }
    }

    /// The bytes of the payload where it is held as bytes, text or JSON text; empty for a structured value.
    @inlinable
    public var heldBytes: SharedBytes { payload }

    /// The number of bytes that the payload takes; that of a structured value is estimated.
    @inlinable
    package var heldCount: Int { dataForm == .structured ? structuredCount : payload.count }

    /// Whose structured value it is: records may share one.
    package var heldValueIdentity: ObjectIdentifier? {
        dataForm == .structured ? details?.value.map { ObjectIdentifier($0) } : nil
    }

    @usableFromInline var structuredCount: Int { details?.value?.byteCount ?? 0 }

    /// The partition that the record comes from. Setting another one does not change what the record says: what it has
    /// from the defaults of its partition becomes its own.
    @inlinable
    public var partition: RecordPartition {
        get { RecordPartition(storage: partitionStorage) }
        set {
            if partitionStorage !== newValue.storage { fixDefaults() }
            partitionStorage = newValue.storage
        }
    }

    /// The form in which the payload is held.
    @inlinable
    package var heldForm: RecordData.Form { dataForm }

    /// The place in the partition; `nil` where the record is not the last one of its unit.
    @inlinable
    public var offset: RecordOffset? {
        get {
            guard offsetForm != .none else { return nil }
            // Only these two forms have more than two words; the details are not touched for the others.
            let large = offsetForm.isLarge ? details?.largeOffset : nil
            return RecordOffset(form: offsetForm, first: offsetFirst, second: offsetSecond, large: large)
        }
        set { setOffset(newValue) }
    }

    /// Whether the record ends a unit.
    @inlinable
    package var hasOffset: Bool { offsetForm != .none }

    @usableFromInline
    mutating func setOffset(_ offset: RecordOffset?) {
        fixComputedDefaults()
        offsetForm = offset?.form ?? .none
        offsetFirst = offset?.first ?? 0
        offsetSecond = offset?.second ?? 0
        if offset?.large != nil || details?.largeOffset != nil { editDetails { $0.largeOffset = offset?.large } }
    }

    /// Partition and offset, or `nil` where the record has no offset.
    public var position: RecordPosition? { offset.map { RecordPosition(partition: partition, offset: $0) } }

    /// The instant that the upstream recorded for the record.
    public var timestamp: RecordTimestamp? {
        get {
            timestampNanoseconds == Self.noTimestamp ? nil : RecordTimestamp(nanosecondsSince1970: timestampNanoseconds)
        }
        set { timestampNanoseconds = newValue?.nanosecondsSince1970 ?? Self.noTimestamp }
    }

    /// Copies the payload out of a buffer of which it is a small part, so that the record does not keep the buffer alive.
    package mutating func detach() {
        guard payload.retainedCapacity > 2 * payload.count + 64 else { return }
        payload = payload.detached()
    }

    /// Lets go of the payload, which is not needed any more.
    package mutating func dropPayload() {
        payload = SharedBytes()
        if dataForm == .structured { editDetails { $0.value = nil } }
    }

    /// A computed default speaks of the record as it was polled: it has to be fixed before the record changes.
    private mutating func fixComputedDefaults() {
        guard let compute = partitionStorage?.defaults?.subject, details?.subject == nil else { return }
        guard details?.isSubjectFixed != true else { return }
        let subject = compute(offset, data)
        editDetails { details in
            details.subject = subject
            details.isSubjectFixed = true
        }
    }

    @usableFromInline
    mutating func fixDefaults() {
        guard let defaults = partitionStorage?.defaults else { return }
        fixComputedDefaults()
        editDetails { details in
            details.source = details.source ?? defaults.source
            details.type = details.type ?? defaults.type
            details.contentType = details.contentType ?? defaults.contentType
            details.schema = details.schema ?? defaults.schema
        }
    }

    mutating func editDetails(_ edit: (RecordDetails) -> Void) {
        // Without binding it: a second reference would make it look shared.
        if details == nil {
            details = RecordDetails()
        } else if !isKnownUniquelyReferenced(&details) {
            details = details?.copy()
        }
        if let details { edit(details) }
    }
}
