// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

/// The values that settings can have.
@Suite struct SettingValueTests {
    enum Mode: String, CaseIterable, SettingValue { case snapshot, stream }

    @Test(
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("1s", .seconds(1)), ("1.5s", .milliseconds(1500)),
            ("5m", .seconds(300)),
            ("1m30s", .seconds(90)), ("2h", .seconds(7200)), ("1d", .seconds(86_400)), ("10us", .microseconds(10)),
            ("7ns", .nanoseconds(7)), ("0s", .zero), ("0.000000001s", .nanoseconds(1)),
        ]
    )
    func readDurations(_ text: String, _ duration: Duration) throws {
        #expect(try Duration(setting: SettingInput(text)) == duration)
        #expect(try Duration(setting: SettingInput(duration.settingText!.words)) == duration)
    }

    @Test(arguments: [
        "", "1", "s", "-1s", "1.s", ".5s", "1 s", "1s1m", "1s 1ms", "0.5ns", "1e3s", "300000d", "1S", "١s",
    ])
    func refuseDurations(_ text: String) throws {
        let error = try #require(throws: SettingProblem.self) { try Duration(setting: SettingInput(text)) }
        #expect(error.message.contains("250ms"))
    }

    @Test(
        arguments: [
            ("512", 512), ("512B", 512), ("64KiB", 65_536), ("1.5MB", 1_500_000), ("1 GiB", 1 << 30), ("2kB", 2000),
            ("0", 0),
            ("0.5KiB", 512), ("8191PiB", -1), ("1.5B", -1), ("9999999TiB", -1), ("1KB", -1), ("KiB", -1), ("-1B", -1),
            ("1.0000000000000000000001kB", -1), ("1.50kB", 1500),
        ]
    )
    func readSizes(_ text: String, _ bytes: Int) throws {
        #expect(ByteSize(text)?.bytes == (bytes < 0 ? nil : bytes))
        if bytes >= 0 { #expect(ByteSize(ByteSize(bytes: bytes).description)?.bytes == bytes) }
    }

    @Test func readScalars() throws {
        #expect(try Int(setting: 5) == 5)
        #expect(try Double(setting: 0.25) == 0.25)
        #expect(try Bool(setting: true))
        #expect(try Int?(setting: nil) == nil)
        #expect(try Mode(setting: "stream") == .stream)
        #expect(try [Int](setting: [1, 2]) == [1, 2])
        #expect(try [String: Bool](setting: ["a": true]) == ["a": true])
        #expect(try URI(setting: "http://host/path").string == "http://host/path")
    }

    @Test(
        arguments: [
            ("a text", { @Sendable in try _ = Int(setting: "5") }, "is a whole number, not '5'"),
            ("a fraction", { @Sendable in try _ = Int(setting: 1.5) }, "is a whole number, not 1.5"),
            ("a number", { @Sendable in try _ = String(setting: 5) }, "is a text in quotes, not 5"),
            ("an object", { @Sendable in try _ = Bool(setting: [:]) }, "is true or false, not an object"),
            ("a list", { @Sendable in try _ = Double(setting: []) }, "is a number, not a list"),
            ("null", { @Sendable in try _ = [Int](setting: nil) }, "is a list in brackets, not null"),
            (
                "a case", { @Sendable in try _ = Mode(setting: "steam") },
                "is one of snapshot, stream, not 'steam': did you mean 'stream'?"
            ),
            (
                "no URL", { @Sendable in try _ = URI(setting: "host/path") },
                "is an absolute URL such as http://host:8080/path, not 'host/path'"
            ),
            (
                "a long text", { @Sendable in try _ = Int(setting: SettingInput(String(repeating: "x", count: 50))) },
                "x…'"
            ),
        ] as [(String, @Sendable () throws -> Void, String)]
    )
    func refuseOthers(_ what: String, _ read: @Sendable () throws -> Void, _ message: String) throws {
        let error = try #require(throws: SettingProblem.self) { try read() }
        #expect(error.message.hasSuffix(message), "\(error)")
    }

    @Test func refuseEveryElementThatIsWrong() throws {
        let error = try #require(throws: SettingProblems.self) { try [Int](setting: [1, "two", 3, true]) }
        #expect(error.problems.map(\.keyPath) == ["[1]", "[3]"])
    }
}

extension StructuredValue {
    /// A text without its quotes.
    fileprivate var words: String { if case .string(let text) = self { text } else { text } }
}
