// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Tracing

/// A span that is written when it ends.
final class LoggedSpan: Tracing.Span {
    private struct State {
        var operationName: String
        var attributes: SpanAttributes = [:]
        var status: SpanStatus?
        var links: [String] = []
    }

    let context: InstrumentationContext
    let isRecording = true
    private let kind: SpanKind
    private let start: UInt64
    private let logger: Logger
    private let state: Mutex<State>

    init(_ name: String, _ context: InstrumentationContext, _ kind: SpanKind, start: UInt64, _ logger: Logger) {
        self.context = context
        self.kind = kind
        self.start = start
        self.logger = logger
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

    func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }

    func addLink(_ link: SpanLink) {
        guard let parent = link.context[TraceParentKey.self] else { return }
        state.withLock { $0.links.append(parent) }
    }

    func addEvent(_ event: SpanEvent) {}

    func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {}

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let end = instant().nanosecondsSinceEpoch
        let state = state.withLock { $0 }
        var metadata: Logger.Metadata = [
            "kind": "\(kind)", "seconds": "\(Double(end - min(start, end)) / 1e9)",
            "links": .array(state.links.map { "\($0)" }),
        ]
        metadata["parent"] = context[TraceParentKey.self].map { "\($0)" }
        metadata["error"] = state.status?.message.map { "\($0)" }
        state.attributes.forEach { name, value in metadata[name] = "\(Self.text(of: value))" }
        logger.debug("\(state.operationName)", metadata: metadata)
    }

    private static func text(of value: SpanAttribute) -> String {
        switch value {
        case .string(let text): text
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bool(let value): "\(value)"
        default: "\(value)"
        }
    }
}
