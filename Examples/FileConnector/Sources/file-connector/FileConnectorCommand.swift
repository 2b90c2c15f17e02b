// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Copies lines from files to a file, surviving kill -9 at any moment, or runs the pipelines of a configuration.
@main
struct FileConnectorCommand {
    static func main() async { exit(await run(Array(CommandLine.arguments.dropFirst())).code) }

    private static func run(_ arguments: [String]) async -> ApplicationStatus {
        let console = ApplicationConsole.system
        do {
            switch try CommandLineArguments(arguments) {
            case .help: try console.output(HelpText.text)
            case .run(let options): return await RunCommand(options).execute()
            case .application: return await makeApplication().run(arguments)
            }
            return .done
        } catch let error as UsageError {
            console.diagnostics("file-connector: \(error.message)\nTry 'file-connector --help'.\n")
            return .usage
        } catch {
            console.diagnostics("file-connector: \(error.report)\n")
            return .of(error)
        }
    }

    /// Made only where it is needed: describing the settings of all connectors takes a fifth of the time of a start.
    private static func makeApplication() -> ConnectorApplication {
        ConnectorApplication(name: "file-connector", version: "0.1.0") { registry in
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        }
    }
}
