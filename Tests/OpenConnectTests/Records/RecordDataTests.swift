// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Record data")
struct RecordDataTests {
    private let invalid = SharedBytes([0x61, 0xFF])

    @Test("Each form converts to bytes, text and a structured value")
    func conversions() throws {
        let json = try RecordData.json(SharedBytes(utf8: "[1, 2]"))
        #expect(RecordData.absent.bytes.isEmpty && RecordData.absent.text == nil)
        #expect(try RecordData.absent.structured == .null)
        #expect(RecordData.bytes(invalid).text == nil)
        #expect(try RecordData.bytes(invalid).structured == .bytes(invalid))
        #expect(RecordData.bytes(SharedBytes(utf8: "é")).text == "é")
        #expect(RecordData.text("é").bytes == SharedBytes(utf8: "é"))
        #expect(try RecordData.text("é").structured == .string("é"))
        #expect(json.text == "[1, 2]")
        #expect(try json.structured == .array([.integer(1), .integer(2)]))
        #expect(RecordData.structured(.array([.integer(1)])).text == "[1]")
        #expect(try RecordData.structured(.null).structured == .null)
    }

    @Test("Nothing, an empty payload and a JSON null are three things")
    func absence() throws {
        let empty = RecordData.bytes(SharedBytes())
        let null = try RecordData.json(SharedBytes(utf8: "null"))
        #expect(RecordData.absent.isAbsent && !empty.isAbsent && !null.isAbsent)
        #expect(RecordData.absent != empty && empty != null && empty != .text(""))
    }

    @Test("Text has to be UTF-8, JSON has to be JSON")
    func checks() throws {
        #expect(RecordData.text(utf8: invalid) == nil)
        #expect(RecordData.text(utf8: SharedBytes(utf8: "漢")) == "漢")
        expectError(mentioning: "byte 0") { try RecordData.json(SharedBytes()) }
        expectError(mentioning: "byte 4") { try RecordData.json(SharedBytes(utf8: "[1, ]")) }
    }

    @Test("JSON keeps its text without the white space around it")
    func whiteSpace() throws {
        #expect(try RecordData.json(SharedBytes(utf8: " \n{ \"a\" : 1.50 }\r\n")).text == "{ \"a\" : 1.50 }")
    }

    @Test("Bytes in a structured value are counted, and not the buffer that they were cut from")
    func bytesInStructuredValue() {
        let reply = SharedBytes(Array(repeating: 7, count: 1_000_000))
        let record = ConnectorRecord(.structured(.object(["field": .bytes(reply.slice(1000..<2000))])))
        #expect((1000..<2000).contains(record.heldCount))
    }

    @Test("Data cut from a buffer can be detached from it")
    func detached() {
        let buffer = SharedBytes([UInt8](repeating: 0x61, count: 1000))
        let data = RecordData.bytes(buffer.slice(10..<15))
        #expect(data.bytes.retainedCapacity >= 1000)
        #expect(data.detached().bytes.retainedCapacity == 5)
        #expect(data.detached() == data)
    }

    @Test("A description shows the size and never the payload")
    func description() {
        #expect(RecordData.text("secret").description == "text, 6 bytes")
        #expect(RecordData.absent.description == "absent")
    }
}
