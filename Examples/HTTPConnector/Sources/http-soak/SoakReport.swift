// SPDX-License-Identifier: Apache-2.0

/// What was measured while the events went through.
struct SoakReport {
    var answered = 0
    var seconds = 0.0
    /// Resident memory of the connector in kilobytes, once a second.
    var memory: [Int] = []

    /// The median of a part of the samples.
    private func memory(_ part: Range<Int>) -> Int {
        let samples = memory[part].sorted()
        return samples.isEmpty ? 0 : samples[samples.count / 2]
    }

    func json(_ receiver: FaultyReceiver) -> String {
        let quarter = memory.count / 4
        let figures = [
            "\"events\": \(answered)", "\"delivered\": \(receiver.delivered)", "\"repeated\": \(receiver.repeated)",
            "\"misplaced\": \(receiver.misplaced)", "\"faults\": \(receiver.faults)",
            "\"records_per_s\": \(Int(Double(answered) / max(seconds, 0.001)))",
            "\"rss_mb_second_quarter\": \(memory(quarter..<2 * quarter) / 1024)",
            "\"rss_mb_last_quarter\": \(memory(3 * quarter..<memory.count) / 1024)",
            "\"rss_mb_max\": \((memory.max() ?? 0) / 1024)",
        ]
        return "{\"name\": \"http/soak\", " + figures.joined(separator: ", ") + "}"
    }
}
