// SPDX-License-Identifier: Apache-2.0

/// Proves that a program survives `kill -9`: runs it again and again, and kills it at random moments.
///
/// First the work is done once without a kill, which measures it. Then it is begun again from nothing, killed, continued,
/// killed, until enough kills hit a process that had begun to write; if the work is done before, it is begun again. Then a
/// last run ends undisturbed. What the outputs have to hold then, and after each other round, the scenario checks, for
/// example with ``OutputCheck``:
///
/// ```swift
/// let harness = CrashHarness(command, outputs: [output], kills: 30)
/// let report = try await harness.run(
///     CrashScenario {
///         try removeOutputAndState()
///     } verify: {
///         let check = try OutputCheck(output: output, inputs: [input])
///         #expect(check.isExact, "\(check)")
///     }
/// )
/// print(report)
/// ```
///
/// The moments are spread over the life of a run: some very early, some after a time, some as soon as the outputs have
/// grown by some bytes. On the average, enough of them fit into one round. A run that is killed before its first commit
/// makes no progress, so give the program a short commit interval.
public struct CrashHarness: Sendable {
    /// The program and its arguments, the same for each run.
    public var command: ProcessCommand
    /// The files that show, by their size, that a run has begun its work.
    public var outputs: [String]
    /// How many kills have to hit a process that has begun to write.
    public var kills: Int
    /// What the moments are drawn from.
    public var seed: UInt64
    /// How long everything may take. It ends an endless run, or one that never gets anywhere.
    public var timeLimit: Duration = .seconds(120)

    /// A harness for a program that writes some files.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments, the same for each run.
    ///   - outputs: the files that show, by their size, that a run has begun its work.
    ///   - kills: how many kills have to hit a process that has begun to write.
    ///   - seed: that of an earlier report to repeat its moments; `nil` for a new one.
    public init(_ command: ProcessCommand, outputs: [String], kills: Int = 30, seed: UInt64? = nil) {
        self.command = command
        self.outputs = outputs
        self.kills = kills
        self.seed = seed ?? .random(in: .min ... .max)
    }

    /// Does the work of a scenario with kills.
    ///
    /// - Throws: ``CrashTestError``: `unexpectedEnd` if a run ends otherwise than by its kill or with status 0,
    ///   `timeLimit`, `noOutput`, `cannotStart`; all but the last say what the program wrote on standard error. What a
    ///   closure of the scenario throws. `CancellationError`; no process is left then.
    public func run(_ scenario: CrashScenario) async throws -> CrashReport {
        var session = CrashSession(self, scenario)
        return try await session.run()
    }
}
