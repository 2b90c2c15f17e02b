// SPDX-License-Identifier: Apache-2.0

/// How much a reader takes before it refuses the input, so that a hostile sender cannot exhaust memory or time.
///
/// The specification asks consumers to accept at least 64 KiB (C16); the defaults are far above.
public struct CodecLimits: Sendable, Hashable {
    /// The largest event in bytes, as it is on the wire. Default: 16 MiB.
    public var eventBytes = 16 << 20

    /// The largest batch in bytes, as it is on the wire. Default: 128 MiB.
    public var batchBytes = 128 << 20

    /// The most events in a batch. Default: 100 000.
    public var batchEvents = 100_000

    /// How deep objects and arrays may be nested, the event's own object and a batch's array included. Default: 128.
    ///
    /// The two count in JSON and Avro even where there is no batch, which leaves 126 levels for data: what is read alone
    /// can be read in a batch, and through every format. The JSON format also writes no deeper what it has to read for
    /// that: see ``JSONEventFormat/encode(_:)``.
    public var nestingDepth = 128

    /// The most attributes of an event, null ones included; data is none. Default: 256.
    public var attributes = 256

    /// The default limits.
    public init() {}
}

extension CodecLimits {
    /// The event's own object and a batch's array, which count where there is no batch too.
    static let levelsAroundData = 2

    /// How deep data may be nested.
    var dataDepth: Int { max(nestingDepth, Self.levelsAroundData) - Self.levelsAroundData }

    func eventTooLarge(offset: Int?) -> CloudEventError {
        CloudEventError(.limitExceeded, "the event is larger than the limit of \(eventBytes) bytes", offset: offset)
    }

    func batchTooLarge() -> CloudEventError {
        CloudEventError(.limitExceeded, "the batch is larger than the limit of \(batchBytes) bytes")
    }

    func tooManyEvents(offset: Int?) -> CloudEventError {
        CloudEventError(.limitExceeded, "the batch has more events than the limit of \(batchEvents)", offset: offset)
    }

    func tooManyAttributes(offset: Int?) -> CloudEventError {
        CloudEventError(
            .limitExceeded,
            "the event has more attributes than the limit of \(attributes)",
            offset: offset
        )
    }
}
