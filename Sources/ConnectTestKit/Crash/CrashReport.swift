// SPDX-License-Identifier: Apache-2.0

/// What a ``CrashHarness`` did.
public struct CrashReport: Sendable {
    /// Where in its life a process was killed, judged by its outputs.
    public enum Phase: Sendable, Hashable, CaseIterable {
        /// The outputs were as the process had found them.
        case starting
        /// The outputs had been cut back to an earlier state, and nothing had been written since.
        case recovering
        /// The process had written something.
        case writing
    }

    /// What the moments of the kills were drawn from: the same seed gives the same moments.
    public let seed: UInt64
    /// How many kills hit a living process, by phase.
    public internal(set) var killsByPhase: [Phase: Int] = [:]
    /// How many processes were started.
    public internal(set) var runs = 0
    /// How often the work was begun from nothing and done to its end.
    public internal(set) var rounds = 0
    /// How many processes had ended, or had nothing left to do, before their moment came; they do not count as killed.
    public internal(set) var missed = 0
    /// How long the work took without kills.
    public internal(set) var undisturbed: Duration = .zero
    /// How long it then took until the outputs first changed.
    public internal(set) var startup: Duration = .zero
    /// How long everything took.
    public internal(set) var elapsed: Duration = .zero
    /// How the last process ended that was not killed.
    public internal(set) var lastExit: ProcessExit?
    /// What that process wrote on standard error, where the command does not send that to a file.
    public internal(set) var lastStandardError = ""

    init(seed: UInt64) { self.seed = seed }

    /// How many kills count: those that hit a process that had begun to write.
    public var kills: Int { killsByPhase[.writing, default: 0] }

    /// How many kills hit a living process, those before it wrote included.
    public var allKills: Int { killsByPhase.values.reduce(0, +) }
}

extension CrashReport: CustomStringConvertible {
    /// Everything but the last process's words, on one line.
    public var description: String {
        let phases = Phase.allCases.map { "\(killsByPhase[$0, default: 0]) \($0)" }.joined(separator: ", ")
        return "\(kills) kills (\(phases)), \(runs) runs, \(missed) missed, \(rounds) rounds, seed \(seed), "
            + "undisturbed \(undisturbed), first output after \(startup), elapsed \(elapsed)"
            + (lastExit.map { ", last run: \($0)" } ?? "")
    }
}
