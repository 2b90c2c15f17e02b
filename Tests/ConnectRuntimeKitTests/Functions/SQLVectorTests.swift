// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Runs the conformance vectors of CloudEvents SQL, and those of the files that `CLOUDEVENTS_VECTORS` names.
@Suite("CloudEvents SQL: conformance vectors")
struct SQLVectorTests {
    private struct Vector {
        var id: String
        var input: StructuredValue
        var expect: StructuredValue
        var isDisputed: Bool
    }

    private struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    @Test("Every undisputed vector holds, for an event and for the record of it")
    func vectorsHold() throws {
        let vectors = try Self.load()
        let undisputed = vectors.filter { !$0.isDisputed }
        let failures = undisputed.compactMap { vector in Self.failure(vector).map { "\(vector.id): \($0)" } }
        let disputed = vectors.filter(\.isDisputed)
        let disputedHeld = disputed.filter { Self.failure($0) == nil }.count
        print(
            "cesql: \(undisputed.count - failures.count) of \(undisputed.count) vectors hold"
                + (disputed.isEmpty ? "" : " (disputed: \(disputedHeld) of \(disputed.count))")
        )
        print("\(undisputed.count - failures.count) of \(undisputed.count) vectors hold")
        for failure in failures {
            print("failed: \(failure)")
            Issue.record("\(failure)")
        }
        #expect(undisputed.count >= 110)
    }

    private static func load() throws -> [Vector] {
        let own = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
        var paths = [own + "/Vectors/cesql.jsonl"]
        if let further = ProcessInfo.processInfo.environment["CLOUDEVENTS_VECTORS"] {
            paths += further.split(separator: ":").map(String.init)
        }
        return try paths.flatMap { path in
            try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")).compactMap { line in
                let value = try StructuredValue(json: SharedBytes(line))
                guard value["kind"]?.text == "cesql" else { return nil }
                return Vector(
                    id: value["id"]?.text ?? "?",
                    input: value["input"] ?? .null,
                    expect: value["expect"] ?? .null,
                    isDisputed: value["disputed"] == .boolean(true)
                )
            }
        }
    }

    private static func failure(_ vector: Vector) -> String? {
        do {
            try check(vector)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func check(_ vector: Vector) throws {
        let event = try event(vector.input)
        let record = ConnectorRecord(event: event)
        let text = vector.input["expression"]?.text ?? ""
        guard let expression = try? CloudEventsSQL(text) else {
            // The value of what is no expression is false (L7).
            let error = try #require(SQLSupport.error(of: text))
            return try check(.boolean(false), [error], against: vector.expect)
        }
        for evaluation in [expression.evaluate(event), expression.evaluate(record)] {
            try check(evaluation.value, evaluation.errors, against: vector.expect)
        }
    }

    private static func check(
        _ value: CloudEventsSQL.Value,
        _ errors: [CloudEventsSQLError],
        against expect: StructuredValue
    ) throws {
        if let result = expect["result"], self.value(result) != value {
            throw Mismatch(description: "the value is \(value.type) \(value)")
        }
        let codes = Set(errors.map(\.code.description))
        let expected = Set([expect["error"]?.text].compactMap { $0 })
        guard codes == expected else { throw Mismatch(description: "the errors are \(errors)") }
    }

    private static func value(_ form: StructuredValue) -> CloudEventsSQL.Value? {
        switch form {
        case .boolean(let value): .boolean(value)
        case .string(let text): .string(text)
        default: form.integer.map { .integer($0) }
        }
    }

    /// The event of a vector, or one with the attributes that every event has.
    private static func event(_ input: StructuredValue) throws -> CloudEvent {
        var attributes: [String: AttributeValue] = [:]
        let usual = [("specversion", "1.0"), ("id", "1"), ("source", "/source"), ("type", "type")]
        let members =
            input["event"]?.members ?? usual.map { StructuredObject.Member(name: $0.0, value: .string($0.1)) }
        for member in members + (input["eventOverrides"]?.members ?? []) {
            switch member.value {
            case .boolean(let value): attributes[member.name] = .boolean(value)
            case .string(let text): attributes[member.name] = .string(text)
            case .null: attributes[member.name] = nil
            default: attributes[member.name] = member.value.integer.map { .integer($0) }
            }
        }
        return try CloudEvent(
            attributes: attributes.map { CloudEvent.Attribute(name: try AttributeName($0.key), value: $0.value) }
        )
    }
}

extension StructuredValue {
    fileprivate subscript(name: String) -> StructuredValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    fileprivate var members: [StructuredObject.Member] {
        if case .object(let object) = self { object.members } else { [] }
    }

    fileprivate var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    fileprivate var integer: Int32? { Int32(String(decodingUTF8: json)) }
}
