// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

/// What tells one generation of a file from another: device and inode, and its first bytes.
///
/// The inode alone is not enough: a truncated file keeps it, and a new file may be given that of a removed one. The first
/// bytes alone are not enough either: many files begin with the same header. A position stores both in the 64 bits of
/// its incarnation, in such a way that they can be computed again from the file and the position's offset.
struct FileIdentity: Sendable, Equatable {
    /// How many of the first bytes count.
    static let beginningLength = 256

    let device: UInt64
    let inode: UInt64
    /// The first bytes of the file, at most ``beginningLength``.
    let beginning: [UInt8]
    /// The incarnation from offset 256 on, which is asked for more often than any other.
    private let settled: Incarnation?

    init(device: UInt64, inode: UInt64, beginning: [UInt8] = []) {
        self.device = device
        self.inode = inode
        self.beginning = beginning
        settled =
            beginning.count < Self.beginningLength
            ? nil : Incarnation(device: device, inode: inode, beginning: beginning)
    }

    /// The incarnation of positions at an offset.
    ///
    /// Below ``beginningLength`` it takes in the bytes before the offset only: those behind it may not have been there
    /// when the position was stored. So it is not constant over the first 256 bytes of a file, and is from there on.
    func incarnation(at offset: Int64) -> Incarnation {
        if offset >= Self.beginningLength, let settled { return settled }
        return Incarnation(device: device, inode: inode, beginning: beginning.prefix(Int(min(max(offset, 0), 256))))
    }

    /// The incarnation of the position before the first byte, which takes in all that is known: so a file that is rotated
    /// before anything of it is committed is found again.
    var beginningIncarnation: Incarnation { Incarnation(device: device, inode: inode, beginning: beginning) }

    /// Whether the other file begins with the same first bytes as far as those of this one are known.
    func isBeginning(of other: FileIdentity) -> Bool { other.beginning.starts(with: beginning) }

    /// Whether a position could have been stored when the first bytes were these.
    ///
    /// - Parameter size: the size of the file.
    func contains(_ offset: Int64, of incarnation: Incarnation, size: Int64) -> Bool {
        if offset == 0 { return incarnation.isOfBeginning(beginning) }
        return size >= offset && beginning.count >= min(offset, Int64(Self.beginningLength))
            && self.incarnation(at: offset).fingerprint == incarnation.fingerprint
    }
}

/// The identity of a file's generation as a position stores it: 28 bits of device and inode, 36 bits of the first bytes.
struct Incarnation: Sendable, Hashable {
    let bits: UInt64

    private static let fingerprintBits: UInt64 = 36

    init(bits: UInt64) {
        self.bits = bits
    }

    init(device: UInt64, inode: UInt64, beginning: some Sequence<UInt8>) {
        var place = StableHash()
        place.combine(device)
        place.combine(inode)
        var content = StableHash()
        content.combine(beginning)
        bits = place.value << Self.fingerprintBits | Self.fingerprint(content)
    }

    private static func fingerprint(_ content: StableHash) -> UInt64 { content.value >> (64 - fingerprintBits) }

    /// Whether no byte was known.
    var isOfNothing: Bool { fingerprint == Self.fingerprint(StableHash()) }

    /// Whether it can be that of a file that begins so, of which fewer bytes were known then.
    func isOfBeginning(_ beginning: [UInt8]) -> Bool {
        var content = StableHash()
        return isOfNothing
            || beginning.contains { byte in
                content.combine(CollectionOfOne(byte))
                return Self.fingerprint(content) == fingerprint
            }
    }

    /// What stands for the first bytes.
    var fingerprint: UInt64 { bits & (1 << Self.fingerprintBits - 1) }

    /// What stands for device and inode.
    var place: UInt64 { bits >> Self.fingerprintBits }
}
