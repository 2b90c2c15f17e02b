// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Lines of events")
struct CloudEventLineEncoderTests {
    private func line(_ record: ConnectorRecord, _ encoder: inout CloudEventLineEncoder) throws -> SharedBytes {
        var writer = JSONWriter(capacity: 64)
        try encoder.encode(record, into: &writer)
        return writer.finish()
    }

    /// The same record, told in a way that takes the long way through an event.
    private func spelledOut(_ record: ConnectorRecord) -> ConnectorRecord {
        var record = record
        record.headers = record.headers
        return record
    }

    @Test("The short way writes what the long way writes")
    func shortAndLongWay() throws {
        var encoder = CloudEventLineEncoder(defaults: .test)
        for seed in 0..<6000 {
            var generator = RecordGenerator(seed: UInt64(seed))
            let record = try generator.record()
            let short = try line(record, &encoder)
            let long = try line(spelledOut(record), &encoder)
            #expect(short == long, "seed \(seed): \(String(decodingUTF8: short)) \(String(decodingUTF8: long))")
            #expect(!short.contains(0x0A))
            let event = try JSONEventFormat().decode(short)
            let expected = try record.event(defaults: .test, options: .readableData)
            #expect(event.id == expected.id && event.subject == expected.subject)
            #expect(event.dataContentType == expected.dataContentType)
        }
    }
}
