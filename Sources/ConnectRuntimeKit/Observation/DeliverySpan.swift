// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec
public import OpenConnect

/// A step on the way of records from the source to their commit, for distributed tracing.
///
/// The steps and their names follow the conventions of OpenTelemetry for messaging: a poll is `receive`, the functions are
/// `process`, a put is `send`, and a commit, with its flushes, is `settle`. A record's trace, as it was where the event was
/// made, is linked to each of them; `traceparent` and `tracestate` go through to the sinks untouched.
public struct DeliverySpan: Sendable {
    /// Which step it is.
    public struct Operation: Sendable, Hashable, CustomStringConvertible {
        /// The name of the operation, as in `messaging.operation.type`.
        public let description: String

        private init(_ name: String) { description = name }

        /// A poll of the source that returned something, or failed.
        public static let receive = Operation("receive")
        /// The functions, for a batch.
        public static let process = Operation("process")
        /// A put of a sink.
        public static let send = Operation("send")
        /// A commit: flushing the sinks, saving the positions, telling the source.
        public static let settle = Operation("settle")
    }

    /// The trace that a record belongs to.
    public struct Link: Sendable, Hashable {
        /// The trace and the step in it that made the event: `traceparent`.
        public let traceParent: TraceParent
        /// What tracing systems added for themselves: `tracestate`.
        public let traceState: String?
    }

    /// The most links of one span; of the others there is only the number.
    public static let maxLinks = 128

    /// The name of the pipeline.
    public let pipeline: String
    /// Which step it is.
    public let operation: Operation
    /// Whose call it is: the name of a sink, `source`, `functions` or `offset store`.
    public let connector: String
    /// When it began, by the wall clock.
    public let start: RecordTimestamp
    /// How long it took, by the pipeline's clock.
    public let duration: Duration
    /// How many records it was about.
    public let records: Int
    /// The distinct traces of the records, at most ``maxLinks``. A record whose `traceparent` cannot be read has none.
    public let links: [Link]
    /// How many distinct traces are not among the links.
    public let droppedLinks: Int
    /// The code of the error that it ended with, such as `retryable`.
    public let errorCode: String?

    /// The trace that every record belongs to, where they have the same: the span's parent.
    public let parent: Link?
    /// When it ended, by the wall clock.
    public var end: RecordTimestamp { start.advanced(by: duration) }
}
