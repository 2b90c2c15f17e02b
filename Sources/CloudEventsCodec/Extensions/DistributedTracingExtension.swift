// SPDX-License-Identifier: Apache-2.0

/// The distributed tracing extension (E1): the trace that an event belongs to, as it was where the event was made.
///
/// It is not changed on the way: each hop's own trace goes with the transport.
public struct DistributedTracingExtension: DocumentedExtension {
    /// `distributed tracing`
    public static let title = "distributed tracing"
    /// `E1`
    public static let rule: String? = "E1"
    /// `traceparent` and `tracestate`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "traceparent": .string, "tracestate": .string,
    ]

    /// The trace and the step in it: `traceparent`.
    public var traceParent: TraceParent

    /// What tracing systems add for themselves, a list of `key=value` with commas: `tracestate`. It is passed on as it
    /// is, as what cannot be read in it must not harm the trace.
    public var traceState: String?

    /// Makes a value.
    public init(traceParent: TraceParent, traceState: String? = nil) {
        self.traceParent = traceParent
        self.traceState = traceState
    }

    /// Reads the attributes; `tracestate` is only allowed together with `traceparent`.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        traceParent = try TraceParent(reader.required("traceparent", reader.string("traceparent")))
        traceState = try reader.string("tracestate")
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = ["traceparent": .string(traceParent.string)]
        attributes["tracestate"] = traceState.map { .string($0) }
        return attributes
    }
}

extension CloudEvent {
    /// The distributed tracing extension (E1); `nil` where it is not used, an error where it is used wrongly.
    public var distributedTracing: DistributedTracingExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
