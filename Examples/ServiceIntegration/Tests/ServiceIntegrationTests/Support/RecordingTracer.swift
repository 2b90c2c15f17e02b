// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tracing

/// What a tracer took from the headers of W3C Trace Context.
struct TraceContext: Sendable, Hashable {
    let traceParent: String
    let traceState: String?
}

private enum TraceContextKey: InstrumentationContextKey {
    typealias Value = TraceContext
}

extension InstrumentationContext {
    var trace: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }
}

/// Keeps the spans that have ended.
final class RecordingTracer: Tracer {
    private let kept = Mutex<[RecordedSpan]>([])

    var spans: [RecordedSpan] { kept.withLock { $0 } }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> RecordedSpan {
        RecordedSpan(operationName, context(), kind, start: instant().nanosecondsSinceEpoch, self)
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
        RecordedSpan(operationName, context(), kind, start: instant().nanosecondsSinceEpoch, self)
    }

    func forceFlush() {}

    fileprivate func keep(_ span: RecordedSpan) { kept.withLock { $0.append(span) } }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout InstrumentationContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        // Header names come in any case.
        guard let parent = extractor.extract(key: "Traceparent", from: carrier) else { return }
        context.trace = TraceContext(
            traceParent: parent,
            traceState: extractor.extract(key: "tracestate", from: carrier)
        )
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {}
}

final class RecordedSpan: Tracing.Span {
    struct State {
        var operationName: String
        var attributes: SpanAttributes = [:]
        var status: SpanStatus?
        var links: [TraceContext] = []
        var end: UInt64?
    }

    let context: InstrumentationContext
    let isRecording = true
    let kind: SpanKind
    let start: UInt64
    private let tracer: RecordingTracer
    private let state: Mutex<State>

    init(_ name: String, _ context: InstrumentationContext, _ kind: SpanKind, start: UInt64, _ tracer: RecordingTracer)
    {
        self.context = context
        self.kind = kind
        self.start = start
        self.tracer = tracer
        state = Mutex(State(operationName: name))
    }

    var operationName: String {
        get { state.withLock(\.operationName) }
        set { state.withLock { $0.operationName = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock(\.attributes) }
        set { state.withLock { $0.attributes = newValue } }
    }

    var status: SpanStatus? { state.withLock(\.status) }
    var links: [TraceContext] { state.withLock(\.links) }
    var end: UInt64? { state.withLock(\.end) }

    func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }

    func addLink(_ link: SpanLink) {
        guard let trace = link.context.trace else { return }
        state.withLock { $0.links.append(trace) }
    }

    func addEvent(_ event: SpanEvent) {}

    func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {}

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let end = instant().nanosecondsSinceEpoch
        state.withLock { $0.end = end }
        tracer.keep(self)
    }
}
