// SPDX-License-Identifier: Apache-2.0

/// The instant that an upstream recorded for a record, in nanoseconds since 1970-01-01T00:00:00Z.
public struct RecordTimestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Nanoseconds since the beginning of 1970 in UTC, leap seconds not counted.
    public let nanosecondsSince1970: Int64

    /// An instant from nanoseconds since 1970.
    @inlinable
    public init(nanosecondsSince1970: Int64) {
        self.nanosecondsSince1970 = nanosecondsSince1970
    }

    /// An instant from the milliseconds that many upstreams use, where −1 means that there is none.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` for any other negative number, and for one that is too
    ///   large for nanoseconds.
    public init?(upstreamMilliseconds milliseconds: Int64) throws {
        guard milliseconds != -1 else { return nil }
        let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        guard milliseconds >= 0, !overflow else {
            throw ConnectorError(
                .invalidRecord,
                "the timestamp \(milliseconds) is not a number of milliseconds since 1970; use −1 where there is none"
            )
        }
        nanosecondsSince1970 = nanoseconds
    }

    /// Whether the left instant is earlier.
    public static func < (left: RecordTimestamp, right: RecordTimestamp) -> Bool {
        left.nanosecondsSince1970 < right.nanosecondsSince1970
    }

    /// The nanoseconds.
    public var description: String { "\(nanosecondsSince1970) ns since 1970" }
}
