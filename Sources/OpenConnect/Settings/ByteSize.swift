// SPDX-License-Identifier: Apache-2.0

/// A number of bytes, written with its unit: `64KiB`, `1.5MB`, `512` (bytes).
public struct ByteSize: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number of bytes, not negative.
    public let bytes: Int

    /// A number of bytes; a negative one counts as none.
    public init(bytes: Int) { self.bytes = max(bytes, 0) }

    /// 1024 bytes each.
    public static func kibibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count * 1024) }
    /// 1024 × 1024 bytes each.
    public static func mebibytes(_ count: Int) -> ByteSize { ByteSize(bytes: count * 1024 * 1024) }

    /// A size from its text, or `nil` where it is none, is no whole number of bytes, or does not fit.
    ///
    /// The units are `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) and `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024).
    public init?(_ text: String) {
        guard let (digits, unit) = QuantityText.split(text) else { return nil }
        guard let scale = Self.units.first(where: { $0.name == unit })?.bytes ?? (unit.isEmpty ? 1 : nil) else {
            return nil
        }
        guard let bytes = QuantityText.scaled(digits, by: scale) else { return nil }
        self.bytes = Int(bytes)
    }

    /// The size in the largest unit of 1024 that divides it.
    public var description: String {
        let unit = Self.units.last { $0.name.contains("i") && bytes % Int($0.bytes) == 0 && bytes > 0 }
        guard let unit else { return "\(bytes)B" }
        return "\(bytes / Int(unit.bytes))\(unit.name)"
    }

    /// By the number of bytes.
    public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }

    private static let units: [(name: String, bytes: Int64)] = [
        ("B", 1), ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]
}
