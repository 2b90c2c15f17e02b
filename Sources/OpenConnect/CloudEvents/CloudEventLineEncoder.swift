// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// Writes records as CloudEvents in JSON, each on one line without its end.
///
/// What it writes is the JSON of ``ConnectorRecord/event(defaults:options:)`` with ``EventOptions/readableData``, where line
/// breaks between the tokens of JSON data are spaces. A record that has nothing but data, a sequence number and
/// what its partition gives costs no event: what the partition's lines have in common is written once and copied.
package struct CloudEventLineEncoder {
    private let defaults: EventDefaults
    private let options: EventOptions
    private var current: PartitionLine
    /// The lines of other partitions met lately.
    private var others: [ObjectIdentifier: PartitionLine] = [:]

    private static let maximumPartitions = 1024

    /// An encoder for the records of one connector.
    package init(defaults: EventDefaults, options: EventOptions = .readableData) {
        self.defaults = defaults
        self.options = options
        current = PartitionLine(.single, defaults: defaults)
    }

    /// Writes a record's event; on an error the writer stays as it is.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that says why there is no event, or no JSON of it.
    package mutating func encode(_ record: ConnectorRecord, into writer: inout JSONWriter) throws {
        try withUnsafePointer(to: record) { try encode(at: $0, into: &writer) }
    }

    /// The same for a record where it lies in memory, which saves a copy of it.
    package mutating func encode(at record: UnsafePointer<ConnectorRecord>, into writer: inout JSONWriter) throws {
        if record.pointee.details == nil, record.pointee.timestampNanoseconds == ConnectorRecord.noTimestamp,
            options == .readableData
        {
            if record.pointee.partitionStorage !== current.storage { change(to: record.pointee.partition) }
            if current.write(record, to: &writer) { return }
        }
        try encodeEvent(of: record.pointee, into: &writer)
    }

    private mutating func change(to partition: RecordPartition) {
        if let storage = current.storage {
            if others.count >= Self.maximumPartitions { others = [:] }
            others[ObjectIdentifier(storage)] = current
        }
        let known = partition.storage.flatMap { others[ObjectIdentifier($0)] }
        current = known ?? PartitionLine(partition, defaults: defaults)
    }

    private func encodeEvent(of record: ConnectorRecord, into writer: inout JSONWriter) throws {
        var event = try record.event(defaults: defaults, options: options.union(.carried))
        if event.hasJSONContentType, event.data.kind == .json || event.data.kind == .text,
            let line = Self.onOneLine(event.data.bytes)
        {
            event.data = EventData(unchecked: event.data.kind, line)
        }
        do {
            try JSONEventFormat().encode(event, into: &writer)
        } catch {
            throw ConnectorError(
                .invalidRecord,
                "the event cannot be written as JSON: \(error)",
                position: record.position
            )
        }
    }

    /// Whether there is a line break; without an early exit, so that many bytes are looked at together.
    static func hasLineBreak(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var found: UInt8 = 0
        for byte in bytes { found |= byte == 0x0A || byte == 0x0D ? 1 : 0 }
        return found != 0
    }

    /// JSON with spaces for line breaks, which stand only between its tokens; `nil` where it has none.
    static func onOneLine(_ json: SharedBytes) -> SharedBytes? {
        guard json.withUnsafeBytes(hasLineBreak) else { return nil }
        return SharedBytes(json.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
    }
}
