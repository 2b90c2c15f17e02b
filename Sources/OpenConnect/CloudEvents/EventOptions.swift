// SPDX-License-Identifier: Apache-2.0

/// Choices when a record becomes an event and an event becomes a record.
public struct EventOptions: OptionSet, Sendable, Hashable {
    /// The choices as bits.
    public let rawValue: UInt8

    /// Choices from bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Partition and offset travel in an extension attribute, as dead letters need it. Give it in both directions.
    public static let includingPosition = EventOptions(rawValue: 1)

    /// Data held as bytes goes into the event as what its content type says, where that is true: as a JSON value under a
    /// JSON content type (without white space around it), as text under `text/*`. Anything else stays bytes, under the
    /// same content type.
    ///
    /// That makes events readable, and keeps the bytes but not the form: the record that is made of such an event
    /// holds JSON or text.
    public static let readableData = EventOptions(rawValue: 2)

    /// Data is made to agree with its content type even where the record was made of an event in which it did not, and
    /// which no format can carry. Formats set it.
    static let carried = EventOptions(rawValue: 4)
}
