// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Which record a payload is made for.
public struct GeneratedRecord: Sendable, Hashable {
    /// The partition of the record.
    public let partition: RecordPartition
    /// The number of the record in its partition, from 0 on, which is its offset.
    public let number: Int64
    /// A number that follows from the seed, the partition and the number, and looks like chance.
    public let randomness: UInt64
}
