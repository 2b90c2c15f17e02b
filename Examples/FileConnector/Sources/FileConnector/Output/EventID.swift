// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The id of the event that a record becomes when it has none of its own: `<partition>-<incarnation>-<offset>`.
///
/// It is made of the record's position alone, so a record that is read again has the same id. Partition (a hash of its
/// name) and incarnation are in hexadecimal digits, the offset is decimal.
enum EventID {
    /// The hash that stands for a partition.
    static func hash(of partition: RecordPartition) -> String {
        var hash = StableHash()
        hash.combine(partition.name.utf8)
        return hexadecimal(hash.value)
    }

    static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
