// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

extension ConnectorRecord {
    /// The event that the record stands for. ``init(event:options:)`` makes the same record of it again.
    ///
    /// Where the record and its partition say nothing, source and type come from `defaults`, and the id from partition
    /// and offset: `access.log:42`. A replay gives the same id, so that a consumer can remove duplicates.
    ///
    /// What CloudEvents has no attribute for travels in extension attributes: a key that is text and not empty as
    /// `partitionkey` (E2); any other key, the timestamp, the headers, the delivery attempt, and the form of the data where
    /// the event does not tell it, in `connectrecord`, as percent-encoded fields: `timestamp=…&attempt=2&header=a:b`.
    ///
    /// The data, by the form in which the record holds it:
    ///
    /// | form | no content type | JSON content type | other content type |
    /// |---|---|---|---|
    /// | absent | absent | absent | absent |
    /// | bytes | binary | binary | binary |
    /// | text | text as `text/plain` | text if it is JSON, else binary ¹ | text |
    /// | JSON | JSON | JSON | text ¹ |
    /// | structured | JSON ¹ | JSON ¹ | text ¹ |
    ///
    /// ¹ `connectrecord` notes the form. With ``EventOptions/readableData``, bytes become JSON or text where their
    /// content type says so and it is true.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names what no event can have: an attribute that is
    ///   empty or not of its type, a name that CloudEvents reserves, two extensions of one name, neither an id nor an
    ///   offset, a structured value that JSON cannot hold.
    public func event(defaults: EventDefaults, options: EventOptions = []) throws -> CloudEvent {
        do {
            return try RecordEvent(self, options: options).event(of: self, defaults: defaults)
        } catch let error as CloudEventError {
            let subject = error.attribute.map { "attribute \($0): " } ?? ""
            throw ConnectorError(
                .invalidRecord,
                "no event can be made of the record: \(subject)\(error.message)",
                position: position
            )
        } catch var error as ConnectorError {
            error.position = error.position ?? position
            throw error
        }
    }

    /// The record that an event stands for; ``event(defaults:options:)`` makes the same event of it again.
    ///
    /// - Parameters:
    ///   - event: any event, made of a record or not. A `partitionkey` that is text becomes the key. What is not a
    ///     record's part stays an extension attribute, whatever its name and type.
    ///   - options: with ``EventOptions/includingPosition`` partition and offset are taken from the event.
    public init(event: CloudEvent, options: EventOptions = []) {
        self = EventRecord(event, options: options).record
    }
}
