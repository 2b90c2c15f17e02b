// SPDX-License-Identifier: Apache-2.0

/// How a ``RedisStreamSink`` writes.
public struct RedisStreamSinkOptions: Sendable {
    /// How long a stream is kept: with each entry that is added, the oldest ones beyond that are removed.
    public struct Length: Sendable, Hashable {
        let words: [String]

        /// At most so many entries (`MAXLEN n`).
        public static func exactly(_ count: Int) -> Length { Length(words: ["MAXLEN", "=", String(max(count, 0))]) }
        /// So many entries, or some more, which costs the server much less (`MAXLEN ~ n`).
        public static func about(_ count: Int) -> Length { Length(words: ["MAXLEN", "~", String(max(count, 0))]) }
    }

    /// How records become entries; ``EntryFormat/auto`` is the same as ``EntryFormat/raw`` here.
    public var format: EntryFormat = .cloudEventsBinary
    /// The field of the payload.
    public var dataField = "data"
    /// How many entries a stream keeps; `nil` for all.
    public var maxLength: Length?

    /// The defaults.
    public init() {}
}
