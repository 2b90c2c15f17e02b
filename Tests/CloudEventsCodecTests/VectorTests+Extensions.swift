// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension VectorTests {
    static let extensionChecks: [Check] = [
        ("extension-validate", checkExtensions),
        ("extension-expired", checkExpired),
    ]

    private static func event(_ extensions: [String: TestJSON]) throws -> CloudEvent {
        var form = extensions
        for (name, value) in ["specversion": "1.0", "id": "1", "source": "/s", "type": "t"] {
            form[name] = .string(value)
        }
        return try Vector.event(.object(["attributes": .object(form)]))
    }

    private static func checkExtensions(_ vector: Vector) throws {
        try event(vector.input["extensions"]?.members ?? [:]).validateExtensions()
    }

    private static func checkExpired(_ vector: Vector) throws {
        let event = try event(["expirytime": vector.input["expirytime"] ?? .null])
        let isExpired = try event.isExpired(at: Timestamp(vector.input["now"]?.string ?? ""))
        guard vector.expect == .boolean(isExpired) else { throw VectorMismatch("it is expired: \(isExpired)") }
    }
}
