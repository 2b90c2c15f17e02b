// SPDX-License-Identifier: Apache-2.0

import FileConnector
import OpenConnect

/// What the command line asks for.
enum CommandLineArguments {
    case help
    /// A run that is described by options.
    case run(RunOptions)
    /// What every application of the library can do.
    case application

    /// - Throws: ``UsageError`` that names the argument and says what it should be.
    init(_ arguments: [String]) throws(UsageError) {
        let asksForHelp = arguments.contains { $0 == "--help" || $0 == "-h" } || arguments.first == "help"
        switch arguments.first {
        case "run"?:
            let isConfigured = arguments.contains { $0 == "--config" || $0.hasPrefix("--config=") }
            guard !asksForHelp else { self = .help; break }
            guard isConfigured else { self = .run(try RunOptions(Array(arguments.dropFirst()))); break }
            try Self.refuseMixture(arguments)
            self = .application
        case let first?: self = asksForHelp && first.hasPrefix("-") || first == "help" ? .help : .application
        case nil: throw UsageError("a command is missing: run, check, settings, offsets, redrive")
        }
    }

    /// A run has either a configuration or options: nobody could tell which of them counts.
    private static func refuseMixture(_ arguments: [String]) throws(UsageError) {
        for option in RunOptions.optionsInPlaceOfConfiguration
        where arguments.contains(where: { $0 == option || $0.hasPrefix(option + "=") }) {
            throw UsageError("\(option) cannot be given together with --config; write it into the configuration")
        }
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
    var batch = 4000
    var append = false
    var bypassCache = false
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
        case "--bypass-cache": bypassCache = true
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

    static let optionsInPlaceOfConfiguration = optionsWithValue + ["--follow", "--append", "--bypass-cache"]
    private static let optionsWithValue = ["--from", "--to", "--state", "--format", "--commit-interval", "--batch"]

    private static func unknown(_ name: String) -> String {
        guard name.hasPrefix("-") else { return "'\(name)' is no option; inputs are given with --from PATH" }
        let all = optionsInPlaceOfConfiguration + ["--quiet", "--config", "--help"]
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
        guard let duration = DurationText.duration(value), duration > .zero, duration <= .seconds(86_400) else {
            throw UsageError("\(name) is a time with its unit, such as 250ms, 1s or 5m, up to a day, not '\(value)'")
        }
        return duration
    }
}
