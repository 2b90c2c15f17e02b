// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// The offset log as bytes. Numbers are in little-endian order.
///
/// ```
/// file    magic (8)  version (4)  CRC-32C of both (4)       entries …
/// entry   sequence (8)  length (4)  CRC-32C of the body (4)  CRC-32C of the 16 bytes before (4)   body (length)
/// ```
///
/// A file is begun beside the one in use, with a snapshot of everything as its first entry, and takes the other's name
/// when it is durable: so header and snapshot can never be torn. Further entries are appended, with consecutive
/// sequence numbers, one or several at a time. An append that was cut short leaves whole entries and less than another
/// one, and what is behind the last whole one is rolled back:
/// - fewer bytes than an entry's header has, and they begin as the next header would;
/// - a sound header, and fewer bytes behind it than it announces;
/// - the same where the file goes on with zero bytes only, from the beginning of a sector: its size had grown, the pages
///   had not been written.
///
/// Everything else is damage.
enum OffsetLogFormat {
    static let magic: [UInt8] = [0x89, 0x4F, 0x43, 0x4F, 0x46, 0x46, 0x0D, 0x0A]
    static let version: UInt32 = 1
    static let fileHeaderSize = 16
    static let entryHeaderSize = 20
    /// What a disk writes as a whole.
    private static let sectorSize = 512

    /// What a file holds, and where it stops being whole.
    struct Content: Sendable, Hashable {
        var table = OffsetTable()
        /// The sequence number of the last entry.
        var sequence: UInt64 = 0
        /// How many bytes are whole; what follows is a torn append.
        var validSize = 0
    }

    /// What is wrong with a file, and where.
    struct Damage: Error, Sendable, Hashable {
        let offset: Int
        let reason: String
        /// Whether another program, or a newer version of this one, wrote the file.
        var isForeign = false
    }

    static var fileHeader: [UInt8] {
        var writer = OffsetLogWriter()
        for byte in magic { writer.append(byte) }
        writer.append(version)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// An entry with its header.
    static func encode(_ body: OffsetLogBody, sequence: UInt64) throws(ConnectorError) -> [UInt8] {
        let body = body.encoded
        guard let length = UInt32(exactly: body.count) else {
            throw ConnectorError(.fatal, "the offsets take \(body.count) bytes, more than an entry of the log can")
        }
        var writer = OffsetLogWriter()
        writer.append(sequence)
        writer.append(length)
        writer.append(CRC32C.checksum(body))
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes + body
    }

    /// Reads a whole file.
    static func decode(_ bytes: [UInt8]) throws(Damage) -> Content {
        try checkFileHeader(bytes)
        var content = Content(validSize: fileHeaderSize)
        while content.validSize < bytes.count {
            guard let (sequence, body, end) = try entry(in: bytes, after: content) else { break }
            switch (body, content.sequence) {
            case (.snapshot(let table), 0): content.table = table
            case (.entry(let entry), 1...): content.table.apply(entry)
            default: throw Damage(offset: content.validSize, reason: "this kind of entry is out of place")
            }
            content.sequence = sequence
            content.validSize = end
        }
        guard content.sequence > 0 else { throw Damage(offset: bytes.count, reason: "its first entry is cut off") }
        return content
    }

    private static func checkFileHeader(_ bytes: [UInt8]) throws(Damage) {
        let header = bytes.prefix(fileHeaderSize)
        if header.elementsEqual(fileHeader) { return }
        guard header.count == fileHeaderSize else {
            throw Damage(offset: bytes.count, reason: bytes.isEmpty ? "it is empty" : "its header is cut off")
        }
        var reader = OffsetLogReader(header.dropFirst(8))
        let found = reader.number(UInt32.self) ?? 0
        let isSound = reader.number(UInt32.self) == CRC32C.checksum(Array(header.prefix(12)))
        if header.starts(with: magic), isSound {
            let reason = "it has version \(found), and version \(version) is the only one that is known here"
            throw Damage(offset: 8, reason: reason, isForeign: true)
        }
        let differences = zip(header, fileHeader).filter { $0 != $1 }.count
        guard differences > 4 else { throw Damage(offset: 0, reason: "its header is damaged") }
        throw Damage(offset: 0, reason: "it is not an offset log", isForeign: true)
    }
}

extension OffsetLogFormat {
    /// The entry behind what was read so far, or `nil` where there is but a torn one.
    private static func entry(
        in bytes: [UInt8],
        after content: Content
    ) throws(Damage) -> (sequence: UInt64, body: OffsetLogBody, end: Int)? {
        let start = content.validSize
        let rest = bytes[start...]
        let isFirst = content.sequence == 0
        var reader = OffsetLogReader(rest)
        guard let sequence = reader.number(UInt64.self), let length = reader.number(UInt32.self),
            let bodyCheck = reader.number(UInt32.self), let check = reader.number(UInt32.self),
            check == CRC32C.checksum(Array(rest.prefix(16)))
        else {
            if !isFirst, isTornHeader(rest, expected: content.sequence + 1) { return nil }
            throw Damage(offset: start, reason: headerDamage(rest))
        }
        guard isFirst ? sequence > 0 : sequence == content.sequence + 1 else {
            throw Damage(offset: start, reason: "entry \(sequence) follows entry \(content.sequence)")
        }
        guard let body = reader.take(Int(length)) else {
            if isFirst { throw Damage(offset: bytes.count, reason: "its first entry is cut off") }
            return nil
        }
        if bodyCheck == CRC32C.checksum(Array(body)), let decoded = OffsetLogBody(body) {
            return (sequence, decoded, body.endIndex)
        }
        if !isFirst, written(bytes[body.startIndex...]).endIndex < body.endIndex { return nil }
        throw Damage(offset: start, reason: "entry \(sequence) does not match its checksum")
    }

    /// Whether what is left can be the beginning of a header that was not written to its end.
    private static func isTornHeader(_ rest: ArraySlice<UInt8>, expected: UInt64) -> Bool {
        let written = written(rest)
        guard written.count < entryHeaderSize else { return false }
        let next = withUnsafeBytes(of: expected.littleEndian) { Array($0) }
        return next.starts(with: written.prefix(next.count))
    }

    private static func headerDamage(_ rest: ArraySlice<UInt8>) -> String {
        rest.count < entryHeaderSize
            ? "the header of an entry is cut off, or bytes are left over"
            : "the header of an entry does not match its checksum"
    }

    /// What is left without the sectors at its end that are zero.
    private static func written(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let last = rest.lastIndex(where: { $0 != 0 }) else { return rest.prefix(0) }
        let sector = (last + sectorSize) / sectorSize * sectorSize
        return rest.prefix(upTo: min(sector, rest.endIndex))
    }
}
