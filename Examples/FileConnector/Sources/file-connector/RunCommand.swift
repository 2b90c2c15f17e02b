// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import OpenConnect
import OpenConnectFiles

/// `file-connector run` with options in place of a configuration.
struct RunCommand {
    private let options: RunOptions
    private let console = ApplicationConsole.system
    private let lines = DiagnosticLines(.system)

    init(_ options: RunOptions) {
        self.options = options
    }

    func execute() async -> ApplicationStatus {
        let watch = SignalWatch()
        defer { watch.end() }
        let start = ContinuousClock.now
        do {
            try refuseOutputAsInput()
            let pipeline = makePipeline()
            try await HostedRun(pipeline).execute(
                watch.signals,
                console,
                lines,
                showsProgress: !options.quiet && console.isInteractive
            )
            if !options.quiet {
                lines.add(RunProgress(counts: pipeline.status.counts, elapsed: .now - start).summary)
            }
            return .done
        } catch {
            report(error.report)
            return .of(error)
        }
    }

    private func report(_ message: String) { lines.add("file-connector: \(message)") }

    private func makePipeline() -> Pipeline {
        let options = options
        var delivery = DeliveryOptions()
        delivery.maxPollRecords = options.batch
        delivery.maxInFlightBytes = 4 * 1024 * 1024
        delivery.commitInterval = options.commitInterval
        return Pipeline(
            "file-connector",
            from: FileSource(paths: options.inputs, options: FileSource.Options(follow: options.follow)),
            to: FileSink(
                path: options.output,
                format: options.format,
                append: options.append,
                bypassCache: options.bypassCache
            ),
            offsets: FileOffsetStore(directory: options.state),
            options: delivery,
            observer: .events { event in
                // What the pipeline fails with is reported at the end.
                guard event.level >= .warning, event.kind != .pipelineState else { return }
                report(event.message + (event.error.map { ": \($0)" } ?? ""))
            }
        )
    }

    private func refuseOutputAsInput() throws {
        guard let output = try? FileSystem.statusIfPresent(of: options.output) else { return }
        for input in options.inputs {
            guard let status = try? FileSystem.statusIfPresent(of: input), status.isSameFile(as: output) else {
                continue
            }
            throw ConnectorError(
                .invalidConfiguration,
                "--to \(options.output) is the same file as --from \(input); choose another output"
            )
        }
    }
}
