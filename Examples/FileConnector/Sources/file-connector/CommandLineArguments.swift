// SPDX-License-Identifier: Apache-2.0

import FileConnector

/// What the command line asks for.
enum CommandLineArguments {
    case help(String)
    case run(RunOptions)

    /// - Throws: ``UsageError`` that names the argument and says what it should be.
    init(_ arguments: [String]) throws(UsageError) {
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) || arguments == ["help"] {
            self = .help(HelpText.text)
            return
        }
        guard let verb = arguments.first else { throw UsageError("a command is missing: 'run'") }
        guard verb == "run" else { throw UsageError("'\(verb)' is no command; the command is 'run'") }
        self = .run(try RunOptions(Array(arguments.dropFirst())))
    }
}

/// What is wrong with the command line.
struct UsageError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// The options of `run`.
struct RunOptions: Equatable {
    var inputs: [String] = []
    var output = ""
    var state = ""
    var format = FileSink.Format.lines
    var follow = false
    var commitInterval = Duration.seconds(1)
    var batch = 1000
    var append = false
    var quiet = false

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            try take(argument, &rest)
        }
        guard !inputs.isEmpty else { throw UsageError("an input is missing: --from PATH") }
        guard !output.isEmpty else { throw UsageError("the output is missing: --to PATH") }
        guard !state.isEmpty else {
            throw UsageError("the directory that remembers how far the work has come is missing: --state DIR")
        }
    }

    private mutating func take(_ argument: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        if try takeFlag(name, hasValue: parts.count == 2) { return }
        guard Self.optionsWithValue.contains(name) else { throw UsageError(Self.unknown(name)) }
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
            throw UsageError("\(name) needs a value")
        }
        try set(name, value)
    }

    private mutating func takeFlag(_ name: String, hasValue: Bool) throws(UsageError) -> Bool {
        switch name {
        case "--follow": follow = true
        case "--append": append = true
        case "--quiet": quiet = true
        default: return false
        }
        if hasValue { throw UsageError("\(name) takes no value") }
        return true
    }

    private mutating func set(_ name: String, _ value: String) throws(UsageError) {
        switch name {
        case "--from": inputs.append(value)
        case "--to": output = try once(name, output, value)
        case "--state": state = try once(name, state, value)
        case "--format": format = try Self.format(value)
        case "--commit-interval": commitInterval = try Self.duration(name, value)
        default: batch = try Self.count(name, value)
        }
    }

    private func once(_ name: String, _ present: String, _ value: String) throws(UsageError) -> String {
        guard present.isEmpty else { throw UsageError("\(name) is given twice") }
        return value
    }

    private static let optionsWithValue = ["--from", "--to", "--state", "--format", "--commit-interval", "--batch"]

    private static func unknown(_ name: String) -> String {
        guard name.hasPrefix("-") else { return "'\(name)' is no option; inputs are given with --from PATH" }
        let all = optionsWithValue + ["--follow", "--append", "--quiet", "--help"]
        return "\(name) is no option; there are \(all.joined(separator: ", "))"
    }

    private static func format(_ value: String) throws(UsageError) -> FileSink.Format {
        switch value {
        case "lines": return .lines
        case "cloudevents": return .cloudEvents
        default: throw UsageError("--format is 'lines' or 'cloudevents', not '\(value)'")
        }
    }

    private static func count(_ name: String, _ value: String) throws(UsageError) -> Int {
        guard let count = Int(value), (1...1_000_000).contains(count) else {
            throw UsageError("\(name) is a number of records from 1 to 1000000, not '\(value)'")
        }
        return count
    }

    private static func duration(_ name: String, _ value: String) throws(UsageError) -> Duration {
        let units: [(suffix: String, nanoseconds: Int64)] = [
            ("ms", 1_000_000), ("us", 1_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ]
        for (suffix, nanoseconds) in units where value.hasSuffix(suffix) {
            guard let number = Int64(value.dropLast(suffix.count)), number > 0 else { break }
            let (total, overflow) = number.multipliedReportingOverflow(by: nanoseconds)
            guard !overflow, total <= 86_400_000_000_000 else { break }
            return .nanoseconds(total)
        }
        throw UsageError("\(name) is a time with its unit, such as 250ms, 1s or 5m, up to a day, not '\(value)'")
    }
}
