// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import Tracing

/// The headers of W3C Trace Context, by which a tracer learns where a record comes from.
struct TraceHeaders: Sendable {
    private let traceParent: String
    private let traceState: String?

    init(_ link: DeliverySpan.Link) {
        traceParent = link.traceParent.string
        traceState = link.traceState
    }

    struct Reader: Extractor {
        func extract(key: String, from headers: TraceHeaders) -> String? {
            switch key.lowercased() {
            case "traceparent": headers.traceParent
            case "tracestate": headers.traceState
            default: nil
            }
        }
    }
}

extension Instrument {
    /// The context in which an event was made.
    func context(of link: DeliverySpan.Link) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        extract(TraceHeaders(link), into: &context, using: TraceHeaders.Reader())
        return context
    }
}
