// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The distinct traces of records, bounded.
struct TraceLinks: Sendable {
    private(set) var links: [DeliverySpan.Link] = []
    private(set) var records = 0
    private(set) var dropped = 0
    /// Records that belong to no trace.
    private var untraced = 0
    private var seen: Set<DeliverySpan.Link> = []

    private static let traceParent: AttributeName = "traceparent"
    private static let traceState: AttributeName = "tracestate"

    init() {}

    init(of records: [ConnectorRecord]) {
        for record in records { add(record) }
    }

    mutating func add(_ record: ConnectorRecord) {
        records += 1
        guard !record.extensions.isEmpty, let text = record[extension: Self.traceParent]?.canonicalString,
            let parent = try? TraceParent(text)
        else {
            untraced += 1
            return
        }
        add(DeliverySpan.Link(traceParent: parent, traceState: record[extension: Self.traceState]?.canonicalString))
    }

    private mutating func add(_ link: DeliverySpan.Link) {
        guard !seen.contains(link) else { return }
        guard links.count < DeliverySpan.maxLinks else {
            // Not remembered: the number may count one trace several times.
            dropped += 1
            return
        }
        seen.insert(link)
        links.append(link)
    }

    mutating func merge(_ other: TraceLinks) {
        records += other.records
        untraced += other.untraced
        dropped += other.dropped
        for link in other.links { add(link) }
    }

    /// The trace that all records share.
    var parent: DeliverySpan.Link? { links.count == 1 && untraced == 0 && dropped == 0 ? links[0] : nil }
}
