// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

/// A record of JSON at offset 42.
func jsonRecord(_ text: String, contentType: String? = nil) throws -> ConnectorRecord {
    var record = ConnectorRecord(try .json(SharedBytes(utf8: text)), offset: RecordOffset(42))
    record.contentType = contentType
    return record
}

/// A value from its JSON.
func value(_ json: String) throws -> StructuredValue { try StructuredValue(json: SharedBytes(utf8: json)) }

extension RecordFunction {
    /// The one record that the function makes of another.
    func one(_ record: ConnectorRecord) async throws -> ConnectorRecord {
        let parts = try await apply(record).parts
        return try #require(parts.count == 1 ? parts.first?.record : nil)
    }

    /// The data of it as text.
    func text(_ record: ConnectorRecord) async throws -> String? { try await one(record).data.text }
}

extension FieldsFunction {
    init(_ operations: FieldOperation..., missing: MissingFieldPolicy = .skip) throws {
        try self.init(operations, missing: missing)
    }
}

/// Expects an error of a code whose message has some words.
func expectFailure(
    _ code: ConnectorError.Code = .invalidRecord,
    _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async {
    do {
        let value = try await body()
        Issue.record("expected an error, got \(value)", sourceLocation: sourceLocation)
    } catch let error as ConnectorError {
        #expect(error.code == code, sourceLocation: sourceLocation)
        for word in words {
            #expect(error.message.contains(word), "\(error.message)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("expected a ConnectorError, got \(error)", sourceLocation: sourceLocation)
    }
}

extension SeededGenerator {
    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}

/// JSON without white space, in the one way in which it is written.
enum JSONSample {
    static let scalars = [
        "null", "true", "false", "0", "-0", "1.10", "1e400", "-1E+2", "123456789012345678901234567890", "0.1", "5e-324",
        "\"\"", "\"a\"", "\"\\\"\\\\\"", "\"\\u0000\\n\"", "\"é😀\"", "\"e\u{301}\"", "\"${x}\"",
    ]

    static func value(_ random: inout SeededGenerator, depth: Int) -> String {
        switch random.below(depth > 0 ? 4 : 2) {
        case 2: "[" + (0..<random.below(4)).map { _ in value(&random, depth: depth - 1) }.joined(separator: ",") + "]"
        case 3: object(&random, depth: depth - 1)
        default: scalars[random.below(scalars.count)]
        }
    }

    static func object(_ random: inout SeededGenerator, depth: Int) -> String {
        let names = ["a", "b.c", "é", "e\u{301}", "", "\\\"q", "name"].shuffled(using: &random).prefix(random.below(6))
        return "{" + names.map { "\"\($0)\":" + value(&random, depth: depth) }.joined(separator: ",") + "}"
    }
}
