// SPDX-License-Identifier: Apache-2.0

/// A form in which an event, all its attributes and its data together, is written as one piece of bytes: what structured
/// mode carries.
///
/// A format is a value without state: make one wherever it is needed, use it from any thread. Decoders take any bytes:
/// what they refuse they explain in a ``CloudEventError``, and they never trap.
public protocol EventFormat: Sendable {
    /// The content type of one event, such as `application/cloudevents+json`.
    var contentType: String { get }

    /// The content type of a batch; `nil` where the format has no batches.
    var batchContentType: String? { get }

    /// How much a decoder takes before it refuses the input.
    var limits: CodecLimits { get set }

    /// Reads one event, which is all there is in `bytes`.
    ///
    /// The event shares the buffer of `bytes` where the format writes data, or attributes, as they are; keep an event for
    /// long as ``CloudEvent/detached()``.
    ///
    /// - Throws: ``CloudEventError`` with the rule, the attribute and the byte's place as far as there are any.
    func decode(_ bytes: SharedBytes) throws(CloudEventError) -> CloudEvent

    /// Writes one event.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable`` where the format has no form for it.
    func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes

    /// Reads a batch of events, possibly empty.
    ///
    /// - Throws: as ``decode(_:)``, for the first event that is refused; for every input where the format has no batches.
    func decodeBatch(_ bytes: SharedBytes) throws(CloudEventError) -> [CloudEvent]

    /// Writes a batch of events.
    ///
    /// - Throws: as ``encode(_:)``, for the first event that cannot be written; always where the format has no batches.
    func encodeBatch(_ events: [CloudEvent]) throws(CloudEventError) -> SharedBytes
}

extension EventFormat {
    /// No batches.
    public var batchContentType: String? { nil }

    /// Refuses the input: the format has no batches.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable``, always.
    public func decodeBatch(_ bytes: SharedBytes) throws(CloudEventError) -> [CloudEvent] {
        throw withoutBatches
    }

    /// Refuses the events: the format has no batches.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable``, always.
    public func encodeBatch(_ events: [CloudEvent]) throws(CloudEventError) -> SharedBytes {
        throw withoutBatches
    }

    private var withoutBatches: CloudEventError {
        CloudEventError(.notRepresentable, "the format \(contentType) has no batches; send the events one by one")
    }
}
