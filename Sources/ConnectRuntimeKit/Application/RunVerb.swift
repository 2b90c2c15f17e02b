// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// `run`: runs the pipelines of a configuration.
struct RunVerb {
    let application: ConnectorApplication
    let options: CommandLineOptions

    func execute() async throws -> ApplicationStatus {
        let configuration = try application.configuration(options)
        let console = application.console
        let lines = DiagnosticLines(console)
        let isQuiet = options.has("--quiet")
        let chosen = options["--log-level"].flatMap { name in LogLine.levels.first { $0.description == name } }
        let log = LogObserver(
            format: options["--log-format"].flatMap(LogLine.Format.init) ?? .text,
            level: chosen ?? (isQuiet ? .warning : .info),
            lines: lines
        )
        let runtime = try configuration.makeRuntime(observer: ObserverGroup(log, application.observer))
        let watch = console.watchSignals()
        defer { watch.end() }
        do {
            try await HostedRun(runtime, beside: application.companion).execute(
                watch.signals,
                console,
                lines,
                showsProgress: console.isInteractive && !isQuiet
            )
            return .done
        } catch {
            application.report(error)
            return .of(error)
        }
    }
}
