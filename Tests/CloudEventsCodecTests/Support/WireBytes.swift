// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

/// Messages of Protocol Buffers, written by hand.
enum Proto {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest > 127 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func tag(_ number: UInt64, _ wireType: UInt64) -> [UInt8] { varint(number << 3 | wireType) }

    static func number(_ number: UInt64, _ value: UInt64) -> [UInt8] { tag(number, 0) + varint(value) }

    static func bytes(_ number: UInt64, _ value: [UInt8]) -> [UInt8] {
        tag(number, 2) + varint(UInt64(value.count)) + value
    }

    static func string(_ number: UInt64, _ value: String) -> [UInt8] { bytes(number, Array(value.utf8)) }

    /// An entry of the map of attributes.
    static func attribute(_ name: String, _ value: [UInt8]) -> [UInt8] { bytes(5, string(1, name) + bytes(2, value)) }

    static func text(_ value: String) -> [UInt8] { string(3, value) }

    static func any(_ typeURL: String, _ value: [UInt8]) -> [UInt8] { bytes(8, string(1, typeURL) + bytes(2, value)) }

    /// The four required fields.
    static let required = string(1, "1") + string(2, "/s") + string(3, "1.0") + string(4, "t")
}

/// Records of Avro, written by hand.
enum Avro {
    static func long(_ value: Int64) -> [UInt8] { Proto.varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    static func bytes(_ value: [UInt8]) -> [UInt8] { long(Int64(value.count)) + value }

    static func string(_ value: String) -> [UInt8] { bytes(Array(value.utf8)) }

    static func double(_ value: Double) -> [UInt8] {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }

    /// The four required attributes as items of the map.
    static let required: [[UInt8]] = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t")]
        .map { attribute($0.0, 3, string($0.1)) }

    static func attribute(_ name: String, _ branch: Int64, _ value: [UInt8]) -> [UInt8] {
        string(name) + long(branch) + value
    }

    /// Items in one block and the end.
    static func block(_ items: [[UInt8]]) -> [UInt8] {
        (items.isEmpty ? [] : long(Int64(items.count)) + items.flatMap(\.self)) + [0]
    }

    /// An event with further attributes and with the bytes of the field `data`.
    static func event(_ attributes: [[UInt8]] = [], data: [UInt8] = [2]) -> [UInt8] {
        block(required + attributes) + data
    }
}

extension EventFormat {
    func decode(_ bytes: [UInt8]) throws(CloudEventError) -> CloudEvent { try decode(SharedBytes(bytes)) }
}

extension EventGenerator {
    /// An event that also has extensions of the types that JSON does not have.
    mutating func eventOfAllTypes() throws -> CloudEvent {
        var event = try event()
        try event.setExtension("allbool", to: .boolean(random.chance(50)))
        try event.setExtension("allint", to: .integer(pick([0, 1, -1, 127, 128, .min, .max])))
        try event.setExtension("allstring", to: .string(text()))
        try event.setExtension("allbinary", to: .binary(SharedBytes(bytes())))
        try event.setExtension("alluri", to: .uri(pick(["urn:x", "https://h/p?q"])))
        try event.setExtension("allref", to: .uriReference(pick(["", "#f", "../a", "//h"])))
        try event.setExtension("alltime", to: .timestamp(try carriedTimestamp()))
        if event.time != nil { event.time = try carriedTimestamp() }
        return event
    }

    /// A time of the years that a google.protobuf.Timestamp has.
    private mutating func carriedTimestamp() throws -> Timestamp {
        while true {
            let time = try timestamp()
            if (-62_135_596_800...253_402_300_799).contains(time.secondsSince1970) { return time }
        }
    }
}
