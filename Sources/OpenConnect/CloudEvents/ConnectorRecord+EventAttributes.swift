// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// Attributes of the event that a record stands for, as ``RecordEvent`` makes it, one by one.
extension ConnectorRecord {
    /// The event's id: the record's own, or else one made of partition and offset.
    package var eventID: String? { id ?? offset.map { EventIdentity.id(partition, $0) } }

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
}
