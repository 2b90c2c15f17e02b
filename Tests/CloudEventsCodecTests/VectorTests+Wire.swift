// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension VectorTests {
    static let wireChecks: [Check] = [
        ("protobuf-event", { try checkWire($0, ProtobufEventFormat()) }),
        ("protobuf-batch", checkWireBatch),
        ("avro-event", { try checkWire($0, AvroEventFormat()) }),
    ]

    private static func wireBytes(_ vector: Vector) throws -> SharedBytes {
        let text = vector.input["wire_base64"]?.string ?? "?"
        guard case .binary(let bytes) = try AttributeValue(canonical: text, as: .binary) else { return SharedBytes() }
        return bytes
    }

    private static func checkWire(_ vector: Vector, _ format: some EventFormat) throws {
        let event = try format.decode(try wireBytes(vector))
        guard !vector.isVerdict else { return }
        try Vector.check(event, against: vector.expect)
        for (name, type) in vector.expect["types"]?.members ?? [:] {
            let found = event[try AttributeName(name)]?.type
            guard found == Self.types[type.string ?? ""] else {
                throw VectorMismatch("the type of \(name) is \(String(describing: found))")
            }
        }
        let again = try format.decode(try format.encode(event))
        guard again == event else { throw VectorMismatch("it changed when it was written and read again") }
    }

    private static let types: [String: AttributeType] = [
        "ceBoolean": .boolean, "ceInteger": .integer, "ceString": .string, "ceBytes": .binary, "ceUri": .uri,
        "ceUriRef": .uriReference, "ceTimestamp": .timestamp,
    ]

    private static func checkWireBatch(_ vector: Vector) throws {
        let format = ProtobufEventFormat()
        let events = try format.decodeBatch(try wireBytes(vector))
        guard !vector.isVerdict else { return }
        let expected = vector.expect["events"]?.elements ?? []
        guard events.count == expected.count else { throw VectorMismatch("it has \(events.count) events") }
        for (event, form) in zip(events, expected) { try Vector.check(event, against: form) }
        guard try format.decodeBatch(try format.encodeBatch(events)) == events else {
            throw VectorMismatch("it changed when it was written and read again")
        }
    }
}
