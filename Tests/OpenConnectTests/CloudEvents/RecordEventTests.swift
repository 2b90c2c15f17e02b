// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Record ⇄ event")
struct RecordEventTests {
    /// What a record becomes on its way through an event: what was left to defaults is filled in, and a structured value
    /// is what its JSON says.
    private func filled(_ record: ConnectorRecord, _ options: EventOptions) -> ConnectorRecord {
        var filled = ConnectorRecord(record.data, timestamp: record.timestamp)
        filled.id = record.id ?? record.offset.map { RecordEventTests.id(record.partition, $0) }
        filled.source = record.source ?? EventDefaults.test.source
        filled.type = record.type ?? EventDefaults.test.type
        filled.subject = record.subject
        filled.time = record.time
        filled.contentType = record.contentType ?? (record.data.form == .text ? "text/plain" : nil)
        filled.schema = record.schema
        filled.key = record.key
        filled.headers = record.headers
        filled.deliveryAttempt = record.deliveryAttempt
        filled.extensions = record.extensions
        if options.contains(.includingPosition) {
            filled.partition = RecordPartition(record.partition.name)
            filled.offset = record.offset
        }
        return filled
    }

    private static func id(_ partition: RecordPartition, _ offset: RecordOffset) -> String {
        var record = ConnectorRecord(.absent, partition: partition, offset: offset)
        record.source = "/s"
        record.type = "t"
        return (try? record.event(defaults: .test).id) ?? ""
    }

    @Test("A record comes back from its event as it was", arguments: [EventOptions(), .includingPosition])
    func recordRoundTrip(options: EventOptions) throws {
        for seed in 0..<4000 {
            var generator = RecordGenerator(seed: UInt64(seed))
            let record = try generator.record()
            let event = try record.event(defaults: .test, options: options)
            let restored = ConnectorRecord(event: event, options: options)
            let expected = filled(record, options)
            // The extension that notes data at odds with its content type is consumed with such data.
            if restored != expected { #expect(try isNoted(record, restored), "seed \(seed): \(event.extensions)") }
        }
    }

    /// With the note, the record comes back as it was, not filled in, and with the note as its last extension.
    private func isNoted(_ record: ConnectorRecord, _ restored: ConnectorRecord) throws -> Bool {
        guard record.extensions.contains(where: { $0.value == "asis" }) else { return false }
        var expected = filled(record, [])
        expected.contentType = record.contentType
        expected.partition = restored.partition
        expected.offset = restored.offset
        expected.extensions.sort { $0.name < $1.name }
        var restored = restored
        restored.extensions.sort { $0.name < $1.name }
        return expected == restored
    }

    @Test("An event comes back from its record as it was", arguments: [EventOptions(), .includingPosition])
    func eventRoundTrip(options: EventOptions) throws {
        for seed in 0..<8000 {
            var generator = RecordGenerator(seed: UInt64(seed))
            let event = try generator.event()
            let record = ConnectorRecord(event: event, options: options)
            let restored = try record.event(defaults: .test, options: options)
            #expect(restored == event, "seed \(seed): \(event.extensions) \(event.data) \(restored.extensions)")
        }
    }
}
