// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// What a body becomes that is no CloudEvent: an event of one configured type, with the body as its data.
public struct CommonEvents: Sendable, Hashable {
    /// The type of the events.
    public var type: String
    /// The source of the events; the pipeline's default where there is none.
    public var source: URIReference?
    /// The header whose value becomes the id, such as `Idempotency-Key`, so that a repeated request gives the same event.
    /// Where there is none, each request has an id of its own.
    public var idHeader: String?

    /// Events of a type.
    public init(type: String, source: URIReference? = nil, idHeader: String? = nil) {
        self.type = type
        self.source = source
        self.idHeader = idHeader
    }
}
