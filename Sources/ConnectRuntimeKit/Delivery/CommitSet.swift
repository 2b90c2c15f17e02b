// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What one commit makes durable: noted before the sinks flush, stored after.
struct CommitSet: Sendable {
    struct Entry: Sendable {
        let slot: Int
        let generation: UInt32
        let position: StoredPosition
    }

    var entries: [Entry] = []
    var acknowledgements: [Acknowledgement] = []
    /// The places in the sinks' outputs that belong to the entries, by the name of the sink.
    var checkpoints: [String: SinkCheckpoint] = [:]
    /// Whether it was noted when nothing more could be settled.
    var isLast = false
    /// When the oldest batch was polled that was settled since the commit before, where somebody is interested.
    var oldestPoll: ConnectorClock.Instant?
    /// The traces of what was settled since the commit before, where somebody is interested.
    var traces: TraceLinks?

    var isEmpty: Bool { entries.isEmpty && acknowledgements.isEmpty }
    var positions: [StoredPosition] { entries.map(\.position) }
}
