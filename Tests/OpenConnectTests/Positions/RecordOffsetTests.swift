// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@Suite("Record offset")
struct RecordOffsetTests {
    struct Place: Codable, Equatable {
        var file: String
        var line: Int
        var ratio: Double?
    }

    @Test("Short and long texts are kept byte by byte", arguments: 0...40)
    func texts(count: Int) throws {
        for text in [String(repeating: "z", count: count), String(repeating: "é", count: count), "\u{0}" + "\(count)"] {
            let offset = RecordOffset(text)
            #expect(offset.text == text)
            #expect(offset.sequence == nil && offset.schemaVersion == nil)
            #expect(offset == RecordOffset(text) && offset.hashValue == RecordOffset(text).hashValue)
            #expect(offset != RecordOffset(text + "\u{0}"))
            #expect(RecordOffset(stored: offset.stored[...]) == offset)
            #expect(ConnectorRecord(.absent, offset: offset).offset == offset)
        }
    }

    @Test("A sequence number has an incarnation")
    func sequence() {
        let offset = RecordOffset(.max, incarnation: .max)
        #expect(offset.sequence == .max && offset.incarnation == .max && offset.text == nil)
        #expect(offset != RecordOffset(.max) && RecordOffset(.min).sequence == .min)
        #expect(RecordOffset(5).description == "5" && RecordOffset(5, incarnation: 255).description == "5 in ff")
        #expect(RecordOffset(stored: offset.stored[...]) == offset)
    }

    @Test("Offsets of different forms differ")
    func forms() throws {
        #expect(RecordOffset("5") != RecordOffset(5))
        #expect(RecordOffset("") != RecordOffset(0))
        #expect(try RecordOffset(encoding: [1]) != RecordOffset("[1]"))
        #expect(try RecordOffset(encoding: [1], version: 1) != RecordOffset(encoding: [1], version: 2))
    }

    @Test("Fields come back, of this version or through a migration")
    func fields() throws {
        let place = Place(file: "a", line: 3)
        let offset = try RecordOffset(encoding: place, version: 2)
        #expect(offset.schemaVersion == 2)
        #expect(try offset.decoded(as: Place.self, version: 2) == place)
        #expect(RecordOffset(stored: offset.stored[...]) == offset)
        let migrated = try offset.decoded(as: Int.self, version: 3) { version, json in
            version == 2 && json.contains("\"line\":3") ? 33 : nil
        }
        #expect(migrated == 33)
    }

    @Test("Fields of another version or source are refused with advice")
    func refusals() throws {
        let offset = try RecordOffset(encoding: Place(file: "a", line: 3), version: 2)
        expectError(.corruptOffsets, mentioning: "version 2", "version 3") {
            try offset.decoded(as: Place.self, version: 3)
        }
        expectError(.corruptOffsets, mentioning: "version 2") {
            try offset.decoded(as: Place.self, version: 3) { _, _ in nil }
        }
        expectError(.corruptOffsets, mentioning: "another source") { try RecordOffset(1).decoded(as: Place.self) }
        expectError(.corruptOffsets, mentioning: "cannot be read") { try offset.decoded(as: [Int].self, version: 2) }
    }

    @Test("A field that cannot be stored is named where the offset is made", arguments: [Double.nan, .infinity])
    func badField(value: Double) {
        expectError(mentioning: "'ratio'") { try RecordOffset(encoding: Place(file: "a", line: 1, ratio: value)) }
    }

    @Test("Bytes that no offset was stored as are refused")
    func storedBytes() {
        for bytes: [UInt8] in [[], [9], [0, 0], [1, 2, 3], [2, 0xFF], [3, 1]] {
            #expect(RecordOffset(stored: bytes[...]) == nil)
        }
    }
}
