// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Events that are copied, changed and outlive what they were read from.
struct EventChangeTests {
    /// What an event has to be, as values that share nothing with it.
    private struct Model: Equatable {
        var texts: [String: [UInt8]] = [:]
        var data: [UInt8] = []
        var kind = EventData.Kind.absent

        init(_ event: CloudEvent) {
            for attribute in event.attributes {
                texts[attribute.name.string] = Array(attribute.value.canonicalString.utf8)
            }
            data = Array(event.data.bytes)
            kind = event.data.kind
        }
    }

    /// Ways of getting an event, each with its own owners of memory.
    private static let ways: [@Sendable (CloudEvent) throws -> CloudEvent] = [
        { $0 },
        { try JSONEventFormat().decode(try JSONEventFormat().encode($0)) },
        { try JSONEventFormat().decode([UInt8](try JSONEventFormat().encode($0))) },
        { try JSONEventFormat().decode([UInt8](try JSONEventFormat().encode($0))).detached() },
        { try JSONEventFormat().decodeBatch(try JSONEventFormat().encodeBatch([$0, $0]))[1] },
        { try JSONEventFormat().decodeBatch(try JSONEventFormat().encodeBatch([$0, $0]))[0].detached() },
        { try HTTPBinding().decode(try HTTPBinding().encode($0)) },
        { try ProtobufEventFormat().decode(try ProtobufEventFormat().encode($0)) },
        { try AvroEventFormat().decode(try AvroEventFormat().encode($0)) },
        { try XMLEventFormat().decode(try XMLEventFormat().encode($0)) },
    ]

    @Test("A change of an event changes no copy of it, and nothing else of it", arguments: 0..<12 as Range<UInt64>)
    func changes(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed &+ 900)
        for _ in 0..<6 {
            let made = try generator.event()
            for way in Self.ways {
                // Not every format can write every event.
                guard var event = try? way(made) else { continue }
                var copies: [(event: CloudEvent, model: Model)] = []
                var pieces: [(bytes: SharedBytes, content: [UInt8])] = []
                for _ in 0..<12 {
                    copies.append((event, Model(event)))
                    for name in event.attributeNames {
                        let bytes = try #require(event.canonicalBytes(of: name))
                        pieces.append((bytes, Array(bytes)))
                    }
                    try change(&event, &generator)
                }
                event = made
                #expect(copies.allSatisfy { Model($0.event) == $0.model })
                #expect(pieces.allSatisfy { Array($0.bytes) == $0.content })
            }
        }
    }

    /// Makes one change and compares with what the event was.
    private func change(_ event: inout CloudEvent, _ generator: inout EventGenerator) throws {
        var expected = Model(event)
        let text = generator.text()
        switch generator.random.below(11) {
        case 0:
            try event.setID(text)
            expected.texts["id"] = Array(text.utf8)
        case 1:
            try event.setType(text)
            expected.texts["type"] = Array(text.utf8)
        case 2:
            try event.setSubject(generator.random.chance(30) ? nil : text)
            expected.texts["subject"] = event.subject.map { Array($0.utf8) }
        case 3:
            event.time = generator.random.chance(30) ? nil : try generator.timestamp()
            expected.texts["time"] = event.time.map { Array($0.description.utf8) }
        case 4:
            event.dataSchema = generator.random.chance(30) ? nil : "urn:x:y"
            expected.texts["dataschema"] = event.dataSchema.map { Array($0.string.utf8) }
        case 5:
            try event.setExtension("changed", to: generator.random.chance(30) ? nil : .string(text))
            expected.texts["changed"] = event.canonicalString(of: "changed").map { Array($0.utf8) }
        case 6:
            event.data = .text(text)
            (expected.kind, expected.data) = (.text, Array(text.utf8))
        case 7:
            // The data is a piece of the event itself.
            let bytes = try #require(event.canonicalBytes(of: .id))
            event.data = .binary(bytes)
            (expected.kind, expected.data) = (.binary, Array(bytes))
        case 8:
            event.data = .absent
            (expected.kind, expected.data) = (.absent, [])
        case 9: event = event.detached()
        default:
            try event.setExtensions(event.extensions)
        }
        #expect(Model(event) == expected)
        let again = try CloudEvent(attributes: event.attributes, data: event.data.detached())
        #expect(again == event && again.hashValue == event.hashValue)
        // Both are written alike: what is known of the texts is the same, wherever they come from.
        #expect((try? JSONEventFormat().encode(again)) == (try? JSONEventFormat().encode(event)))
        #expect(try HTTPBinding().encode(again) == HTTPBinding().encode(event))
    }

    @Test("What is absent keeps no buffer alive")
    func absentData() throws {
        let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#
        for event in [
            try JSONEventFormat().decode(SharedBytes(utf8: text)), try JSONEventFormat().decode(Array(text.utf8)),
        ] {
            #expect(event.data.bytes.retainedCapacity == 0)
        }
    }

    @Test("Many changes, one after the other, keep no chain of buffers")
    func manyChanges() throws {
        var event = try JSONEventFormat().decode(
            Array(#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":[1,2]}"#.utf8)
        )
        for count in 0..<20_000 {
            if count % 2 == 0 {
                event.time = try Timestamp(secondsSince1970: Int64(count))
            } else {
                try event.setID("\(count)")
            }
        }
        #expect(event.data.text == "[1,2]")
        event = event.detached()
        #expect(event.data.bytes.retainedCapacity <= 8)
    }

    @Test("What is read of extensions in an event stays as it was when the event changes (C11)")
    func extensionsOfEvent() throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["a": "1", "b": 2])
        let before = event.extensions
        var changed = before
        changed["a"] = "2"
        event.data = .text("x")
        try event.setExtension("b", to: nil)
        #expect(before == ["b": 2, "a": "1"] && changed == ["a": "2", "b": 2] && event.extensions == ["a": "1"])
    }

    @Test("The limit of attributes counts all of them, and not the data", arguments: [4, 5, 8, 256])
    func attributeLimit(limit: Int) throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/plain", data: .text("x"))
        if limit == 4 { try event.setDataContentType(nil) }
        if limit == 4 { event.data = .binary([1]) }
        for index in event.attributes.count..<max(limit, event.attributes.count) {
            try event.setExtension(AttributeName("x\(index)"), to: "v")
        }
        var limits = CodecLimits()
        limits.attributes = limit
        let formats: [any EventFormat] = [
            JSONEventFormat(limits: limits), ProtobufEventFormat(limits: limits), AvroEventFormat(limits: limits),
            XMLEventFormat(limits: limits),
        ]
        let http = HTTPBinding(limits: limits)
        for format in formats { #expect(try format.decode(try format.encode(event)) == event, "\(format.contentType)") }
        #expect(try http.decode(try http.encode(event)).attributes.count == limit)
        try event.setExtension("more", to: "v")
        for format in formats { expectError(.limitExceeded) { try format.decode(try format.encode(event)) } }
        expectError(.limitExceeded) { try http.decode(try http.encode(event)) }
    }

    @Test("The limits of bytes, events and depth are taken exactly", arguments: [0, 1])
    func exactLimits(excess: Int) throws {
        let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":[[1]]}"#
        func isRead(_ text: String, isBatch: Bool, _ change: (inout CodecLimits) -> Void) -> Bool {
            var format = JSONEventFormat()
            change(&format.limits)
            return isBatch
                ? (try? format.decodeBatch(Array(text.utf8))) != nil : (try? format.decode(Array(text.utf8))) != nil
        }
        let isExpected = excess == 0
        #expect(isRead(text, isBatch: false) { $0.eventBytes = text.utf8.count - excess } == isExpected)
        #expect(isRead("[\(text)]", isBatch: true) { $0.eventBytes = text.utf8.count - excess } == isExpected)
        #expect(isRead("[\(text)]", isBatch: true) { $0.batchBytes = text.utf8.count + 2 - excess } == isExpected)
        #expect(isRead(text, isBatch: false) { $0.nestingDepth = 4 - excess } == isExpected)
        #expect(isRead("[\(text)]", isBatch: true) { $0.nestingDepth = 4 - excess } == isExpected)
        #expect(isRead("[\(text),\(text)]", isBatch: true) { $0.batchEvents = 2 - excess } == isExpected)
    }
}
