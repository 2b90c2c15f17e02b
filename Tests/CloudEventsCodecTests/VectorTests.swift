// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Runs the conformance vectors of the kinds that the codec supports, and says how many hold.
struct VectorTests {
    typealias Check = (kind: String, check: @Sendable (Vector) throws -> Void)

    static let checks =
        valueChecks + jsonChecks + extensionChecks + specVersion03Checks + xmlChecks + wireChecks + bindingChecks

    /// Kinds that the package's own file has no vector of, but further files may have.
    private static let kindsWithoutVectors: Set = ["mqtt5-structured", "nats-structured"]

    private static let jsonChecks: [Check] = [
        ("json-structured", checkStructured),
        ("json-batch", checkBatch),
        ("json-encode", checkEncode),
    ]

    private static let valueChecks: [Check] = [
        ("timestamp", checkTimestamp),
        ("timestamp-same-instant", checkSameInstant),
        ("integer", { try checkCanonical($0, as: .integer) }),
        ("boolean", { try checkCanonical($0, as: .boolean) }),
        ("binary", checkBinary),
        ("string", checkString),
        ("uri", { _ = try URI($0.input.string ?? "") }),
        ("uri-reference", { _ = try URIReference($0.input.string ?? "") }),
        ("attribute-name", checkName),
        ("json-media-type", checkJSONMediaType),
        ("media-type", { _ = try MediaType($0.input.string ?? "") }),
    ]

    @Test("Every undisputed vector holds")
    func vectorsHold() throws {
        let vectors = try Vector.load()
        var failures: [String] = []
        var (total, totalHeld) = (0, 0)
        for (kind, check) in Self.checks {
            let all = vectors.filter { $0.kind == kind }
            let undisputed = all.filter { !$0.isDisputed }
            let failed = undisputed.compactMap { vector in Self.failure(vector, check).map { (vector.id, $0) } }
            let disputed = all.filter(\.isDisputed)
            let disputedHeld = disputed.filter { Self.failure($0, check) == nil }.count
            total += undisputed.count
            totalHeld += undisputed.count - failed.count
            print(
                "\(kind): \(undisputed.count - failed.count) of \(undisputed.count) vectors hold"
                    + (disputed.isEmpty ? "" : " (disputed: \(disputedHeld) of \(disputed.count))")
            )
            failures += failed.map { "\($0): \($1)" }
            #expect(!all.isEmpty || Self.kindsWithoutVectors.contains(kind), "no vectors of kind \(kind) were found")
        }
        print("\(totalHeld) of \(total) vectors hold")
        for failure in failures {
            print("failed: \(failure)")
            Issue.record("\(failure)")
        }
    }

    /// What is wrong, or nothing where the vector holds.
    private static func failure(_ vector: Vector, _ check: (Vector) throws -> Void) -> String? {
        do {
            try check(vector)
            return vector.isRejection ? "it was not rejected" : nil
        } catch let error as VectorMismatch {
            return error.description
        } catch {
            return vector.isRejection ? nil : "\(error)"
        }
    }
}

extension VectorTests {
    private static func bytes(_ vector: Vector) -> SharedBytes {
        SharedBytes(utf8: vector.input["text"]?.string ?? "")
    }

    private static func checkStructured(_ vector: Vector) throws {
        let event = try JSONEventFormat().decode(bytes(vector))
        guard !vector.isVerdict else { return }
        try Vector.check(event, against: vector.expect)
        // What was read can be written, and means the same then.
        let again = try JSONEventFormat().decode(try JSONEventFormat().encode(event))
        guard again == event else { throw VectorMismatch("it changed when it was written and read again") }
    }

    private static func checkBatch(_ vector: Vector) throws {
        let events = try JSONEventFormat().decodeBatch(bytes(vector))
        guard !vector.isVerdict else { return }
        let expected = vector.expect["events"]?.elements ?? []
        guard events.count == expected.count else { throw VectorMismatch("it has \(events.count) events") }
        for (event, form) in zip(events, expected) { try Vector.check(event, against: form) }
    }

    private static func checkEncode(_ vector: Vector) throws {
        let event = try Vector.event(vector.input)
        let text = try JSONEventFormat().encode(event)
        guard !vector.isVerdict else { return }
        guard try TestJSON(text) == vector.expect["json"] else {
            throw VectorMismatch("it was written as \(String(decodingUTF8: text))")
        }
    }

    private static func checkTimestamp(_ vector: Vector) throws {
        let text = vector.input.string ?? ""
        let timestamp = try Timestamp(text)
        guard !vector.isVerdict else { return }
        guard Int(timestamp.secondsSince1970) == vector.expect["unix_seconds"]?.integer,
            Int(timestamp.nanoseconds) == vector.expect["nanoseconds"]?.integer,
            timestamp.offsetMinutes == vector.expect["offset_minutes"]?.integer,
            timestamp.isLeapSecond == (vector.expect["leap_second"] == .boolean(true)),
            timestamp.isLocalOffsetUnknown == (vector.expect["unknown_local_offset"] == .boolean(true)),
            timestamp.description == text
        else { throw VectorMismatch("it was read as \(timestamp), \(timestamp.secondsSince1970) s") }
    }

    private static func checkSameInstant(_ vector: Vector) throws {
        let timestamps = try vector.input.elements.map { try Timestamp($0.string ?? "") }
        let isSame = timestamps.count == 2 && timestamps[0] == timestamps[1]
        guard vector.expect == .boolean(isSame) else { throw VectorMismatch("the same instant: \(isSame)") }
    }

    private static func checkCanonical(_ vector: Vector, as type: AttributeType) throws {
        let value = try AttributeValue(canonical: vector.input.string ?? "", as: type)
        guard !vector.isVerdict else { return }
        switch (value, vector.expect) {
        case (.integer(let found), .number(let text)) where String(found) == text: break
        case (.boolean(let found), .boolean(let expected)) where found == expected: break
        default: throw VectorMismatch("it was read as \(value)")
        }
    }

    private static func checkBinary(_ vector: Vector) throws {
        let value = try AttributeValue(canonical: vector.input.string ?? "", as: .binary)
        guard !vector.isVerdict, case .binary(let bytes) = value else { return }
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        guard vector.expect["hex"]?.string == hex else { throw VectorMismatch("it was read as \(hex)") }
    }

    private static func checkString(_ vector: Vector) throws {
        let literal = vector.input["json_literal"]?.string ?? ""
        let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","e":\#(literal)}"#
        _ = try JSONEventFormat().decode(SharedBytes(utf8: text))
    }

    private static func checkName(_ vector: Vector) throws {
        let name = try AttributeName(vector.input.string ?? "")
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        try event.setExtension(name, to: "v")
    }

    private static func checkJSONMediaType(_ vector: Vector) throws {
        let contentType = vector.input["datacontenttype"]?.string
        let isJSON = contentType.map { MediaType.isJSON($0) } ?? true
        guard vector.expect == .boolean(isJSON) else { throw VectorMismatch("it is JSON: \(isJSON)") }
    }
}
