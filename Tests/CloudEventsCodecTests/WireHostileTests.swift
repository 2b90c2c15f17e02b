// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Whatever the bytes are, the decoders of the binary formats answer or throw, in a time that goes with their number.
struct WireHostileTests {
    let protobuf = ProtobufEventFormat()
    let avro = AvroEventFormat()

    /// What is read can be written, and is the same then.
    private func decode(_ bytes: [UInt8]) {
        let isSame = [roundTrip(bytes, protobuf), roundTrip(bytes, avro)]
        // An expectation for each of very many inputs would take most of the time.
        if isSame.contains(false) { Issue.record("\(bytes) changes when it is written and read again") }
        _ = try? protobuf.decodeBatch(SharedBytes(bytes))
    }

    private func roundTrip(_ bytes: [UInt8], _ format: some EventFormat) -> Bool {
        guard let event = try? format.decode(bytes) else { return true }
        return (try? format.encode(event)).flatMap { try? format.decode($0) } == event
    }

    private func carriedEvent(_ generator: inout EventGenerator) throws -> CloudEvent {
        var event = try generator.eventOfAllTypes()
        if event.data.kind == .json, generator.random.chance(70) {
            event.data = try .json(#"{"a":{"b":[{"c":"d","e":0.5}],"m":{"k":{}}},"n":null,"t":true}"#)
        }
        return event
    }

    @Test("Truncated events are refused or smaller events (P1, V1)", arguments: 0..<8 as Range<UInt64>)
    func truncation(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        let event = try carriedEvent(&generator)
        let message = [UInt8](try protobuf.encode(event))
        for length in 0..<message.count {
            // A message ends anywhere between two fields.
            if let read = try? protobuf.decode(Array(message.prefix(length))) {
                #expect(read.id == event.id && read != event || event.data.isAbsent)
            }
        }
        let batch = [UInt8](try protobuf.encodeBatch([event, event]))
        for length in 0..<batch.count {
            if let read = try? protobuf.decodeBatch(SharedBytes(batch.prefix(length))) { #expect(read.count < 2) }
        }
        if let record = try? [UInt8](avro.encode(event)) {
            for length in 0..<record.count {
                expectError(.malformed) { try avro.decode(Array(record.prefix(length))) }
            }
        }
    }

    @Test("Changed bytes never crash the decoders", arguments: 0..<20 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        for _ in 0..<5 {
            let event = try carriedEvent(&generator)
            var forms = [[UInt8](try protobuf.encode(event)), [UInt8](try protobuf.encodeBatch([event, event]))]
            if let record = try? avro.encode(event) { forms.append([UInt8](record)) }
            for form in forms {
                for _ in 0..<120 {
                    var damaged = form
                    for _ in 0...generator.random.below(3) { damage(&damaged, &generator.random) }
                    decode(damaged)
                }
            }
        }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let telling: [UInt8] = [0, 1, 2, 3, 4, 6, 8, 10, 0x0A, 0x2A, 0x3A, 0x42, 0x4B, 0x4C, 0x7F, 0x80, 0xFE, 0xFF]
        let place = random.below(bytes.count)
        switch random.below(5) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(telling[random.below(telling.count)], at: place)
        case 3: bytes[place] = UInt8(random.below(256))
        default: bytes[place] = telling[random.below(telling.count)]
        }
    }

    @Test("Random bytes never crash the decoders")
    func randomBytes() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<8000 {
            let bytes = (0..<random.below(60)).map { _ in UInt8(random.below(random.chance(60) ? 16 : 256)) }
            decode(bytes)
            decode(Proto.required + bytes)
            decode(Avro.event(data: bytes))
        }
    }

    @Test("The data of Avro nests to the limit (V3)", arguments: [1, 2, 63, 126, 127, 128, 129, 100_000])
    func nesting(depth: Int) throws {
        // An object in an object …, first in the field, then by turns in records and in maps of records.
        var open: [UInt8] = [6]
        for level in 1..<max(depth, 1) { open += [2, 0] + (level == 1 || level % 2 == 0 ? [4] : []) }
        let data = open + [UInt8](repeating: 0, count: depth)
        if depth <= 126 {
            let event = try avro.decode(Avro.event(data: data))
            #expect(event.data.text == nested(depth))
            #expect(try avro.decode(avro.encode(event)) == event)
        } else {
            expectError(.limitExceeded, attribute: "data") { try avro.decode(Avro.event(data: data)) }
        }
        var unlimited = avro
        unlimited.limits.nestingDepth = .max
        let event = try unlimited.decode(Avro.event(data: data))
        #expect(event.data.text == nested(depth))
        #expect(try unlimited.decode(unlimited.encode(event)) == event)
    }

    private func nested(_ depth: Int) -> String {
        String(repeating: #"{"":"#, count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
    }

    @Test("A million attributes end at the limit, or cost no more than their number (C3)")
    func manyAttributes() throws {
        func many(_ count: Int, _ item: (String) -> [UInt8]) -> [UInt8] {
            (0..<count).reduce(into: []) { $0 += item("x\($1)") }
        }
        func message(_ items: [UInt8]) -> [UInt8] { Proto.required + items }
        func record(_ count: Int64, _ items: [UInt8]) -> [UInt8] {
            Avro.long(count + 4) + Avro.required.flatMap(\.self) + items + [0, 2]
        }
        let field = { (name: String) in Proto.attribute(name, [0x08, 1]) }
        let item = { (name: String) in Avro.attribute(name, 1, [1]) }
        var (protobuf, avro) = (protobuf, avro)
        protobuf.limits.eventBytes = .max
        avro.limits.eventBytes = .max
        let fields = [[UInt8]](repeating: many(1000, field), count: 1000).flatMap(\.self)
        let items = [[UInt8]](repeating: many(1000, item), count: 1000).flatMap(\.self)
        expectError(.limitExceeded) { try protobuf.decode(message(fields)) }
        expectError(.limitExceeded) { try avro.decode(record(1_000_000, items)) }
        protobuf.limits.attributes = 30_004
        avro.limits.attributes = 30_004
        #expect(try protobuf.decode(message(many(30_000, field))).attributeNames.count == 30_004)
        #expect(try avro.decode(record(30_000, many(30_000, item))).attributeNames.count == 30_004)
    }

    @Test("Very many members cost no more than their number (V3)")
    func manyMembers() throws {
        let items = (0..<50_000).map { Avro.string("m\($0)") + [0] }
        let event = try avro.decode(Avro.event(data: [6] + Avro.block(items)))
        #expect(try avro.decode(avro.encode(event)) == event)
        expectError(.invalidData, rule: "V3") {
            try avro.decode(Avro.event(data: [6] + Avro.block(items + [items[7]])))
        }
    }

    @Test("A number of very many digits is looked at once (V3)")
    func longNumbers() throws {
        for text in [String(repeating: "9", count: 1_000_000), "1." + String(repeating: "0", count: 1_000_000) + "1"] {
            let event = try CloudEvent(id: "1", source: "/s", type: "t", data: .json(text))
            #expect(try avro.decode(avro.encode(event)).data.kind == .binary)
        }
    }

    @Test("The limits of size and number hold (C16)")
    func limits() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["a": 1, "b": 2])
        let (message, record) = (try protobuf.encode(event), try avro.encode(event))
        let batch = try protobuf.encodeBatch([event, event])
        var (protobuf, avro) = (protobuf, avro)
        (protobuf.limits.attributes, avro.limits.attributes) = (6, 6)
        (protobuf.limits.eventBytes, avro.limits.eventBytes) = (message.count, record.count)
        (protobuf.limits.batchBytes, protobuf.limits.batchEvents) = (batch.count, 2)
        #expect(try protobuf.decode(message) == event)
        #expect(try avro.decode(record) == event)
        #expect(try protobuf.decodeBatch(batch) == [event, event])
        (protobuf.limits.attributes, avro.limits.attributes) = (5, 5)
        expectError(.limitExceeded) { try protobuf.decode(message) }
        expectError(.limitExceeded) { try avro.decode(record) }
        (protobuf.limits.attributes, avro.limits.attributes) = (6, 6)
        protobuf.limits.batchBytes -= 1
        expectError(.limitExceeded) { try protobuf.decodeBatch(batch) }
        protobuf.limits.batchBytes += 1
        protobuf.limits.batchEvents = 1
        expectError(.limitExceeded) { try protobuf.decodeBatch(batch) }
        protobuf.limits.batchEvents = 2
        (protobuf.limits.eventBytes, avro.limits.eventBytes) = (message.count - 1, record.count - 1)
        expectError(.limitExceeded) { try protobuf.decode(message) }
        expectError(.limitExceeded) { try protobuf.decodeBatch(batch) }
        expectError(.limitExceeded) { try avro.decode(record) }
    }
}
