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
            format: LogLine.Format(options),
            level: chosen ?? (isQuiet ? .warning : .info),
            lines: lines
        )
        let runtime = try configuration.makeRuntime(observer: ObserverGroup(log, application.observer))
        let watch = console.watchSignals()
        defer { watch.end() }
        var run = HostedRun(runtime, beside: application.companion)
        run.lastLine = application.lastLine(options)
        try await run.execute(watch.signals, console, lines, showsProgress: console.isInteractive && !isQuiet)
        return .done
    }
}
