// SPDX-License-Identifier: Apache-2.0

import Metrics
import OpenConnect

/// Counts records by their type, with a metric of the service's own, and forgets them.
struct TallySink: Sink, ConfigurableConnector {
    static let type = "tally"
    static let summary = "Counts records by their type."
    static let settings = SettingGroup()

    private let timer = Timer(label: "tally.duration")

    init(_ values: SettingValues) throws {}

    func put(_ batch: RecordBatch) async throws -> PutResult {
        let start = ContinuousClock.now
        let types = batch.reduce(into: [:]) { counts, record in counts[record.type ?? "none", default: 0] += 1 }
        for (type, count) in types {
            Counter(label: "tally.records", dimensions: [("type", type)]).increment(by: count)
        }
        timer.record(duration: ContinuousClock.now - start)
        return .delivered
    }

    func flush() async throws {}
}
