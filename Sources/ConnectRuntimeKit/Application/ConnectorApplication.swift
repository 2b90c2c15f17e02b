// SPDX-License-Identifier: Apache-2.0

package import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The command line of an author's executable.
///
/// ```swift
/// @main
/// struct Ticks {
///     static func main() async {
///         await ConnectorApplication(name: "ticks", version: "1.0.0") { $0.register(TickSource.self) }.main()
///     }
/// }
/// ```
///
/// `ticks run --config FILE` runs the pipelines of a configuration, `check` looks whether they would work, `settings`
/// documents what a configuration can say, `offsets` and `redrive` look after what is stored. See <doc:Application>.
///
/// While it runs it handles SIGTERM and SIGINT, writes to standard error, and may end the process; nothing else in the
/// library does.
public struct ConnectorApplication: Sendable {
    /// The name of the executable.
    public let name: String
    /// The version that `--version` prints.
    public let version: String
    /// The types that a configuration can name.
    public let registry: ConnectorRegistry
    let observer: any RuntimeObserver
    let companion: @Sendable (ConnectRuntime) async throws -> Void
    /// Takes the secrets of the configuration out of all that is written.
    let console: ApplicationConsole
    private let redaction: SecretRedaction
    let references: SettingReferences

    /// An application.
    ///
    /// - Parameters:
    ///   - name: the name of the executable.
    ///   - version: what `--version` prints behind it.
    ///   - observer: is told what the pipelines of `run` do, beside the log that is written.
    ///   - register: adds the author's types to those of the library.
    ///   - companion: runs beside the pipelines of `run`, such as a server for metrics. It is cancelled when they have come
    ///     to their end; when it throws, they are stopped, and `run` fails with its error.
    public init(
        name: String,
        version: String,
        observer: any RuntimeObserver = .silent,
        _ register: (inout ConnectorRegistry) -> Void = { _ in },
        beside companion: @escaping @Sendable (ConnectRuntime) async throws -> Void = { _ in }
    ) {
        self.init(
            name: name,
            version: version,
            observer: observer,
            console: .system,
            references: .system,
            register,
            beside: companion
        )
    }

    /// An application with everything that a test wants to choose.
    package init(
        name: String,
        version: String,
        observer: any RuntimeObserver = .silent,
        console: ApplicationConsole,
        references: SettingReferences,
        _ register: (inout ConnectorRegistry) -> Void = { _ in },
        beside companion: @escaping @Sendable (ConnectRuntime) async throws -> Void = { _ in }
    ) {
        self.name = name
        self.version = version
        self.observer = observer
        self.companion = companion
        redaction = SecretRedaction()
        self.console = console.redacting(redaction)
        self.references = references
        var registry = ConnectorRegistry()
        register(&registry)
        self.registry = registry
    }

    /// Does what the command line says, and ends the process with its status.
    @concurrent
    public func main() async -> Never {
        exit(await run(Array(CommandLine.arguments.dropFirst())).code)
    }

    /// Does what arguments say.
    ///
    /// - Parameter arguments: those behind the name of the executable.
    /// - Returns: the status for the process.
    @concurrent
    public func run(_ arguments: [String]) async -> ApplicationStatus {
        guard let verb = arguments.first else {
            return refuse("a command is missing: \(Self.verbs.joined(separator: ", "))")
        }
        switch verb {
        case "--help", "-h", "help":
            return answer(HelpText.text(name))
        case "--version":
            return answer("\(name) \(version)\n")
        default: break
        }
        guard let command = ApplicationCommand.all.first(where: { $0.name == verb }) else {
            let advice = NearestName.advice(for: verb, among: Self.verbs)
            return refuse(
                "'\(verb)' is no command"
                    + (advice.isEmpty ? "; there are \(Self.verbs.joined(separator: ", "))" : advice)
            )
        }
        return await perform(command, arguments.dropFirst())
    }

    private static let verbs = ApplicationCommand.all.map(\.name)

    private func perform(_ command: ApplicationCommand, _ arguments: ArraySlice<String>) async -> ApplicationStatus {
        guard !arguments.contains("--help"), !arguments.contains("-h") else {
            return answer(HelpText.text(command, name))
        }
        do throws(CommandLineOptions.UsageError) {
            let takesOperands = !command.operands.isEmpty
            let options = try CommandLineOptions(arguments, command.options, takesOperands: takesOperands)
            return try await perform(command, options)
        } catch {
            return refuse(error.message)
        }
    }

    private func perform(
        _ command: ApplicationCommand,
        _ options: CommandLineOptions
    ) async throws(CommandLineOptions.UsageError) -> ApplicationStatus {
        do {
            switch command.name {
            case "run": return try await RunVerb(application: self, options: options).execute()
            case "check": return try await CheckVerb(application: self, options: options).execute()
            case "settings": return try SettingsVerb(application: self, options: options).execute()
            case "offsets": return try await OffsetsVerb(application: self, options: options).execute()
            default: return try await RedriveVerb(application: self, options: options).execute()
            }
        } catch let error as CommandLineOptions.UsageError {
            throw error
        } catch let problems as SettingProblems {
            let status = command.name == "check" ? ApplicationStatus.failed : .usage
            // Each has a line of its own, which names its place in the file.
            let isText = LogLine.Format(options) == .text
            console.diagnostics((isText ? problems.description : failure("\(problems)", status, options)) + "\n")
            return status
        } catch {
            let status = ApplicationStatus.of(error)
            console.diagnostics(failure(error.report, status, options) + "\n")
            return status
        }
    }

    private func answer(_ text: String) -> ApplicationStatus {
        do {
            try console.output(text)
            return .done
        } catch {
            console.diagnostics("\(name): \(error.report)\n")
            return .of(error)
        }
    }

    // MARK: Saying what is wrong

    private func failure(_ message: String, _ status: ApplicationStatus, _ options: CommandLineOptions) -> String {
        ApplicationLine(application: name, kind: .failed, message: message, status: status)
            .text(LogLine.Format(options))
    }

    /// How the process says why it ends without the end of its run.
    func lastLine(_ options: CommandLineOptions) -> @Sendable (String) -> String {
        let (name, format) = (name, LogLine.Format(options))
        return { words in
            let line = ApplicationLine(application: name, kind: .abandoned, message: words, status: .deadlinePassed)
            return format == .json ? line.text(.json) : words
        }
    }

    private func refuse(_ message: String) -> ApplicationStatus {
        console.diagnostics("\(name): \(message)\nTry '\(name) --help'.\n")
        return .usage
    }

    // MARK: The configuration

    /// The configuration that a command was given.
    func configuration(_ options: CommandLineOptions) throws -> ConnectConfiguration {
        let path = try options.required("--config", "the configuration")
        let text: String
        do {
            text = try String(textOfFile: path, atMost: SettingDocument.maxBytes)
        } catch {
            throw ConnectorError(.invalidConfiguration, "the configuration cannot be read: \(error)", cause: error)
        }
        let document = try SettingDocument(json: text, file: path, references: references, redaction: redaction)
        return try ConnectConfiguration(document, registry: registry)
    }
}

extension ConnectorError {
    /// What is wrong, for people: without the code, and without the cause where the message has it already.
    package var report: String {
        var text = message
        if let position { text += " (at \(position))" }
        if let cause, !(cause is CancellationError), !(cause is SettingProblems), !text.contains("\(cause)") {
            text += ": \(cause)"
        }
        return text
    }
}

extension Error {
    /// What is wrong, for people.
    package var report: String { (self as? ConnectorError)?.report ?? "\(self)" }
}
