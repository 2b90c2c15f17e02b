// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The options and operands of a command.
struct CommandLineOptions {
    /// An option that a command takes.
    struct Option {
        let name: String
        /// What stands for its value in the help; `nil` for a flag.
        var value: String?
        let help: String
        var values: [String] = []
    }

    /// What is wrong with the command line.
    struct UsageError: Error {
        let message: String
    }

    private var given: [String: String] = [:]
    private(set) var operands: [String] = []

    /// - Throws: ``UsageError`` that names the argument and says what it should be.
    init(_ arguments: some Collection<String>, _ options: [Option], takesOperands: Bool = false) throws(UsageError) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else {
                guard takesOperands else { throw UsageError(message: "'\(argument)' is one argument too many") }
                operands.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            try take(parts[0], parts.count == 2 ? parts[1] : nil, &rest, options)
        }
    }

    private mutating func take(
        _ name: String,
        _ attached: String?,
        _ rest: inout ArraySlice<String>,
        _ options: [Option]
    ) throws(UsageError) {
        guard let option = options.first(where: { $0.name == name }) else {
            let names = options.map(\.name)
            let advice = NearestName.advice(for: name, among: names)
            let list = names.isEmpty ? "; there are none here" : "; there are \(names.joined(separator: ", "))"
            throw UsageError(message: "\(name) is no option\(advice.isEmpty ? list : advice)")
        }
        guard given[name] == nil else { throw UsageError(message: "\(name) is given twice") }
        guard option.value != nil else {
            if attached != nil { throw UsageError(message: "\(name) takes no value") }
            given[name] = ""
            return
        }
        guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
            throw UsageError(message: "\(name) needs a value: \(option.value ?? "")")
        }
        guard option.values.isEmpty || option.values.contains(value) else {
            let advice = NearestName.advice(for: value, among: option.values)
            throw UsageError(
                message: "\(name) is one of \(option.values.joined(separator: ", ")), not '\(value)'\(advice)"
            )
        }
        given[name] = value
    }

    /// The value of an option, or `nil` where it is not given.
    subscript(name: String) -> String? { given[name] }

    func has(_ flag: String) -> Bool { given[flag] != nil }

    func required(_ name: String, _ what: String) throws(UsageError) -> String {
        guard let value = given[name] else { throw UsageError(message: "\(what) is missing: \(name)") }
        return value
    }
}
