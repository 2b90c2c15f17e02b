// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// The command `cloudevents`: validates, converts and inspects events. It reads one input and writes one output.
package enum CloudEventsCommand {
    /// Runs the command.
    ///
    /// - Parameters:
    ///   - arguments: the command line without the program's name.
    ///   - input: reads all of standard input; it is called where a command needs it.
    package static func run(_ arguments: [String], input: () throws -> SharedBytes) -> CommandResult {
        do {
            switch try CommandLineArguments(arguments) {
            case .help: return CommandResult(output: SharedBytes(utf8: HelpText.text + "\n"))
            case .validate(let options): return try ValidateCommand(options).run(EventInput(options.from, input()))
            case .convert(let options): return try ConvertCommand(options).run(EventInput(options.from, input()))
            case .inspect(let options): return try InspectCommand(options).run(EventInput(options.from, input()))
            }
        } catch let error as UsageError {
            return CommandResult(status: .usage, messages: [error.message, "Try 'cloudevents --help'."])
        } catch {
            return CommandResult(status: .failed, messages: ["\(error)"])
        }
    }
}

/// What a command did: what goes to standard output and standard error, and the status.
package struct CommandResult: Sendable {
    /// The status of the process.
    package var status = ExitStatus.done
    /// What goes to standard output.
    package var output = SharedBytes()
    /// What goes to standard error, a line each.
    package var messages: [String] = []
}

/// What the process tells whoever started it.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
}
