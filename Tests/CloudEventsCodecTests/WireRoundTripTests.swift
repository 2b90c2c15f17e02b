// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// What is written is read again.
struct WireRoundTripTests {
    /// The event as Protocol Buffers carries it: JSON is text there, with a content type (P4, C15).
    private func inProtobuf(_ event: CloudEvent) throws -> CloudEvent {
        guard event.data.kind == .json else { return event }
        var carried = event
        carried.data = try .text(utf8: event.data.bytes)
        if event.dataContentType == nil { try carried.setDataContentType("application/json") }
        return carried
    }

    @Test(
        "Every event comes back from Protocol Buffers with all its types (P1 to P4)",
        arguments: 0..<20 as Range<UInt64>
    )
    func protobuf(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        let format = ProtobufEventFormat()
        for _ in 0..<50 {
            let event = try generator.eventOfAllTypes()
            let expected = try inProtobuf(event)
            let message = try format.encode(event)
            let again = try format.decode(message)
            #expect(again == expected)
            #expect(again.attributeNames == expected.attributeNames)
            #expect(again.attributes.map(\.value.type) == expected.attributes.map(\.value.type))
            #expect(try format.encode(again) == message)
            #expect(try format.decodeBatch(format.encodeBatch([event, again])) == [expected, expected])
            #expect(again.detached() == expected)
        }
    }

    @Test("Every event comes back from Avro, its data by value (V1 to V3)", arguments: 0..<20 as Range<UInt64>)
    func avro(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        let format = AvroEventFormat(extensionTypes: ["alluri": .uri, "allref": .uriReference, "alltime": .timestamp])
        for _ in 0..<50 {
            let event = try generator.eventOfAllTypes()
            let record = try format.encode(event)
            let again = try format.decode(record)
            #expect(again.extensions == event.extensions)
            #expect(again.attributes.map(\.value.type).prefix(4) == event.attributes.map(\.value.type).prefix(4))
            #expect(again.time?.description == event.time?.description)
            #expect(try format.encode(again) == record)
            guard event.data.kind == .json, again.data.kind != .json else {
                if event.data.kind != .json { #expect(again == event) }
                continue
            }
            // JSON that Avro does not carry is there byte by byte.
            #expect(again.data.bytes == event.data.bytes)
            #expect(again.hasJSONContentType && again.dataContentType != nil)
        }
    }

    @Test("Objects of scalars come back from Avro as the same JSON (V3)", arguments: 0..<10 as Range<UInt64>)
    func avroObjects(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        let format = AvroEventFormat()
        for _ in 0..<50 {
            let value = object(&generator, depth: 0)
            let event = try CloudEvent(id: "1", source: "/s", type: "t", data: .json(value.bytes))
            let again = try format.decode(format.encode(event))
            #expect(try TestJSON(again.data.bytes) == value)
            #expect(again.data.kind == .json)
        }
    }

    /// An object that the schema has types for.
    private func object(_ generator: inout EventGenerator, depth: Int) -> TestJSON {
        var members: [String: TestJSON] = [:]
        for _ in 0..<generator.random.below(4) { members[generator.text()] = member(&generator, depth: depth) }
        return .object(members)
    }

    private func member(_ generator: inout EventGenerator, depth: Int) -> TestJSON {
        switch generator.random.below(depth > 4 ? 4 : 7) {
        case 0: return .null
        case 1: return .boolean(generator.random.chance(50))
        case 2:
            let value = Double(Int32(truncatingIfNeeded: generator.random.next())) / 8
            return .number(value == value.rounded() ? String(Int(value)) : "\(value)")
        case 3: return .string(generator.text() + "\n")
        case 4 where depth > 0:
            return .array((0..<generator.random.below(3)).map { _ in object(&generator, depth: depth + 1) })
        default:
            guard depth > 0 else { return object(&generator, depth: 1) }
            var members: [String: TestJSON] = [:]
            for _ in 0..<generator.random.below(3) { members[generator.text()] = object(&generator, depth: depth + 1) }
            return .object(members)
        }
    }
}
