// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

/// Settings that belong together.
@Suite("S91 S92 S101: settings that belong together") struct SettingGroupTests {
    struct TLS: SettingStructure, Equatable {
        static let certificate = Setting<String>("certificate", "The certificate.")
        static let key = Setting<Secret?>("key", "Its key.")
        static var settings: SettingGroup { SettingGroup(certificate, key) }
        let certificate: String

        init(_ values: SettingValues) throws {
            certificate = values[Self.certificate]
            guard certificate != "expired" else { throw values.problem(Self.certificate, "has expired") }
        }
    }

    struct Receiver: Configurable {
        static let type = "receiver"
        static let summary = "Receives."
        static let port = Setting<Int>("port", "The port.", default: 8080).range(1...65535)
        static let host = Setting<String>("host", "The host.").checked("a name without spaces") { !$0.contains(" ") }
        static let token = Setting<Secret?>("token", "What callers present.")
        static let user = Setting<String?>("user", "Who calls.")
        static let mode = Setting<String>("mode", "How.", default: "push").allowed(["push", "pull"])
        static let every = Setting<Duration?>("every", "How often, to pull.").range(.milliseconds(1)...)
        static let tls = Setting<TLS?>("tls", "For TLS.")
        static let labels = Setting<[String: String]>("labels", "Labels | names.", default: [:])
        static let rules = Setting<[TLS]>("rules", "Several.", default: [])
        static var settings: SettingGroup {
            SettingGroup(port, host, token, user, mode, every, tls, labels, rules)
                .rules(.requires(user, token), .when(mode, is: "pull", requires: every))
        }

        let values: SettingValues
        init(_ values: SettingValues) throws { self.values = values }
    }

    @Test func haveTheirValuesAndDefaults() throws {
        let values = try Receiver(settings: ["host": "a", "tls": ["certificate": "c"], "labels": ["x": "y"]]).values
        #expect(values[Receiver.host] == "a")
        #expect(values[Receiver.port] == 8080)
        #expect(values[Receiver.token] == nil)
        #expect(values[Receiver.tls]?.certificate == "c")
        #expect(values[Receiver.labels] == ["x": "y"])
        #expect(values.isGiven(Receiver.host) && !values.isGiven(Receiver.port))
    }

    @Test(
        arguments: [
            ([:], [": \"host\" is missing: The host."]),
            (["host": "a b"], ["host: is a name without spaces, not 'a b'"]),
            (["host": "a", "port": 0], ["port: is from 1 to 65535, not 0"]),
            (["host": "a", "prot": 1], ["prot: is no setting: did you mean 'port'?"]),
            (
                ["host": "a", "a\nb": 1],
                ["[\"a\\nb\"]: is no setting; there are port, host, token, user, mode, every, tls, labels, rules"]
            ),
            (["host": "a", "mode": "pul"], ["mode: is one of push, pull, not 'pul'"]),
            (["host": "a", "mode": "pull"], ["mode: with 'pull', \"every\" has to be given as well"]),
            (["host": "a", "every": "0s"], ["every: is at least 1ms, not '0s'"]),
            (["host": "a", "user": "u"], ["user: needs \"token\" as well"]),
            (["host": "a", "user": "u", "token": nil], ["user: needs \"token\" as well"]),
            (["host": "a", "mode": "pull", "every": nil], ["mode: with 'pull', \"every\" has to be given as well"]),
            (
                ["host": nil, "port": nil],
                ["port: is a whole number, not null", "host: is a text in quotes, not null"]
            ),
            (["host": "a", "tls": [:]], ["tls: \"certificate\" is missing: The certificate."]),
            (["host": "a", "tls": ["certificate": "expired"]], ["tls.certificate: has expired"]),
            (
                ["host": 1, "port": "x", "zzz": 1, "rules": [["certificate": 1], ["certificate": "c", "key": 7]]],
                [
                    "zzz: is no setting; there are port, host, token, user, mode, every, tls, labels, rules",
                    "port: is a whole number, not 'x'", "host: is a text in quotes, not 1",
                    "rules[0].certificate: is a text in quotes, not 1", "rules[1].key: is a text in quotes",
                ]
            ),
        ] as [(SettingInput, [String])]
    )
    func tellEverythingThatIsWrong(_ input: SettingInput, _ problems: [String]) throws {
        let error = try #require(throws: SettingProblems.self) { try Receiver(settings: input) }
        let said = error.problems.map { $0.keyPath.isEmpty ? ": \($0)" : "\($0)" }
        #expect(said == problems)
    }

    @Test func readTheEnvironment() throws {
        let environment = [
            "R_HOST": "a", "R_PORT": "99", "R_TLS_CERTIFICATE": "c", "R_LABELS": "{\"x\": \"y\"}", "OTHER": "1",
            "R_RULES": "[{\"certificate\": \"d\"}]",
        ]
        let input = try SettingInput(environment: environment, prefix: "R_", for: Receiver.settings)
        let values = try Receiver(settings: input).values
        #expect(values[Receiver.port] == 99)
        #expect(values[Receiver.tls]?.certificate == "c")
        #expect(values[Receiver.labels] == ["x": "y"])
        #expect(values[Receiver.rules].map(\.certificate) == ["d"])
    }

    @Test(
        arguments: [
            (["R_PROT": "1"], "R_PROT: is no setting: did you mean 'R_PORT'?"),
            (["R_LABELS": "{"], "R_LABELS: is no JSON"),
            (["R_LABELS": #"{"x": "1", "x": "2"}"#], "R_LABELS: x "),
            (["R_TLS_KEYS": "1"], "R_TLS_KEYS: is no setting: did you mean 'R_TLS_KEY'?"),
        ]
    )
    func refuseAnEnvironment(_ environment: [String: String], _ message: String) throws {
        let error = try #require(throws: SettingProblems.self) {
            try SettingInput(environment: environment, prefix: "R_", for: Receiver.settings)
        }
        #expect(error.description.hasPrefix(message))
    }

    @Test func nameVariablesAfterSettings() throws {
        let interval = Setting<Duration>("commitInterval", "")
        let list = Setting<[Int]>("some-list", "")
        let group = SettingGroup(interval, list)
        let input = try SettingInput(
            environment: ["COMMIT_INTERVAL": "5s", "SOME_LIST": "1, 2,3"],
            prefix: "",
            for: group
        )
        let values = try group.values(from: input)
        #expect(values[interval] == .seconds(5))
        #expect(values[list] == [1, 2, 3])
    }

    @Test func areDocumented() {
        let markdown = Receiver.settings.markdown
        for line in [
            "| `port` | whole number, from 1 to 65535 | `8080` | The port. |",
            "| `host` | text | required | The host. |",
            "| `token` | secret text |  | What callers present. |",
            "| `tls.certificate` | text | required | The certificate. |",
            "| `rules[].key` | secret text |  | Its key. |", "| `labels` | object of text | `{}` | Labels \\| names. |",
            "`user` needs `token`. `mode` = `pull` needs `every`.",
        ] { #expect(markdown.contains(line + "\n"), "\(line)\n\(markdown)") }
        let help = Receiver.settings.help
        #expect(help.contains("  mode  (push, pull, default push)\n      How.\n"))
        #expect(SettingGroup().markdown == "There are no settings.\n")
    }

    @Test func haveASchema() throws {
        let schema = Receiver.settings.schema
        #expect(schema["required"] == .array([.string("host")]))
        #expect(schema["additionalProperties"] == .boolean(false))
        guard case .object(let properties)? = schema["properties"] else {
            throw ConnectorError(.fatal, "no properties")
        }
        #expect(properties.members.map(\.name) == Receiver.settings.names)
        let text = try #require(properties["port"]).text
        for part in [#""minimum":1"#, #""maximum":65535"#, #""default":8080"#, #""type":"integer""#, "env|file"] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(try #require(properties["mode"]).text.contains(#""enum":["push","pull"]"#))
        #expect(try #require(properties["token"]).text.contains(#""writeOnly":true"#))
        let notNull = #"{"not":{"type":"null"}}"#
        let (user, token) = (
            #""required":["user"],"properties":{"user":"#, #""required":["token"],"properties":{"token":"#
        )
        #expect(
            try #require(schema["allOf"]).text.contains(
                #"{"if":{\#(user)\#(notNull)}},"then":{\#(token)\#(notNull)}}}"#
            )
        )
    }

    @Test(
        arguments: [
            (["a": "1"], true), (["b": "1"], true), ([:], false), (["a": "1", "b": "1"], false),
            (["a": nil, "b": "1"], true), (["a": nil], false), (["a": nil, "b": nil], false),
        ] as [(SettingInput, Bool)]
    )
    func takeExactlyOne(_ input: SettingInput, _ isRight: Bool) {
        let (first, second) = (Setting<String?>("a", ""), Setting<String?>("b", ""))
        let group = SettingGroup(first, second).rules(.exactlyOne(first, second))
        #expect(((try? group.values(from: input)) != nil) == isRight)
    }

    @Test(
        arguments: [
            (["any": nil], []), (["any": nil, "text": nil], []), (["any": 1, "text": nil], []),
            (["any": nil, "text": "a"], ["text: cannot be given together with \"any\""]),
            (["text": nil], ["one of `any`, `text` is missing"]),
        ] as [(SettingInput, [String])]
    )
    func takeNullForAValueWhereAnyIsTaken(_ input: SettingInput, _ problems: [String]) {
        let (any, text) = (Setting<StructuredValue?>("any", ""), Setting<String?>("text", ""))
        let group = SettingGroup(any, text).rules(.exactlyOne(any, text))
        #expect(Self.problems(group, input) == problems)
    }

    @Test func areNotGivenByNull() throws {
        let (any, text) = (Setting<StructuredValue?>("any", ""), Setting<String?>("text", "", default: "a"))
        let values = try SettingGroup(any, text).values(from: ["any": nil, "text": nil])
        #expect(values.isGiven(any) && !values.isGiven(text))
        #expect(values[text] == nil)
    }

    @Test(
        arguments: [
            ([:], "\"mode\": with 'pull', its default, \"every\" has to be given as well"),
            (["mode": "pull"], "mode: with 'pull', \"every\" has to be given as well"),
            (["mode": "push"], nil), (["every": "1s"], nil), (["mode": 1], "mode: is a text in quotes, not 1"),
        ] as [(SettingInput, String?)]
    )
    func needWhatADefaultNeeds(_ input: SettingInput, _ problem: String?) throws {
        let (mode, every) = (Setting("mode", "", default: "pull"), Setting<Duration?>("every", ""))
        let group = SettingGroup(mode, every).rules(.when(mode, is: "pull", requires: every))
        #expect(Self.problems(group, input) == [problem].compactMap(\.self))
    }

    @Test func haveASchemaThatKnowsOfTheDefault() throws {
        let (mode, every) = (Setting("mode", "", default: "pull"), Setting<Duration?>("every", ""))
        let group = SettingGroup(mode, every)
            .rules(.when(mode, is: "pull", requires: every), .when(mode, is: "push", requires: every))
        let conditions = try #require(group.schema["allOf"]).text
        #expect(conditions.contains(#""if":{"properties":{"mode":{"const":"pull"}}}"#))
        #expect(conditions.contains(#""if":{"properties":{"mode":{"const":"push"}},"required":["mode"]}"#))
    }

    private static func problems(_ group: SettingGroup, _ input: SettingInput) -> [String] {
        do throws(SettingProblems) {
            _ = try group.values(from: input)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}
