// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What the command line asks for.
enum CommandLineArguments {
    case help
    case validate(ValidateCommand.Options)
    case convert(ConvertCommand.Options)
    case inspect(InspectCommand.Options)

    /// - Throws: ``UsageError`` that names the argument and says what it should be.
    init(_ arguments: [String]) throws(UsageError) {
        if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) || arguments == ["help"] {
            self = .help
            return
        }
        let verbs = ["validate", "convert", "inspect"]
        guard let verb = arguments.first else {
            throw UsageError("a command is missing: 'validate', 'convert' or 'inspect'")
        }
        var options = OptionList(arguments.dropFirst())
        switch verb {
        case "validate":
            try options.parse(flags: ["--no-extensions"], values: ["--from"])
            self = .validate(.init(from: try options.form("--from"), checksExtensions: !options.has("--no-extensions")))
        case "convert":
            try options.parse(flags: [], values: ["--from", "--to"])
            let from = try options.form("--from")
            guard let to = try options.form("--to") else {
                throw UsageError("the form to write is missing: --to FORM")
            }
            self = .convert(.init(from: from, to: to))
        case "inspect":
            try options.parse(flags: ["--json"], values: ["--from"])
            self = .inspect(.init(from: try options.form("--from"), isJSON: options.has("--json")))
        default:
            throw UsageError("'\(verb)' is no command\(NearestName.advice(for: verb, among: verbs))")
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

/// The options behind the verb.
private struct OptionList {
    private var rest: ArraySlice<String>
    private var flags: Set<String> = []
    private var values: [String: String] = [:]

    init(_ arguments: ArraySlice<String>) {
        rest = arguments
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// The form that an option names; `nil` where it is to be found out.
    func form(_ option: String) throws(UsageError) -> EventForm? {
        guard let name = values[option], option == "--to" || name != "auto" else { return nil }
        if let form = EventForm.named(name) { return form }
        let names = EventForm.all.map(\.name)
        throw UsageError(
            "'\(name)' is no form\(NearestName.advice(for: name, among: names)); there are \(names.joined(separator: ", "))"
        )
    }

    mutating func parse(flags known: [String], values named: [String]) throws(UsageError) {
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0]
            if known.contains(name) {
                guard parts.count == 1 else { throw UsageError("\(name) takes no value") }
                flags.insert(name)
            } else if named.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                    throw UsageError("\(name) needs a value")
                }
                guard values.updateValue(value, forKey: name) == nil else {
                    throw UsageError("\(name) is given twice")
                }
            } else {
                throw UsageError(Self.unknown(name, known + named + ["--help"]))
            }
        }
    }

    private static func unknown(_ name: String, _ all: [String]) -> String {
        guard name.hasPrefix("-") else { return "'\(name)' is no option; events are read from standard input" }
        return "\(name) is no option here\(NearestName.advice(for: name, among: all)); "
            + "there are \(all.joined(separator: ", "))"
    }
}
