// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

/// What `${…}` stands for.
@Suite struct SettingReferencesTests {
    private struct Missing: Error, CustomStringConvertible { let description = "no such file" }

    private static let references = SettingReferences(
        variable: { ["HOST": "example.com", "PORT": "8080", "EMPTY": "", "ON": "true"][$0] },
        file: { path in
            guard path == "/run/secret" else { throw Missing() }
            return "from file\n"
        }
    )

    private func input(_ text: String) throws -> SettingInput {
        let document = try SettingDocument(
            json: StructuredValue.object(["a": .string(text)]).text,
            references: Self.references
        )
        return try document.root.members()[0].value
    }

    @Test(
        arguments: [
            ("plain", "plain"),
            ("http://${env:HOST}:${env:PORT}/", "http://example.com:8080/"),
            ("${env:NOPE:-a:-b}", "a:-b"),
            ("${env:EMPTY:-default}", "default"),
            ("${env:EMPTY}", ""),
            ("${env:HOST:-unused}", "example.com"),
            ("${file:/run/secret}", "from file"),
            ("$${env:HOST}", "${env:HOST}"),
            ("$${nothing} $$ ${data.id} ${id:-none}", "$${nothing} $$ ${data.id} ${id:-none}"),
            ("${env:HOST", "${env:HOST"),
            ("é${env:HOST}é", "éexample.comé"),
        ]
    )
    func resolve(_ text: String, _ expected: String) throws {
        #expect(try input(text).text() == expected)
    }

    @Test(
        arguments: [
            ("${env:NOPE}", "NOPE is not set"),
            ("${env:}", "needs the name"),
            ("${file:}", "needs the path"),
            ("${file:/nope}", "no such file"),
            ("${evn:HOST}", "did you mean 'env'?"),
            ("${vault:x}", "is no reference"),
        ]
    )
    func refuse(_ text: String, _ words: String) throws {
        let input = try input(text)
        let error = try #require(throws: SettingProblem.self) { try input.text() }
        #expect(error.message.contains(words), "\(error)")
        #expect(error.keyPath == "a")
    }

    @Test func standForNumbersAndTruthValues() throws {
        #expect(try Int(setting: input("${env:PORT}")) == 8080)
        #expect(try Bool(setting: input("${env:ON}")) == true)
        #expect(try ByteSize(setting: input("${env:PORT}")) == ByteSize(bytes: 8080))
        #expect(throws: SettingProblem.self) { try Int(setting: input("8080")) }
    }

    @Test func doNotShowTheirValues() throws {
        let input = try input("${env:HOST:-other}")
        let error = try #require(throws: SettingProblem.self) { try Int(setting: input) }
        #expect(error.message == "is a whole number, not what ${env:HOST} stands for")
    }
}

extension StructuredValue {
    /// The value as JSON text.
    var text: String { String(decoding: json.withUnsafeBytes { Array($0) }, as: UTF8.self) }
}
