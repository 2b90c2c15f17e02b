// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
import OpenConnect
public import Tracing

/// Makes spans of swift-distributed-tracing of the steps on the way of records.
///
/// Names and attributes are those of OpenTelemetry's conventions for messaging:
///
/// | step | span kind | name |
/// |---|---|---|
/// | a poll | consumer | `receive source` |
/// | the functions, for a batch | internal | `process functions` |
/// | a put | producer | `send` and the name of the sink |
/// | a commit | client | `settle offset store` |
///
/// | attribute | value |
/// |---|---|
/// | `messaging.system` | `openconnect` |
/// | `messaging.operation.type`, `messaging.operation.name` | the step: `receive`, `process`, `send`, `settle` |
/// | `messaging.destination.name` | whose call it is: the name of a sink, `source`, `functions`, `offset store` |
/// | `messaging.batch.message_count` | how many records it is about |
/// | `error.type` | the code of the error that it ended with, such as `retryable` |
/// | `openconnect.pipeline` | the name of the pipeline |
/// | `openconnect.dropped_links` | how many traces are not among the links, where there are such |
///
/// The `traceparent` and `tracestate` of the records go through the tracer's `extract`, as the headers of W3C Trace Context
/// do: every trace is linked, and the one that all records share is the span's parent.
public struct TracingObserver: RuntimeObserver {
    private let tracer: (any Tracer)?

    /// An observer that tells a tracer.
    ///
    /// - Parameter tracer: the tracer; by default that with which `InstrumentationSystem` was bootstrapped.
    public init(tracer: (any Tracer)? = nil) {
        self.tracer = tracer
    }

    /// Spans.
    public var interests: ObserverInterests { .spans }

    /// Does nothing.
    public func observe(_ event: RuntimeEvent) {}

    /// Makes a span that has ended already.
    public func observe(_ span: DeliverySpan) {
        let tracer: any Tracer = tracer ?? InstrumentationSystem.tracer
        record(span, with: tracer)
    }

    private func record(_ span: DeliverySpan, with tracer: some Tracer) {
        let made = tracer.startSpan(
            "\(span.operation) \(span.connector)",
            context: span.parent.map { tracer.context(of: $0) } ?? .topLevel,
            ofKind: Self.kind(of: span.operation),
            at: SpanInstant(span.start)
        )
        if made.isRecording {
            made.updateAttributes { $0.describe(span) }
            for link in span.links { made.addLink(SpanLink(context: tracer.context(of: link), attributes: [:])) }
            if let code = span.errorCode { made.setStatus(SpanStatus(code: .error, message: code)) }
        }
        made.end(at: SpanInstant(span.end))
    }

    static func kind(of operation: DeliverySpan.Operation) -> SpanKind {
        switch operation {
        case .receive: .consumer
        case .send: .producer
        case .settle: .client
        default: .internal
        }
    }
}

extension SpanAttributes {
    fileprivate mutating func describe(_ span: DeliverySpan) {
        self["messaging.system"] = "openconnect"
        self["messaging.operation.type"] = span.operation.description
        self["messaging.operation.name"] = span.operation.description
        self["messaging.destination.name"] = span.connector
        self["messaging.batch.message_count"] = span.records
        self["openconnect.pipeline"] = span.pipeline
        if span.droppedLinks > 0 { self["openconnect.dropped_links"] = span.droppedLinks }
        if let code = span.errorCode { self["error.type"] = code }
    }
}
