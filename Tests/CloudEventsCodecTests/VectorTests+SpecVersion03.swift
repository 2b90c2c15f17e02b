// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension VectorTests {
    static let specVersion03Checks: [Check] = [
        ("json-structured-v03", checkVersion03)
    ]

    /// The vectors expect the event as it was read; the library makes one of version 1.0 of it (SDK7).
    private static func checkVersion03(_ vector: Vector) throws {
        let event = try JSONEventFormat().decode(SharedBytes(utf8: vector.input["text"]?.string ?? ""))
        guard !vector.isVerdict else { return }
        var expected = vector.expect.members
        var attributes = expected["attributes"]?.members ?? [:]
        guard attributes.updateValue(.string("1.0"), forKey: "specversion") == .string("0.3") else {
            throw VectorMismatch("the vector's event is not of version 0.3")
        }
        attributes["dataschema"] = attributes.removeValue(forKey: "schemaurl")
        expected["attributes"] = .object(attributes)
        try Vector.check(event, against: .object(expected))
    }
}
