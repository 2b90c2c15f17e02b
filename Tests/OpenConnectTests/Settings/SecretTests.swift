// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

/// Nobody sees a secret.
@Suite("S97: nobody sees a secret") struct SecretTests {
    private struct Basic: SettingStructure {
        static let password = Setting<Secret>("password", "The password.")
        static var settings: SettingGroup { SettingGroup(password) }
        init(_ values: SettingValues) throws {}
    }

    private struct Login: Configurable {
        static let type = "login"
        static let password = Setting<Secret>("password", "The password.")
        static let old = Setting<[Secret]>("old", "Earlier ones.", default: [Secret("planted-default")])
        static let count = Setting<Int>("count", "A number.", default: 1)
        static let headers = Setting<[String: Secret]>("headers", "Some by name.", default: [:])
        static let basic = Setting<Basic?>("basic", "Another one.")
        static var settings: SettingGroup { SettingGroup(password, old, count, headers, basic) }
        let values: SettingValues
        init(_ values: SettingValues) throws { self.values = values }
    }

    private let planted = "planted-secret"

    private func dumped(_ value: some Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text + "\(value)" + String(reflecting: value)
    }

    @Test func noDescriptionShowsOne() throws {
        let secret = Secret(planted)
        let login = try Login(settings: ["password": SettingInput(planted), "old": ["planted-old"]])
        for text in [
            dumped(secret), dumped([secret]), dumped(login), dumped(login.values), dumped(Login.settings.markdown),
        ] {
            #expect(!text.contains("planted"), "\(text)")
        }
        #expect(login.values[Login.password].reveal() == planted)
        #expect(!Login.settings.help.contains("planted"))
        #expect(!StructuredValue.object(Login.settings.schema).text.contains("planted"))
    }

    @Test(
        arguments: [
            ["password": ["planted-secret"]], ["password": "x", "old": ["planted", 1]],
            ["passwort": "planted-secret"], ["password": "planted-secret", "count": "${env:PLANTED}"], "planted-secret",
            ["password": "x", "old": "planted"], ["password": "x", "headers": "Authorization: planted"],
            ["password": "x", "basic": "user:planted"], ["password": "x", "headers": ["Authorization": ["planted"]]],
        ] as [SettingInput]
    )
    func noProblemShowsOne(_ input: SettingInput) throws {
        let error = try #require(throws: SettingProblems.self) { try Login(settings: input) }
        #expect(!error.description.contains("planted"), "\(error)")
        #expect(!ConnectorError(error).description.contains("planted"))
    }

    @Test(arguments: ["old", "headers", "basic", "password"])
    func noProblemShowsANumberInTheirPlace(_ name: String) throws {
        let json = "{ \"\(name)\": 8114407 }"
        let document = try SettingDocument(json: json)
        let error = try #require(throws: SettingProblems.self) { try Login(settings: document.root) }
        #expect(!error.description.contains("8114407"), "\(error)")
    }

    @Test func textsOfOthersLoseThem() throws {
        let json = #"{ "password": "planted-secret", "old": ["secret-plan", "abc"] }"#
        let document = try SettingDocument(json: json)
        _ = try Login(settings: document.root)
        #expect(document.redaction.redact("at planted-secret-planXabc") == "at <redacted>-planXabc")
        #expect(document.redaction.redact("nothing") == "nothing")
    }

    /// As a client, a log and JSON write them, and whatever character begins in one and ends behind it.
    @Test(arguments: ["planted\nsecret", "planted\"secret\\", "planted\tsecret", "plantedsecrét", "planted/secret"])
    func everyFormOfThemIsFound(_ secret: String) {
        let redaction = SecretRedaction()
        redaction.add(Secret(secret))
        let json = StructuredValue.object(["error": .string(secret)]).text
        let line = StructuredValue.object(["error": .string("\(ConnectorError(.fatal, secret))")]).text
        for text in [secret, secret.oneLine, json, line, secret + "\u{301}", "\(secret)\u{FE0F}"] {
            #expect(!redaction.redact(text).contains("planted"), "\(redaction.redact(text))")
        }
    }

    @Test(arguments: [
        ("abc", "abc", true), ("abc", "abd", false), ("abc", "ab", false), ("", "", true), ("", "a", false),
        ("ab", "abab", false),
    ])
    func areCompared(_ secret: String, _ other: String, _ isSame: Bool) {
        #expect(Secret(secret).matches(other) == isSame)
    }
}
