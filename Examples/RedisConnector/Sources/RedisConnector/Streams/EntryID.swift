// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The ID of a stream's entry: milliseconds since 1970, unless the writer chose something else, and a number within them.
struct EntryID: Sendable, Hashable, Comparable, CustomStringConvertible {
    var milliseconds: UInt64
    var number: UInt64

    static let zero = EntryID(milliseconds: 0, number: 0)

    init(milliseconds: UInt64, number: UInt64) {
        self.milliseconds = milliseconds
        self.number = number
    }

    /// Reads an ID as the server writes it.
    init?(_ bytes: SharedBytes) {
        var parts: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var isSecond = false
        let isID = bytes.withUnsafeBytes { bytes in
            for byte in bytes {
                if byte == UInt8(ascii: "-"), !isSecond, digits > 0 {
                    isSecond = true
                    digits = 0
                    continue
                }
                let digit = byte &- UInt8(ascii: "0")
                guard digit < 10 else { return false }
                let (product, overflows) = (isSecond ? parts.1 : parts.0).multipliedReportingOverflow(by: 10)
                let (sum, overflow) = product.addingReportingOverflow(UInt64(digit))
                guard !overflows, !overflow else { return false }
                if isSecond { parts.1 = sum } else { parts.0 = sum }
                digits += 1
            }
            return isSecond && digits > 0
        }
        guard isID else { return nil }
        self.init(milliseconds: parts.0, number: parts.1)
    }

    init?(_ text: String) { self.init(SharedBytes(utf8: text)) }

    /// The ID that an offset stands for.
    init?(_ offset: RecordOffset) {
        guard let sequence = offset.sequence else { return nil }
        self.init(milliseconds: UInt64(bitPattern: sequence), number: offset.incarnation)
    }

    /// The offset of the entry's record: both numbers, which cost no allocation.
    var offset: RecordOffset { RecordOffset(Int64(bitPattern: milliseconds), incarnation: number) }

    /// When the entry was added, if the server made the ID.
    var timestamp: RecordTimestamp? {
        Int64(exactly: milliseconds).flatMap { try? RecordTimestamp(upstreamMilliseconds: $0) }
    }

    var description: String { "\(milliseconds)-\(number)" }

    static func < (left: EntryID, right: EntryID) -> Bool {
        (left.milliseconds, left.number) < (right.milliseconds, right.number)
    }
}
