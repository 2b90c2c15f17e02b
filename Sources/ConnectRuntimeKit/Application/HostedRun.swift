// SPDX-License-Identifier: Apache-2.0

/// Something that a process runs until it ends, or until signals end it: a runtime, or a single pipeline.
package struct HostedRun: Sendable {
    package var run: @Sendable () async throws -> Void
    /// Asks it to drain and stop.
    package var stop: @Sendable () -> Void
    /// How long that may take.
    package var deadline: Duration
    /// The calls that have not returned, in words.
    package var calls: @Sendable () -> [String]
    /// What keeps it from ending where every call has returned.
    var withoutCalls = "the run does not end although every call has returned"
    /// What becomes of what was under way, when the process ends without its end.
    var consequence = "what was not committed is read again"
    /// The line in which the process says why it ends without its end.
    var lastLine: @Sendable (_ words: String) -> String = { $0 }
    package var counts: @Sendable () -> DeliveryCounts

    /// How long the calls that are left may take, once they are cancelled.
    private static let grace = Duration.seconds(2)
    private static let progressInterval = Duration.milliseconds(250)

    package init(_ pipeline: Pipeline) {
        // A stop may be asked for before there is a run that could be told.
        let stopped = StopSignal()
        run = { try await pipeline.run { _ in if stopped.isRequested { pipeline.stop() } } }
        stop = {
            stopped.request()
            pipeline.stop()
        }
        deadline = pipeline.options.drainDeadline
        calls = { pipeline.status.calls.map(\.description) }
        counts = { pipeline.status.counts }
    }

    /// - Parameter companion: runs beside the runtime.
    package init(
        _ runtime: ConnectRuntime,
        beside companion: @escaping @Sendable (ConnectRuntime) async throws -> Void = { _ in }
    ) {
        run = { try await runtime.run(beside: companion) }
        stop = { runtime.stop() }
        deadline = runtime.options.stopDeadline
        calls = {
            runtime.health.pipelines.flatMap { health in
                health.status.calls.map { "\(health.pipeline): \($0)" }
            }
        }
        withoutCalls = "what runs beside the pipelines does not end although it is cancelled"
        counts = { runtime.health.pipelines.reduce(into: DeliveryCounts()) { $0.addDelivered($1.status.counts) } }
    }

    /// Runs it. The first signal drains, the second cancels. What does not end by its deadline is named, and the process
    /// ends.
    ///
    /// - Throws: what the run throws; `cancelled` after the second signal.
    package func execute(
        _ signals: AsyncStream<Int32>,
        _ console: ApplicationConsole,
        _ lines: DiagnosticLines,
        showsProgress: Bool
    ) async throws {
        let cut = StopSignal()
        let watchdog = ExitWatchdog(console, lines)
        defer { watchdog.disarm() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await cut.cutting(run)
                return true
            }
            group.addTask(executorPreference: SignalExecutor()) {
                await obey(signals, cut, watchdog)
                return false
            }
            if showsProgress {
                group.addTask {
                    await show(lines)
                    return false
                }
            }
            defer {
                group.cancelAll()
                lines.endProgress()
            }
            while try await group.next() == false {}
        }
    }

    private func obey(_ signals: AsyncStream<Int32>, _ cut: StopSignal, _ watchdog: ExitWatchdog) async {
        var iterator = signals.makeAsyncIterator()
        guard await iterator.next() != nil else { return }
        stop()
        watchdog.arm(after: deadline + Self.grace) { lastWords("of \(deadline) passed") }
        guard await iterator.next() != nil else { return }
        cut.request()
        watchdog.arm(after: Self.grace) { lastWords("for what was cancelled passed") }
    }

    private func lastWords(_ deadline: String) -> String {
        let calls = calls().joined(separator: ", ")
        let obstacle = calls.isEmpty ? withoutCalls : "this call does not return: \(calls)"
        return lastLine(
            "the deadline \(deadline), and \(obstacle). Nothing is lost: start again, and \(consequence)"
        )
    }

    private func show(_ lines: DiagnosticLines) async {
        let start = ContinuousClock.now
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.progressInterval) } catch { return }
            lines.show(progress: RunProgress(counts: counts(), elapsed: .now - start).description)
        }
    }
}

extension DeliveryCounts {
    fileprivate mutating func addDelivered(_ other: DeliveryCounts) {
        delivered += other.delivered
        deliveredBytes += other.deliveredBytes
    }
}
