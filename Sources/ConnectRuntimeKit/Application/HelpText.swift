// SPDX-License-Identifier: Apache-2.0

/// What `--help` prints.
enum HelpText {
    static func text(_ application: String) -> String {
        """
        USAGE
        \(ApplicationCommand.all.map { "  " + $0.usage(application) }.joined(separator: "\n"))
          \(application) --version | --help

        COMMANDS
        \(rows(ApplicationCommand.all.map { ($0.name, $0.summary) }))

        Type '\(application) COMMAND --help' for the options of a command, '\(application) settings' for what a
        configuration can name.

        STATUS
          0  done: everything came to its end, or a stop was asked for
          1  failed: the message says what is wrong and what to do; also where 'check' finds a mistake, and where
             'redrive' keeps a letter
          2  the command line or the configuration is wrong
          3  a deadline passed: the message names the call that hangs

        """
    }

    static func text(_ command: ApplicationCommand, _ application: String) -> String {
        let options = command.options.map { option in
            (option.value.map { "\(option.name) \($0)" } ?? option.name, option.help)
        }
        return """
            \(command.summary)

            USAGE
              \(command.usage(application))

            OPTIONS
            \(rows(options + [("--help", "Prints this text.")]))

            """
    }

    private static func rows(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, text in
            "  " + name + String(repeating: " ", count: width - name.count + 2) + text
        }.joined(separator: "\n")
    }
}
