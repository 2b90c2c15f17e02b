// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

struct XMLRoundTripTests {
    let format = XMLEventFormat()

    @Test("What is written is read again, all seven types included (X1 to X7)", arguments: 0..<10 as Range<UInt64>)
    func generatedEvents(seed: UInt64) throws {
        var generator = XMLEventGenerator(seed: seed)
        for _ in 0..<100 {
            let (event, expected) = try generator.pair()
            let document = try format.encode(event)
            let again = try format.decode(document)
            #expect(again == expected, "\(String(decodingUTF8: document))")
            #expect(again.time?.description == event.time?.description)
            #expect(again.extensions.map(\.value.type) == event.extensions.map(\.value.type))
            #expect(again.attributeNames == expected.attributeNames)
            // What was read stays the same from then on, and so does the document: it is decided by the event alone.
            #expect(try format.decode(format.encode(again)) == again)
            #expect(try format.encode(event) == document)
            #expect(again.detached() == expected)
        }
    }

    @Test("A batch is read again in its order (X8)", arguments: [0, 1, 2, 50])
    func generatedBatches(count: Int) throws {
        var generator = XMLEventGenerator(seed: UInt64(count))
        let pairs = try (0..<count).map { _ in try generator.pair() }
        let document = try format.encodeBatch(pairs.map(\.event))
        #expect(try format.decodeBatch(document) == pairs.map(\.expected))
    }

    @Test("Events of the other generator are read again too, their bytes the same", arguments: 0..<5 as Range<UInt64>)
    func otherEvents(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        for _ in 0..<100 {
            let event = try generator.event()
            let again = try format.decode(format.encode(event))
            #expect(again.data.bytes == event.data.bytes)
            #expect(again.extensions == event.extensions)
            #expect(
                again.dataContentType == event.dataContentType ?? (event.data.kind == .json ? "application/json" : nil)
            )
        }
    }
}
