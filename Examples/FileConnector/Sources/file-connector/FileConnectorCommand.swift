// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Copies lines from files to a file, surviving kill -9 at any moment.
@main
struct FileConnectorCommand {
    static func main() async { exit(await run().rawValue) }

    private static func run() async -> ExitStatus {
        do {
            switch try CommandLineArguments(Array(CommandLine.arguments.dropFirst())) {
            case .help(let text):
                Terminal.printHelp(text)
                return .done
            case .run(let options):
                return await RunCommand(options).execute()
            }
        } catch {
            Terminal.report("\(error.message)\nTry 'file-connector --help'.")
            return .usage
        }
    }
}

/// What the process tells whoever started it.
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    case usage = 2
    case deadlinePassed = 3
}
