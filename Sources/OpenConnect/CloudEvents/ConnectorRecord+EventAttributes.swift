// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// Attributes of the event that a record stands for, as ``RecordEvent`` makes it, one by one.
extension ConnectorRecord {
    /// The event's id: the record's own, or else one made of partition and offset.
    package var eventID: String? { id ?? offset.map { EventIdentity.id(partition, $0) } }

    /// The event's content type: the record's, or else that of text.
    package var eventContentType: String? { contentType ?? (dataForm == .text ? "text/plain" : nil) }

    /// The `partitionkey` that the event has because of the record's key.
    package var eventPartitionKey: AttributeValue? { key.flatMap { RecordEvent.attribute(for: $0) } }
}
