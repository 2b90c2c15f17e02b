// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

struct RoundTripTests {
    let format = JSONEventFormat()

    @Test("What is written is read again, whatever the event (J1 to J12)", arguments: 0..<20 as Range<UInt64>)
    func generatedEvents(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        for _ in 0..<100 {
            let event = try generator.event()
            let text = try format.encode(event)
            let again = try format.decode(text)
            #expect(again == event, "\(String(decodingUTF8: text))")
            #expect(again.hashValue == event.hashValue)
            #expect(again.time?.description == event.time?.description)
            #expect(again.attributeNames == event.attributeNames)
            #expect(try format.encode(again) == text)
            #expect(again.detached() == event)
        }
    }

    @Test("A batch is read again in its order (J13)", arguments: [0, 1, 2, 50])
    func generatedBatches(count: Int) throws {
        var generator = EventGenerator(seed: UInt64(count))
        let events = try (0..<count).map { _ in try generator.event() }
        #expect(try format.decodeBatch(try format.encodeBatch(events)) == events)
        var output: [UInt8] = [1, 2]
        try format.encodeBatch(events, into: &output)
        #expect(try format.decodeBatch(Array(output.dropFirst(2))) == events)
    }

    @Test("Declared extensions keep their types (J11, C14)")
    func declaredTypes() throws {
        let extensions: ExtensionAttributes = [
            "exbinary": .binary(SharedBytes([0, 1, 255])),
            "exuri": .uri("https://example.com"),
            "exref": .uriReference("//authority/path"),
            "extime": .timestamp(try Timestamp("2023-03-31T15:12:00.123456789012Z")),
            "exint": 10,
            "exbool": true,
            "extext": "text",
        ]
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: extensions)
        let declared = Dictionary(uniqueKeysWithValues: extensions.map { ($0.name, $0.value.type) })
        let text = try format.encode(event)
        #expect(try JSONEventFormat(extensionTypes: declared).decode(text) == event)
        #expect(try format.decode(text)["exuri"] == .string("https://example.com"))
        #expect(throws: CloudEventError.self) {
            try JSONEventFormat(extensionTypes: ["extext": .timestamp]).decode(text)
        }
        #expect(throws: CloudEventError.self) {
            try JSONEventFormat(extensionTypes: ["exint": .boolean]).decode(text)
        }
    }
}
