// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What the command of an application can be asked for.
struct ApplicationCommand {
    let name: String
    /// The operands in the usage line.
    var operands = ""
    /// What it does, in a line.
    let summary: String
    let options: [CommandLineOptions.Option]

    private static let config = CommandLineOptions.Option(
        name: "--config",
        value: "FILE",
        help: "The configuration: JSON, in which comments are allowed."
    )
    private static let pipeline = CommandLineOptions.Option(
        name: "--pipeline",
        value: "NAME",
        help: "Which pipeline; not needed where there is one."
    )

    static let run = ApplicationCommand(
        name: "run",
        summary: "Runs the pipelines until they end. SIGTERM and SIGINT drain and stop; a second one cuts that short.",
        options: [
            config,
            LogLine.Format.option,
            .init(
                name: "--log-level",
                value: "LEVEL",
                help: "The least urgent lines that are written: debug, info, warning, error (default info).",
                values: LogLine.levels.map(\.description)
            ),
            .init(name: "--quiet", help: "Writes no progress and no lines below warnings."),
        ]
    )
    static let check = ApplicationCommand(
        name: "check",
        summary: "Looks whether the configuration is right and everything is reached. Moves nothing.",
        options: [config]
    )
    static let settings = ApplicationCommand(
        name: "settings",
        operands: "[TYPE]",
        summary: "Prints the settings of a type, or the types there are.",
        options: [
            .init(
                name: "--format",
                value: "FORMAT",
                help: "text, markdown or json-schema (default text).",
                values: ["text", "markdown", "json-schema"]
            )
        ]
    )
    static let offsets = ApplicationCommand(
        name: "offsets",
        operands: "list | set OFFSET@PARTITION … | reset [@PARTITION …]",
        summary: "Prints or changes how far a pipeline has come, while it does not run. Offsets are written as 'list' "
            + "prints them: sequence:42@access.log",
        options: [config, pipeline]
    )
    static let redrive = ApplicationCommand(
        name: "redrive",
        summary: "Delivers dead letters after all.",
        options: [
            config, pipeline,
            .init(name: "--sink", value: "NAME", help: "Only those that this sink has not got."),
            .init(
                name: "--stage",
                value: "STAGE",
                help: "Only those that failed there: poll, function or put.",
                values: ["poll", "function", "put"]
            ),
            .init(name: "--error", value: "CODE", help: "Only those whose newest error has this code."),
            .init(name: "--limit", value: "N", help: "The most letters that are tried."),
            LogLine.Format.option,
        ]
    )

    static let all = [run, check, settings, offsets, redrive]

    func usage(_ application: String) -> String {
        let options = options.map { option in
            let text = option.value.map { "\(option.name) \($0)" } ?? option.name
            return option.name == "--config" ? text : "[\(text)]"
        }
        return ([application, name] + (operands.isEmpty ? [] : [operands]) + options).joined(separator: " ")
    }
}
