// SPDX-License-Identifier: Apache-2.0

/// When a run is killed.
enum CrashMoment: Sendable, Hashable {
    /// After some time, whatever it does then.
    case after(Duration)
    /// As soon as the outputs have grown by so many bytes, over the least they had in this run.
    case grown(Int64)
    /// Never: it ends undisturbed.
    case never
}

/// Draws the moments of the kills.
struct CrashMoments {
    private var generator: SeededGenerator
    private let startup: Duration
    private let share: Duration
    private let growth: Int64

    /// Moments that on the average take less than the whole work.
    ///
    /// - Parameters:
    ///   - report: of a round without kills.
    ///   - size: of the outputs of such a round.
    init(_ report: CrashReport, size: Int64, kills: Int) {
        generator = SeededGenerator(seed: report.seed)
        startup = report.startup
        share = (report.undisturbed - report.startup) * 3 / (2 * max(kills, 1))
        growth = max(size * 3 / Int64(2 * max(kills, 1)), 1)
    }

    mutating func next() -> CrashMoment {
        switch UInt8.random(in: 0..<10, using: &generator) {
        case 0: .after(startup * Double.random(in: 0...1, using: &generator))
        case 1..<5: .after(startup + share * Double.random(in: 0...1, using: &generator))
        default: .grown(Int64.random(in: 1...growth, using: &generator))
        }
    }
}
