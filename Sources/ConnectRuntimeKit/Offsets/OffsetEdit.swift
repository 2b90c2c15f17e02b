// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// What was done to the stored offset of one partition.
public struct OffsetEdit: Sendable, Hashable, CustomStringConvertible {
    /// The partition.
    public let partition: RecordPartition
    /// What was stored, or `nil` where the partition was not known.
    public let previous: RecordOffset?
    /// What is stored now, or `nil` where the partition begins anew.
    public let new: RecordOffset?

    /// Partition and offsets in words.
    public var description: String {
        "\(partition): \(previous.map { "\($0)" } ?? "nothing") → \(new.map { "\($0)" } ?? "nothing")"
    }
}
