// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Something that happened in a pipeline and that an operator should know.
///
/// What tools go by is ``kind`` and the typed values; ``message`` is for people. No text holds a secret or a record's data.
public struct RuntimeEvent: Sendable {
    /// The name of the pipeline.
    public let pipeline: String
    /// What happened.
    public let kind: Kind
    /// How urgent it is.
    public var level: ConnectorEvent.Level
    /// One sentence.
    public var message: String
    /// Values that a structured logger keeps apart from the message.
    public var attributes: [String: String]
    /// The error it is about.
    public var error: (any Error)?

    /// The connector it is about, by its name in the pipeline.
    public var connector: String?
    /// The state that the pipeline is in now.
    public var state: PipelineState?
    /// The running call it is about.
    public var call: RunningCall?
    /// The name of the call it is about, such as `put`, where that has returned.
    public var callName: String?
    /// How often something was tried without success.
    public var attempt: Int?
    /// How long it is until the next attempt.
    public var delay: Duration?
    /// How many records it is about.
    public var records: Int?

    /// An event; the typed values are set afterwards.
    public init(
        _ kind: Kind,
        of pipeline: String,
        _ level: ConnectorEvent.Level,
        _ message: String,
        attributes: [String: String] = [:],
        error: (any Error)? = nil
    ) {
        self.pipeline = pipeline
        self.kind = kind
        self.level = level
        self.message = message
        self.attributes = attributes
        self.error = error
    }
}
