// SPDX-License-Identifier: Apache-2.0

/// Which records keep their order among themselves, also when some of them have to be tried again.
public struct LaneOrder: Sendable, Hashable {
    let usesKeys: Bool

    /// The records of one partition.
    public static let partition = LaneOrder(usesKeys: false)
    /// The records of one partition with the same key. Records without a key are a lane of their own.
    public static let partitionAndKey = LaneOrder(usesKeys: true)
}
