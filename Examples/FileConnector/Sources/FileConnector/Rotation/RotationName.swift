// SPDX-License-Identifier: Apache-2.0

/// What the name of a rotated file says: `app.log.2` is older than `app.log.1`, `app.log-20260102` is newer than
/// `app.log-20260101`.
struct RotationName: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Counted upwards with age.
        case numbered(Int)
        /// A date or a time, which sorts as text.
        case dated(String)
        /// Neither: it says nothing about the order.
        case other
        /// The name itself, which the generation keeps that was written last in a place that the input has left.
        case current

        fileprivate var rank: Int {
            switch self {
            case .dated: 0
            case .numbered: 1
            case .other: 2
            case .current: 3
            }
        }
    }

    let kind: Kind
    let isCompressed: Bool

    /// The name without a suffix.
    static let current = RotationName(kind: .current, isCompressed: false)

    private init(kind: Kind, isCompressed: Bool) {
        self.kind = kind
        self.isCompressed = isCompressed
    }

    /// What a name says as that of a rotated generation of the file `base`; `nil` where it is not one.
    init?(_ name: String, of base: String) {
        guard name.utf8.count > base.utf8.count, name.utf8.starts(with: base.utf8) else { return nil }
        let suffix = name.utf8.dropFirst(base.utf8.count)
        isCompressed = Self.compressions.contains { name.hasSuffix($0) }
        let digits = suffix.filter(Self.isDigit).count
        let isSeparated = suffix.first.map(Self.isSeparator) ?? false
        if isSeparated, digits > 0, digits == suffix.count - 1, digits <= 5 {
            kind = .numbered(Int(String(decoding: suffix.dropFirst(), as: UTF8.self)) ?? 0)
        } else if isSeparated, digits >= 6, suffix.allSatisfy({ Self.isDigit($0) || Self.isSeparator($0) }) {
            kind = .dated(String(decoding: suffix, as: UTF8.self))
        } else {
            kind = .other
        }
    }

    /// Whether the names say that this generation came after the other one. Names of different kinds say nothing.
    func isNewer(than other: RotationName) -> Bool {
        switch (kind, other.kind) {
        case (.numbered(let mine), .numbered(let others)): mine < others
        case (.dated(let mine), .dated(let others)): mine > others
        case (.current, .numbered), (.current, .dated): true
        default: false
        }
    }

    /// Whether this generation is to be read before the other one: the older first, those of one kind together.
    func precedes(_ other: RotationName) -> Bool {
        other.kind.rank == kind.rank ? other.isNewer(than: self) : kind.rank < other.kind.rank
    }

    private static let compressions = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip"]

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { ".-_T:".utf8.contains(byte) }
}
