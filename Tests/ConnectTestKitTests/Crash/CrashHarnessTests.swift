// SPDX-License-Identifier: Apache-2.0

@testable import ConnectTestKit
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Small programs, right and wrong ones, that copy `$1/in` to `$1/out`.
private enum Copier {
    /// Knows by the output how far it came.
    static let right = copy(from: "n=$(wc -l < \"$1/out\")")
    /// Notes how far it will come, and then goes there.
    static let losing = copy(
        from: "n=$(tail -n 1 \"$1/state\")",
        before: "[ $((i % 50)) = 1 ] && echo $((i + 49)) >> \"$1/state\""
    )
    /// Goes somewhere, and then notes that it was there.
    static let repeating = copy(
        from: "n=$(tail -n 1 \"$1/state\")",
        after: "[ $((i % 50)) = 0 ] && echo $i >> \"$1/state\""
    )
    /// Never ends by itself: copies what is there, and then looks again. At SIGTERM it ends.
    static let following = "trap 'exit 0' TERM; while :; do \(right); sleep 0.005; done"

    private static func copy(from: String, before: String = ":", after: String = ":") -> String {
        """
        touch "$1/out" "$1/state"; \(from); n=${n:-0}; i=0
        while IFS= read -r line; do
            i=$((i + 1)); [ $i -le $n ] && continue
            \(before); echo "$line" >> "$1/out"; \(after)
        done < "$1/in"
        """
    }
}

/// What the scenario found at the end of each round.
private final class Rounds: Sendable {
    private let state = Mutex<[OutputCheck]>([])
    var checks: [OutputCheck] { state.withLock { $0 } }
    func add(_ check: OutputCheck) { state.withLock { $0.append(check) } }
}

@Suite struct CrashHarnessTests {
    private func harness(_ script: String, _ directory: String, kills: Int) -> CrashHarness {
        var harness = CrashHarness(shell(script, directory), outputs: [directory + "/out"], kills: kills)
        // Beside all the other tests each run takes ten times as long.
        harness.timeLimit = .seconds(1200)
        return harness
    }

    private func scenario(_ directory: String, _ rounds: Rounds, lines: Int = 3000) -> CrashScenario {
        CrashScenario {
            for name in ["out", "state"] { _ = unlink("\(directory)/\(name)") }
            try write((0..<lines).map { "line \($0)\n" }.joined(), to: directory + "/in")
        } verify: {
            rounds.add(try OutputCheck(output: directory + "/out", inputs: [directory + "/in"]))
        }
    }

    @Test func acceptsARightProgram() async throws {
        try await withScratchDirectory { directory in
            let rounds = Rounds()
            let report = try await harness(Copier.right, directory, kills: 8).run(scenario(directory, rounds))
            #expect(report.kills == 8)
            #expect(report.allKills >= 8)
            #expect(report.rounds >= 2)
            #expect(report.runs >= report.allKills + report.rounds)
            #expect(report.lastExit == .exited(0))
            #expect(rounds.checks.count == report.rounds)
            for check in rounds.checks { #expect(check.isExact, "\(check); \(report)") }
        }
    }

    @Test func catchesAProgramThatLosesLines() async throws {
        try await withScratchDirectory { directory in
            let rounds = Rounds()
            let report = try await harness(Copier.losing, directory, kills: 8).run(scenario(directory, rounds))
            #expect(rounds.checks[0].isExact, "without kills it works: \(rounds.checks[0])")
            #expect(rounds.checks.contains { $0.lost.count > 0 }, "\(report)")
        }
    }

    @Test func catchesAProgramThatRepeatsLines() async throws {
        try await withScratchDirectory { directory in
            let rounds = Rounds()
            let report = try await harness(Copier.repeating, directory, kills: 8).run(scenario(directory, rounds))
            #expect(rounds.checks[0].isExact, "without kills it works: \(rounds.checks[0])")
            #expect(rounds.checks.contains { $0.repeated.count > 0 }, "\(report)")
        }
    }

    @Test func feedsAProgramThatNeverEnds() async throws {
        try await withScratchDirectory { directory in
            let rounds = Rounds()
            let fed = Mutex(0)
            var scenario = scenario(directory, rounds, lines: 0)
            let prepare = scenario.prepare
            scenario.prepare = {
                fed.withLock { $0 = 0 }
                try await prepare()
            }
            let feed: @Sendable () throws -> Void = {
                try fed.withLock { fed in
                    guard fed < 3000 else { return }
                    try write((fed..<fed + 50).map { "line \($0)\n" }.joined(), to: directory + "/in", appending: true)
                    fed += 50
                }
            }
            scenario.beforeRun = { _ in try feed() }
            scenario.whileRunning = { _ in try feed() }
            scenario.isDone = {
                try exists(directory + "/out") && contents(of: directory + "/out").hasSuffix("line 2999\n")
            }
            let report = try await harness(Copier.following, directory, kills: 5).run(scenario)
            #expect(report.kills == 5)
            for check in rounds.checks { #expect(check.isExact && check.found == 3000, "\(check); \(report)") }
        }
    }

    @Test func countsAKillThatComesBeforeAnyOutputApart() async throws {
        try await withScratchDirectory { directory in
            let script = "sleep 0.2; \(Copier.right)"
            let report = try await harness(script, directory, kills: 3).run(scenario(directory, Rounds()))
            #expect(report.kills == 3)
            #expect(report.startup >= .milliseconds(200))
            #expect(report.allKills == report.killsByPhase[.starting, default: 0] + 3)
        }
    }

    @Test func reportsAProgramThatFails() async throws {
        try await withScratchDirectory { directory in
            let script = "echo 'no idea' >&2; exit 3"
            let error = await #expect(throws: CrashTestError.self) {
                try await harness(script, directory, kills: 1).run(scenario(directory, Rounds()))
            }
            #expect(error?.code == .unexpectedEnd)
            #expect(error?.message.contains("status 3") == true && error?.message.contains("no idea") == true)
            #expect(error?.report?.lastExit == .exited(3))
        }
    }

    @Test(arguments: [
        "exec sleep 1000", "trap '' TERM; touch \"$1/deaf\"; while :; do sleep 0.01; done",
    ])
    func givesUp(script: String) async throws {
        try await withScratchDirectory { directory in
            var limited = harness(script, directory, kills: 1)
            limited.timeLimit = .milliseconds(300)
            let harness = limited
            var scenario = scenario(directory, Rounds())
            scenario.verify = {}
            if script.contains("trap") { scenario.isDone = { exists(directory + "/deaf") } }
            let endless = scenario
            let error = await #expect(throws: CrashTestError.self) { try await harness.run(endless) }
            #expect(error?.code == .timeLimit)
        }
    }

    @Test func saysThatAProgramWritesSomethingElse() async throws {
        try await withScratchDirectory { directory in
            var harness = harness(Copier.right, directory, kills: 1)
            harness.outputs = [directory + "/misspelt"]
            let (misled, scenario) = (harness, scenario(directory, Rounds()))
            let error = await #expect(throws: CrashTestError.self) { try await misled.run(scenario) }
            #expect(error?.code == .noOutput)
            #expect(error?.message.contains("misspelt") == true)
        }
    }

    @Test func startsAgainWhatDiesOfBeingAskedToEndBeforeItListens() async throws {
        try await withScratchDirectory { directory in
            let script = "sleep 0.1; trap 'exit 0' TERM; touch \"$1/out\"; while :; do sleep 0.01; done"
            var scenario = scenario(directory, Rounds())
            scenario.verify = {}
            scenario.isDone = { true }
            let report = try await harness(script, directory, kills: 0).run(scenario)
            #expect(report.runs > 1 && report.rounds == 1)
            #expect(report.lastExit == .exited(0))
        }
    }

    @Test func leavesNoProcessBehindWhenCancelled() async throws {
        try await withScratchDirectory { directory in
            let script = "echo $$ > \"$1/new\"; mv \"$1/new\" \"$1/pid\"; exec sleep 1000"
            let harness = harness(script, directory, kills: 1)
            let scenario = scenario(directory, Rounds())
            let task = Task { try await harness.run(scenario) }
            try await eventually { exists(directory + "/pid") }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let text = try contents(of: directory + "/pid")
            #expect(!exists(try #require(Int32(text.dropLast()))))
        }
    }

    @Test func drawsTheSameMomentsFromTheSameSeed() {
        func draw(_ seed: UInt64) -> [CrashMoment] {
            var report = CrashReport(seed: seed)
            report.undisturbed = .seconds(2)
            report.startup = .milliseconds(50)
            var moments = CrashMoments(report, size: 1_000_000, kills: 30)
            return (0..<100).map { _ in moments.next() }
        }
        #expect(draw(1) == draw(1))
        #expect(draw(1) != draw(2))
        for moment in draw(3) {
            switch moment {
            case .after(let delay): #expect(delay <= .milliseconds(50 + 98))
            case .grown(let count): #expect((1...50_000).contains(count))
            case .never: Issue.record("a moment that never comes")
            }
        }
    }
}
