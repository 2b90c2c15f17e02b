// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// A record as a transport carries it: a key, headers, a content type and bytes.
public struct EncodedRecord: Sendable, Hashable {
    /// The key, for a transport that has keys.
    public var key: SharedBytes?
    /// The headers, for a transport that has headers.
    public var headers: [RecordHeader]
    /// The media type of the bytes, which each transport has a place of its own for.
    public var contentType: String?
    /// The bytes; empty where there is no payload.
    public var bytes: SharedBytes
    /// Whether there is no payload, which is something else than an empty one: a tombstone.
    public var isAbsent: Bool

    /// A record as a transport carries it.
    public init(
        _ bytes: SharedBytes,
        key: SharedBytes? = nil,
        headers: [RecordHeader] = [],
        contentType: String? = nil,
        isAbsent: Bool = false
    ) {
        self.key = key
        self.headers = headers
        self.contentType = contentType
        self.bytes = bytes
        self.isAbsent = isAbsent
    }
}
