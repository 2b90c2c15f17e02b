// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// `redrive`: delivers dead letters after all.
struct RedriveVerb {
    let application: ConnectorApplication
    let options: CommandLineOptions

    func execute() async throws -> ApplicationStatus {
        let selection = try selection()
        let configuration = try application.configuration(options)
        let lines = DiagnosticLines(application.console)
        // Whoever watches sees page after page.
        let level: ConnectorEvent.Level = application.console.isInteractive ? .info : .warning
        let log = LogObserver(format: LogLine.Format(options), level: level, lines: lines)
        let pipeline = try configuration.makePipelines(observer: log).named(options["--pipeline"])
        let counts = try await redrive(pipeline, selection, lines)
        try application.console.output(Self.text(counts))
        return counts.failedAgain + counts.kept == 0 ? .done : .failed
    }

    /// The first signal cancels: what was delivered by then is removed from the dead letters, or is delivered again.
    private func redrive(
        _ pipeline: Pipeline,
        _ selection: DeadLetterSelection,
        _ lines: DiagnosticLines
    ) async throws -> RedriveCounts {
        let watch = application.console.watchSignals()
        defer { watch.end() }
        let counts = Lock(RedriveCounts())
        let cut = StopSignal()
        var run = HostedRun(pipeline)
        run.run = {
            let done = try await cut.cutting { try await pipeline.redrive(selection) }
            counts.withLock { $0 = done }
        }
        run.stop = { cut.request() }
        run.calls = { ["redrive of the pipeline \"\(pipeline.name)\""] }
        run.lastLine = application.lastLine(options)
        run.consequence = "what was delivered meanwhile may be delivered again"
        try await run.execute(watch.signals, application.console, lines, showsProgress: false)
        return counts.withLock(\.self)
    }

    private func selection() throws(CommandLineOptions.UsageError) -> DeadLetterSelection {
        var selection = DeadLetterSelection(sink: options["--sink"], errorCode: options["--error"])
        switch options["--stage"] {
        case "poll"?: selection.stage = .poll
        case "function"?: selection.stage = .function
        case "put"?: selection.stage = .put
        default: break
        }
        if let text = options["--limit"] {
            guard let limit = Int(text), limit > 0 else {
                throw CommandLineOptions.UsageError(message: "--limit is a number from 1 on, not '\(text)'")
            }
            selection.limit = limit
        }
        return selection
    }

    private static func text(_ counts: RedriveCounts) -> String {
        """
        \(counts.delivered) delivered, \(counts.filtered) filtered, \(counts.dropped) dropped, \
        \(counts.failedAgain) failed again and kept, \(counts.kept) not tried and kept

        """
    }
}
