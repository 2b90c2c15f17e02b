// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import OpenConnect
import OpenConnectFiles

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `file-connector run`.
struct RunCommand {
    private let options: RunOptions
    /// How long the calls that are left may take after the drain's deadline, once they are cancelled.
    private let grace = Duration.seconds(2)

    init(_ options: RunOptions) {
        self.options = options
    }

    func execute() async -> ExitStatus {
        let watch = SignalWatch()
        let start = ContinuousClock.now
        do {
            try refuseOutputAsInput()
            let pipeline = makePipeline()
            let counts = try await run(pipeline, watch.signals, since: start)
            if !options.quiet { Terminal.note(Progress(counts: counts, elapsed: .now - start).summary + "\n") }
            return .done
        } catch let error as ConnectorError {
            Terminal.report(Self.message(error))
            return Self.status(error)
        } catch {
            Terminal.report("\(error)")
            return .failed
        }
    }

    private func makePipeline() -> Pipeline {
        let options = options
        var delivery = DeliveryOptions()
        delivery.maxPollRecords = options.batch
        delivery.maxInFlightBytes = 4 * 1024 * 1024
        delivery.commitInterval = options.commitInterval
        return Pipeline(
            "file-connector",
            from: FileSource(paths: options.inputs, options: FileSource.Options(follow: options.follow)),
            to: FileSink(path: options.output, format: options.format, append: options.append),
            offsets: FileOffsetStore(directory: options.state),
            options: delivery,
            observer: .events { event in
                // What the pipeline fails with is reported at the end.
                guard event.level >= .warning, event.kind != .pipelineState else { return }
                Terminal.report(event.message + (event.error.map { ": \($0)" } ?? ""))
            }
        )
    }

    /// Runs the pipeline with its progress line, its signals, and the watch over what hangs.
    private func run(
        _ pipeline: Pipeline,
        _ signals: AsyncStream<Int32>,
        since start: ContinuousClock.Instant
    ) async throws -> DeliveryCounts {
        let showsProgress = !options.quiet && Terminal.isInteractive
        return try await withThrowingTaskGroup(of: DeliveryCounts?.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                await obey(signals, pipeline)
                return nil
            }
            if showsProgress {
                group.addTask {
                    await showProgress(of: pipeline, since: start)
                    return nil
                }
            }
            defer {
                group.cancelAll()
                if showsProgress { Terminal.note("\r\u{1B}[K") }
            }
            while let ended = try await group.next() {
                if let ended { return ended }
                if !Task.isCancelled { group.cancelAll() }
            }
            throw ConnectorError(.cancelled, "the run was cut short; what was not committed is read again next time")
        }
    }

    /// The first signal drains, the second cancels. What does not end by its deadline is named, and the process ends.
    private func obey(_ signals: AsyncStream<Int32>, _ pipeline: Pipeline) async {
        var iterator = signals.makeAsyncIterator()
        guard await iterator.next() != nil else { return }
        pipeline.stop()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await endAtDeadline(pipeline) }
            _ = await iterator.next()
            group.cancelAll()
        }
    }

    private func endAtDeadline(_ pipeline: Pipeline) async {
        do {
            try await Task.sleep(for: pipeline.options.drainDeadline + grace)
        } catch {
            return
        }
        let calls = pipeline.status.calls.map(\.description).joined(separator: ", ")
        Terminal.report(
            "the deadline of \(pipeline.options.drainDeadline) passed and this call does not return: \(calls). "
                + "Nothing is lost: start again, and what was not committed is read again"
        )
        _exit(ExitStatus.deadlinePassed.rawValue)
    }

    private func showProgress(of pipeline: Pipeline, since start: ContinuousClock.Instant) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            let progress = Progress(counts: pipeline.status.counts, elapsed: .now - start)
            if !Task.isCancelled { Terminal.note("\r\u{1B}[K\(progress.description)") }
        }
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

    private static func message(_ error: ConnectorError) -> String {
        var message = error.message
        if let position = error.position { message += " (at \(position))" }
        if let cause = error.cause, !(cause is CancellationError), !message.contains("\(cause)") {
            message += ": \(cause)"
        }
        return message
    }

    private static func status(_ error: ConnectorError) -> ExitStatus {
        switch error.code {
        case .invalidConfiguration: .usage
        case .deadlineExceeded: .deadlinePassed
        default: .failed
        }
    }
}
