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
    private enum End {
        case killed, finished
        /// It died of the signal that asked it to end, as a process does that does not listen for it yet.
        case deaf
    }

    private let harness: CrashHarness
    private let scenario: CrashScenario
    private let clock = ContinuousClock()
    private let begin: ContinuousClock.Instant
    private var report: CrashReport
    /// How long a process lives before it is asked to end.
    private var hearing = Duration.zero

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
        _ = try await runOnce(0, .never)
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
        while true {
            let end = try await live(run, moment)
            guard end == .deaf else { return end }
            hearing = max(hearing * 2, .milliseconds(10))
        }
    }

    private mutating func live(_ run: Int, _ moment: CrashMoment) async throws -> End {
        report.runs += 1
        var report = report
        defer { self.report = report }
        let outputs = OutputWatch(harness.outputs)
        let hearing = hearing
        return try await withChildProcess(harness.command) { child in
            let watch = CrashWatch(child, moment, outputs)
            let isAskedToEnd = try await accompany(child, run, hearing, report)
            let exit = await child.wait()
            try Task.checkCancellation()
            let seen = watch.end()
            if report.rounds == 0 {
                report.undisturbed = seen.lifetime
                report.startup = seen.startup ?? seen.lifetime
            }
            if seen.hasKilled, exit == .signalled(SIGKILL) {
                report.killsByPhase[seen.phase, default: 0] += 1
                return .killed
            }
            report.lastExit = exit
            report.lastStandardError = child.standardError
            // Whoever is asked again and again, and later each time, and still dies of it, never listens.
            if isAskedToEnd, exit == .signalled(SIGTERM), hearing < .seconds(4) { return .deaf }
            guard exit == .exited(0) else {
                throw failure(.unexpectedEnd, "run \(report.runs) ended with \(exit)", child, report)
            }
            try checkTime(child, report)
            if report.rounds == 0, harness.kills > 0, seen.phase != .writing {
                let names = harness.outputs.joined(separator: ", ")
                let advice = "name the files that the program writes, in which nothing is before its first run"
                throw failure(.noOutput, "a run without a kill added nothing to \(names): \(advice)", child, report)
            }
            return .finished
        }
    }

    /// Does what the scenario does beside a living process, until that ends or nothing is left to do.
    ///
    /// - Returns: whether the process was asked to end.
    private func accompany(
        _ child: ChildProcess,
        _ run: Int,
        _ hearing: Duration,
        _ report: CrashReport
    ) async throws -> Bool {
        let start = clock.now
        while child.exit == nil {
            if try await scenario.isDone?() == true, clock.now - start >= hearing {
                child.send(SIGTERM)
                try await expectEnd(child, report)
                return true
            }
            try await scenario.whileRunning(run)
            try checkTime(child, report)
            try await clock.sleep(for: .microseconds(500))
        }
        return false
    }

    private func checkTime(_ child: ChildProcess, _ report: CrashReport) throws {
        guard clock.now - begin >= harness.timeLimit else { return }
        throw failure(.timeLimit, "the time of \(harness.timeLimit) is up", child, report)
    }

    private func expectEnd(_ child: ChildProcess, _ report: CrashReport) async throws {
        let rest = max(harness.timeLimit - (clock.now - begin), .seconds(1))
        guard try await child.wait(atMost: rest) != nil else {
            throw failure(.timeLimit, "it was asked to end (SIGTERM), and still runs", child, report)
        }
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
