// SPDX-License-Identifier: Apache-2.0

import Logging
import Tracing

/// Writes each span that has ended to a logger, at the level `debug`: in place of an exporter.
struct LoggingTracer: Tracer {
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> LoggedSpan {
        LoggedSpan(operationName, context(), kind, start: instant().nanosecondsSinceEpoch, logger)
    }

    func startAnySpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> any Tracing.Span {
        LoggedSpan(operationName, context(), kind, start: instant().nanosecondsSinceEpoch, logger)
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout InstrumentationContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context[TraceParentKey.self] = extractor.extract(key: "traceparent", from: carrier)
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let parent = context[TraceParentKey.self] else { return }
        injector.inject(parent, forKey: "traceparent", into: &carrier)
    }
}

/// The `traceparent` of a context.
enum TraceParentKey: InstrumentationContextKey {
    typealias Value = String
}
