// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Tracing

/// A moment of the wall clock, for a tracer.
struct SpanInstant: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    init(_ time: RecordTimestamp) { nanosecondsSinceEpoch = UInt64(max(0, time.nanosecondsSince1970)) }

    static func < (left: SpanInstant, right: SpanInstant) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}
