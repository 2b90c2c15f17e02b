// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// The wire format of Protocol Buffers, byte by byte.
struct ProtobufWireTests {
    let format = ProtobufEventFormat()

    @Test("Unknown fields of every wire type are passed over (P1)")
    func unknownFields() throws {
        let expected = try format.decode(Proto.required)
        let unknown: [[UInt8]] = [
            Proto.number(9, .max), Proto.tag(9, 1) + [1, 2, 3, 4, 5, 6, 7, 8], Proto.bytes(536_870_911, [0xFF]),
            Proto.tag(9, 5) + [1, 2, 3, 4], Proto.tag(9, 3) + Proto.tag(9, 4),
            Proto.tag(9, 3) + Proto.tag(10, 3) + Proto.number(1, 1) + Proto.tag(10, 4) + Proto.bytes(1, [0xFF])
                + Proto.tag(9, 4),
        ]
        for field in unknown {
            #expect(try format.decode(field + Proto.required) == expected)
            #expect(try format.decode(Proto.required + field) == expected)
            #expect(try format.decodeBatch(SharedBytes(field + Proto.bytes(1, Proto.required) + field)) == [expected])
            let inner =
                Proto.bytes(5, field + Proto.string(1, "x") + field + Proto.bytes(2, field + Proto.text("v") + field))
            #expect(try format.decode(Proto.required + inner)["x"] == "v")
            let time = Proto.attribute("x", Proto.bytes(7, field + Proto.number(1, 5) + field))
            #expect(try format.decode(Proto.required + time)["x"] == .timestamp(Timestamp(secondsSince1970: 5)))
            let any = Proto.bytes(8, field + Proto.bytes(2, [1]) + field)
            #expect(try format.decode(Proto.required + any).data == .binary([1]))
        }
    }

    @Test("A known field of another wire type is an unknown one (P1)")
    func otherWireTypes() throws {
        #expect(try format.decode(Proto.required + Proto.number(1, 5)).id == "1")
        #expect(try format.decode(Proto.required + Proto.number(6, 5)).data == .absent)
        expectError(.missingAttribute) { try format.decode(Proto.number(1, 5)) }
        let value = Proto.tag(1, 5) + [0, 0, 0, 0]
        expectError(.invalidValue, rule: "P6") { try format.decode(Proto.required + Proto.attribute("x", value)) }
    }

    @Test("Of a field that comes again the last value counts (P1)")
    func lastValueCounts() throws {
        let message =
            Proto.required + Proto.string(1, "2")
            + Proto.bytes(5, Proto.string(1, "a") + Proto.bytes(2, Proto.text("v") + [0x08, 1]) + Proto.string(1, "b"))
        let event = try format.decode(message)
        #expect(event.id == "2")
        #expect(event["b"] == true)
        #expect(event["a"] == nil)
    }

    @Test("A message in pieces is one message (P2)")
    func merging() throws {
        let seconds = Proto.bytes(7, Proto.number(1, 5))
        let nanos = Proto.bytes(7, Proto.number(2, 6))
        let whole = AttributeValue.timestamp(try Timestamp(secondsSince1970: 5, nanoseconds: 6))
        // Two timestamps in one value, and two values in one entry.
        let value = Proto.attribute("x", seconds + nanos)
        let entry = Proto.bytes(5, Proto.string(1, "x") + Proto.bytes(2, seconds) + Proto.bytes(2, nanos))
        #expect(try format.decode(Proto.required + value)["x"] == whole)
        #expect(try format.decode(Proto.required + entry)["x"] == whole)
        // Another case between them ends the first message.
        let broken = Proto.attribute("x", seconds + [0x08, 1] + nanos)
        let rest = AttributeValue.timestamp(try Timestamp(secondsSince1970: 0, nanoseconds: 6))
        #expect(try format.decode(Proto.required + broken)["x"] == rest)
    }

    @Test("Numbers have ten bytes at most, and may have more than they need (P2)")
    func varints() throws {
        func decode(_ number: [UInt8]) throws -> AttributeValue? {
            try format.decode(Proto.required + Proto.attribute("x", [0x10] + number))["x"]
        }
        #expect(try decode([0x85, 0x80, 0x80, 0x00]) == 5)
        #expect(try decode([0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]) == 5)
        // As in every implementation: an int32 is the lower half of the number.
        #expect(try decode([0x85, 0x80, 0x80, 0x80, 0x10]) == 5)
        #expect(try decode([0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) == -1)
        #expect(try format.decode(Proto.required + Proto.attribute("x", [0x08, 0x80, 0x01]))["x"] == true)
        for number in [
            [UInt8](repeating: 0x80, count: 10) + [0], [UInt8](repeating: 0xFF, count: 9) + [2], [0x80],
            [UInt8](repeating: 0xFF, count: 10) + [1],
        ] {
            expectError(.malformed) { try decode(number) }
        }
    }

    @Test(
        "What is no field is refused (P1)",
        arguments: [
            [0x00, 0], [0x02, 0], [0x03, 0x04], [0x0E], [0x0F], [0x06, 0], [0x80], [0x0A], [0x0A, 0x80],
            [0x80, 0x80, 0x80, 0x80, 0x10, 0], [0x4C], [0x4B], [0x4B, 0x54], [0x4B, 0x00, 0x4C], [0x4D, 1, 2, 3],
            [0x49, 1, 2, 3, 4, 5, 6, 7], [0x4B, 0x4A, 5, 1], [0x4C, 0x4B],
        ] as [[UInt8]]
    )
    func notAField(bytes: [UInt8]) {
        expectError(.malformed) { try format.decode(Proto.required + bytes) }
        expectError(.malformed) { try format.decodeBatch(SharedBytes(bytes)) }
        expectError(.malformed) { try format.decode(Proto.required + Proto.bytes(5, bytes)) }
        expectError(.malformed) { try format.decode(Proto.required + Proto.bytes(8, bytes)) }
    }

    @Test(
        "A length is no more than what is left",
        arguments: [
            1, 127, UInt64(Int32.max), UInt64(Int.max) - 1, UInt64(Int.max), UInt64(Int.max) + 1, .max - 1, .max,
        ]
    )
    func lengths(length: UInt64) {
        for number in [1, 2, 3, 4, 5, 6, 7, 8, 99] as [UInt64] {
            let field = Proto.tag(number, 2) + Proto.varint(length)
            expectError(.malformed) { try format.decode(Proto.required + field) }
            expectError(.malformed) { try format.decode(Proto.required + Proto.bytes(5, field) + [0x31]) }
            expectError(.malformed) { try format.decodeBatch(SharedBytes(field)) }
        }
    }

    @Test("Strings are UTF-8, used or not (P1)", arguments: [1, 2, 3, 4, 7] as [UInt64])
    func invalidUTF8(field: UInt64) {
        for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            expectError(.malformed) { try format.decode(Proto.bytes(field, bytes) + Proto.required) }
            expectError(.malformed) { try format.decode(Proto.required + Proto.bytes(5, Proto.bytes(1, bytes))) }
            for number in [3, 5, 6] as [UInt64] {
                expectError(.malformed) {
                    try format.decode(Proto.required + Proto.attribute("x", Proto.bytes(number, bytes)))
                }
            }
            expectError(.malformed) { try format.decode(Proto.required + Proto.bytes(8, Proto.bytes(1, bytes))) }
        }
    }

    @Test("Groups nest to the limit, whatever their depth", arguments: [1, 127, 128, 129, 100_000])
    func groups(depth: Int) throws {
        let groups =
            [[UInt8]](repeating: Proto.tag(9, 3), count: depth).flatMap(\.self)
            + [[UInt8]](repeating: Proto.tag(9, 4), count: depth).flatMap(\.self)
        if depth <= 128 {
            #expect(try format.decode(groups + Proto.required).id == "1")
        } else {
            expectError(.limitExceeded) { try format.decode(groups + Proto.required) }
            expectError(.limitExceeded) { try format.decode(Proto.required + Proto.attribute("x", groups)) }
        }
        var unlimited = format
        unlimited.limits.nestingDepth = .max
        #expect(try unlimited.decode(groups + Proto.required).id == "1")
    }
}
