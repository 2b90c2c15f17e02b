// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// A place in the output of a ``CheckpointingSink``, in terms that only the sink understands.
public struct SinkCheckpoint: Sendable, Hashable {
    /// What the sink has to know to cut its output back to this place.
    public let bytes: SharedBytes
    /// The version of the schema of the bytes.
    public let version: Int

    /// A checkpoint from the sink's own encoding.
    public init(_ bytes: SharedBytes, version: Int = 1) {
        self.bytes = bytes
        self.version = version
    }
}
