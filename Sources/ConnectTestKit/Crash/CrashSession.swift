// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// One use of a ``CrashHarness``.
struct CrashSession {
    private enum End { case killed, finished }

    private let harness: CrashHarness
    private let scenario: CrashScenario
    private let clock = ContinuousClock()
    private let begin: ContinuousClock.Instant
    private var report: CrashReport

    init(_ harness: CrashHarness, _ scenario: CrashScenario) {
        self.harness = harness
        self.scenario = scenario
        report = CrashReport(seed: harness.seed)
        begin = clock.now
    }

    mutating func run() async throws -> CrashReport {
        let size = try await measure()
        var moments = CrashMoments(report, size: size, kills: harness.kills)
        while report.kills < harness.kills { try await runRound(&moments) }
        report.elapsed = clock.now - begin
        return report
    }

    /// Does the work once without kills.
    ///
    /// - Returns: how big the outputs became.
    private mutating func measure() async throws -> Int64 {
        try await scenario.prepare()
        let start = clock.now
        _ = try await runOnce(0, .never)
        report.undisturbed = clock.now - start
        if report.startup == .zero { report.startup = report.undisturbed }
        try await endRound()
        return OutputWatch(harness.outputs).size
    }

    /// Does the work once, with kills until there were enough.
    private mutating func runRound(_ moments: inout CrashMoments) async throws {
        try await scenario.prepare()
        var run = 0
        while report.kills < harness.kills {
            if try await runOnce(run, moments.next()) == .finished {
                report.missed += 1
                return try await endRound()
            }
            run += 1
        }
        _ = try await runOnce(run, .never)
        try await endRound()
    }

    private mutating func endRound() async throws {
        report.rounds += 1
        try await scenario.verify()
    }

    private mutating func runOnce(_ run: Int, _ moment: CrashMoment) async throws -> End {
        try await scenario.beforeRun(run)
        report.runs += 1
        var watch = OutputWatch(harness.outputs)
        var report = report
        defer { self.report = report }
        return try await withChildProcess(harness.command) { child in
            let end = try await watchOver(child, run, moment, &watch, &report)
            let exit = await child.wait()
            try Task.checkCancellation()
            watch.look()
            if end == .killed, exit == .signalled(SIGKILL) {
                report.killsByPhase[watch.phase, default: 0] += 1
                return .killed
            }
            report.lastExit = exit
            report.lastStandardError = child.standardError
            if exit == .exited(0), !isTimeUp { return .finished }
            if exit == .exited(0) { throw failure(.timeLimit, "the time of \(harness.timeLimit) is up", child, report) }
            throw failure(.unexpectedEnd, "run \(report.runs) ended with \(exit)", child, report)
        }
    }

    /// Waits for the moment, or for the end, and brings it about.
    private func watchOver(
        _ child: ChildProcess,
        _ run: Int,
        _ moment: CrashMoment,
        _ watch: inout OutputWatch,
        _ report: inout CrashReport
    ) async throws -> End {
        let start = clock.now
        while child.exit == nil {
            watch.look()
            if report.startup == .zero, watch.phase == .writing { report.startup = clock.now - start }
            if isNow(moment, start, watch) {
                child.send(SIGKILL)
                return .killed
            }
            if try await scenario.isDone?() == true {
                child.send(SIGTERM)
                return try await expectEnd(child, report)
            }
            try await scenario.whileRunning(run)
            if isTimeUp { throw failure(.timeLimit, "the time of \(harness.timeLimit) is up", child, report) }
            try await clock.sleep(for: .microseconds(500))
        }
        return .finished
    }

    private var isTimeUp: Bool { clock.now - begin >= harness.timeLimit }

    private func isNow(_ moment: CrashMoment, _ start: ContinuousClock.Instant, _ watch: OutputWatch) -> Bool {
        switch moment {
        case .after(let delay): clock.now - start >= delay
        case .grown(let count): watch.growth >= count
        case .never: false
        }
    }

    private func expectEnd(_ child: ChildProcess, _ report: CrashReport) async throws -> End {
        let rest = max(harness.timeLimit - (clock.now - begin), .seconds(1))
        guard try await child.wait(atMost: rest) != nil else {
            throw failure(.timeLimit, "it was asked to end (SIGTERM), and still runs", child, report)
        }
        return .finished
    }

    private func failure(
        _ code: CrashTestError.Code,
        _ message: String,
        _ child: ChildProcess,
        _ report: CrashReport
    ) -> CrashTestError {
        let text = child.standardError
        var report = report
        report.elapsed = clock.now - begin
        return CrashTestError(
            code,
            "'\(harness.command.executable)': \(message); standard error: \(text.isEmpty ? "nothing" : text)",
            report: report
        )
    }
}
