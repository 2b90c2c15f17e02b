// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Whatever the bytes are, a decoder answers or throws.
struct HostileInputTests {
    let format = JSONEventFormat()

    @Test("Changed and cut texts never crash the decoder", arguments: 0..<16 as Range<UInt64>)
    func damagedEvents(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        for _ in 0..<10 {
            let event = try generator.event()
            let text = [UInt8](try format.encode(event))
            for length in 0..<text.count {
                #expect(throws: CloudEventError.self) { try format.decode(Array(text.prefix(length))) }
            }
            for _ in 0..<300 {
                var damaged = text
                for _ in 0...generator.random.below(3) {
                    damaged[generator.random.below(damaged.count)] = damage(&generator.random)
                }
                decode(damaged)
            }
        }
    }

    @Test("Random bytes never crash the decoder")
    func randomBytes() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            decode((0..<random.below(60)).map { _ in damage(&random) })
        }
    }

    private func damage(_ random: inout SeededGenerator) -> UInt8 {
        let telling =
            Array("{}[]\",:\\u0dD8eE+-.tfn 1".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF]
        return random.chance(70) ? telling[random.below(telling.count)] : UInt8(random.below(256))
    }

    /// What is read can be written, and is the same then.
    private func decode(_ bytes: [UInt8]) {
        if let event = try? format.decode(bytes) {
            #expect((try? format.encode(event)).flatMap { try? format.decode($0) } == event)
        }
        _ = try? format.decodeBatch([UInt8(ascii: "[")] + bytes + [UInt8(ascii: "]")])
    }

    @Test(
        "Nesting ends at the limit, whatever its depth",
        arguments: [1, 63, 64, 65, 126, 127, 128, 129, 200, 1_000_000]
    )
    func nesting(depth: Int) throws {
        let data = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":\#(data)}"#
        if depth <= 126 {
            #expect(try format.decode(SharedBytes(utf8: text)).data.text == data)
        } else {
            expectError(.limitExceeded) { try format.decode(SharedBytes(utf8: text)) }
        }
    }

    @Test("Mixed nesting closes what it opened", arguments: [10, 64, 65, 129, 700])
    func mixedNesting(depth: Int) throws {
        var random = SeededGenerator(seed: UInt64(depth))
        var (opening, closing) = ("", "")
        for _ in 0..<depth {
            let isObject = random.chance(50)
            opening += isObject ? #"{"a":"# : "["
            closing = (isObject ? "}" : "]") + closing
        }
        #expect(throws: Never.self) { try read(opening + "1" + closing, depth: depth) }
        expectError(.limitExceeded) { try read(opening + "1" + closing, depth: depth - 1) }
        for position in closing.indices {
            var broken = closing
            let other: Character = closing[position] == "}" ? "]" : "}"
            broken.replaceSubrange(position...position, with: [other])
            expectError(.malformed) { try read(opening + "1" + broken, depth: depth) }
        }
    }

    private func read(_ text: String, depth: Int) throws(CloudEventError) {
        _ = try SharedBytes(utf8: text).withUnsafeBytes { bytes throws(CloudEventError) in
            var reader = JSONReader(bytes, maximumDepth: depth)
            _ = try reader.skipValue()
            return try reader.next()
        }
    }

    @Test("The limits of size and number hold")
    func limits() throws {
        var format = JSONEventFormat()
        format.limits.attributes = 6
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["a": 1, "b": 2])
        let text = try format.encode(event)
        #expect(try format.decode(text) == event)
        format.limits.attributes = 5
        expectError(.limitExceeded) { try format.decode(text) }
        format.limits = CodecLimits()
        format.limits.eventBytes = text.count
        let batch = try format.encodeBatch([event, event])
        #expect(try format.decode(text) == event)
        #expect(try format.decodeBatch(batch).count == 2)
        format.limits.eventBytes -= 1
        expectError(.limitExceeded) { try format.decode(text) }
        expectError(.limitExceeded) { try format.decodeBatch(batch) }
        format.limits = CodecLimits()
        format.limits.batchEvents = 1
        expectError(.limitExceeded) { try format.decodeBatch(batch) }
        format.limits.batchEvents = 2
        format.limits.batchBytes = batch.count - 1
        expectError(.limitExceeded) { try format.decodeBatch(batch) }
    }

    @Test("Very many attributes cost no more than their number (C3)")
    func manyAttributes() throws {
        var format = JSONEventFormat()
        format.limits.attributes = 200_010
        let members = (0..<100_000).map { #""x\#($0)":\#($0)"# }.joined(separator: ",")
        let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t",\#(members)"#
        let event = try format.decode(SharedBytes(utf8: text + "}"))
        #expect(event.extensions.count == 100_000)
        #expect(try event == format.decode(SharedBytes(utf8: text + "}")))
        expectError(.duplicate) { try format.decode(SharedBytes(utf8: text + #","x500":null}"#)) }
    }
}
