// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// Metadata that an upstream attached to a record and that is no CloudEvents attribute. Order and duplicates are kept.
public struct RecordHeader: Sendable, Hashable {
    /// The name, as the upstream wrote it.
    public var name: String
    /// The value, as the upstream wrote it.
    public var value: SharedBytes

    /// A header.
    public init(_ name: String, _ value: SharedBytes) {
        self.name = name
        self.value = value
    }

    /// A header with a text as its value.
    public init(_ name: String, _ value: String) {
        self.init(name, SharedBytes(utf8: value))
    }
}
