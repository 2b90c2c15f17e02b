// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension VectorTests {
    static let xmlChecks: [Check] = [
        ("xml-event", checkXMLEvent),
        ("xml-batch", checkXMLBatch),
    ]

    private static func checkXMLEvent(_ vector: Vector) throws {
        let format = XMLEventFormat()
        let event = try format.decode(SharedBytes(utf8: vector.input["text"]?.string ?? ""))
        guard !vector.isVerdict else { return }
        try check(event, against: vector.expect)
        guard try format.decode(format.encode(event)) == event else {
            throw VectorMismatch("it changed when it was written and read again")
        }
    }

    private static func checkXMLBatch(_ vector: Vector) throws {
        let format = XMLEventFormat()
        let events = try format.decodeBatch(SharedBytes(utf8: vector.input["text"]?.string ?? ""))
        guard !vector.isVerdict else { return }
        let expected = vector.expect["events"]?.elements ?? []
        guard events.count == expected.count else { throw VectorMismatch("it has \(events.count) events") }
        for (event, form) in zip(events, expected) { try check(event, against: form) }
        guard try format.decodeBatch(format.encodeBatch(events)) == events else {
            throw VectorMismatch("it changed when it was written and read again")
        }
    }

    /// Compares attributes, their types where they are given, and data, of which an XML element is known by its name.
    private static func check(_ event: CloudEvent, against expected: TestJSON) throws {
        for (name, type) in expected["types"]?.members ?? [:] {
            guard event[try AttributeName(name)]?.type.rawValue == type.string else {
                throw VectorMismatch("the attribute \(name) is not of type \(type)")
            }
        }
        guard let root = expected["data"]?["xml_root"]?.string else {
            return try Vector.check(event, against: expected)
        }
        var members = expected.members
        members["data"] = nil
        try Vector.check(event, against: .object(members))
        guard event.data.kind == .text else { throw VectorMismatch("the data is \(event.data)") }
        let name = try TestXML(event.data.bytes).name
        guard name == root else { throw VectorMismatch("the data's element is \(name)") }
    }
}
