// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The lines of a file of dead letters. Each is a CloudEvent in JSON that begins with its key and ends with a checksum.
///
/// ```
/// {"deadletterkey":"17","specversion":"1.0", … the letter's event … ,"deadlettercheck":"1-89abcdef"}
/// {"deadletterkey":"17","deadletterremoved":"3-5,9","specversion":"1.0", … ,"deadlettercheck":"1-89abcdef"}
/// ```
///
/// - A line with the key of an earlier letter takes its place.
/// - A line with `deadletterremoved` says which letters are there no more; its key is the highest one given so far.
/// - The checksum is the CRC-32C of everything before the comma in front of it, behind the version of the format.
enum LetterLine {
    static let version = "1"

    private static let beginning = Array(#"{"deadletterkey":""#.utf8)
    private static let removal = Array(#"","deadletterremoved":""#.utf8)
    private static let checkName = Array(#","deadlettercheck":""#.utf8)
    private static let closing = Array("\"}".utf8)
    /// The checksum's member and the end of the object.
    private static let endCount = checkName.count + version.utf8.count + 1 + 8 + closing.count

    /// What a line says, without reading the letter.
    enum Content: Equatable {
        case letter(UInt64)
        case removal([ClosedRange<UInt64>], last: UInt64)
    }

    enum Defect: Error, Equatable {
        /// It does not match its checksum.
        case damaged
        /// It was written by a newer version, or by another program.
        case foreign
    }

    // MARK: Writing

    /// The line of a letter, with its end.
    static func encode(_ letter: DeadLetter, as number: UInt64) throws -> [UInt8] {
        let event = try letter.event()
        do {
            return encode(try JSONEventFormat().encode(event), as: number)
        } catch {
            throw ConnectorError(
                .invalidRecord,
                "the dead letter cannot be written as JSON: \(error)",
                position: letter.record.position
            )
        }
    }

    /// The line of a letter's event in JSON.
    static func encode(_ json: SharedBytes, as number: UInt64) -> [UInt8] {
        sealed(beginning + Array("\(number)\",".utf8) + json.dropFirst().dropLast())
    }

    /// The line that says which letters are there no more.
    static func encode(removed: [ClosedRange<UInt64>], last: UInt64) -> [UInt8] {
        let text = removed.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
        let id = "\(last)-" + hexadecimal(CRC32C.checksum(Array(text.utf8)))
        let event =
            #"","specversion":"1.0","id":""# + id
            + #"","source":"urn:openconnect:deadletters","type":"org.openconnect.deadletters.removed""#
        return sealed(beginning + Array("\(last)".utf8) + removal + Array((text + event).utf8))
    }

    private static func sealed(_ members: [UInt8]) -> [UInt8] {
        members + checkName + Array("\(version)-\(hexadecimal(CRC32C.checksum(members)))\"}\n".utf8)
    }

    private static func hexadecimal(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    // MARK: Reading

    /// Whether bytes without a line's end can be the beginning of a line that was not written to its end.
    static func isBeginning(_ bytes: some Collection<UInt8>) -> Bool {
        zip(beginning, bytes).allSatisfy { $0 == $1 }
    }

    /// Checks a line, given without its end.
    static func content(of line: UnsafeRawBufferPointer) throws(Defect) -> Content {
        guard line.has(beginning, at: 0) else { throw .foreign }
        let end = line.count - endCount
        guard end > beginning.count, line.has(checkName, at: end), line.has(closing, at: line.count - closing.count)
        else { throw .damaged }
        let members = UnsafeRawBufferPointer(rebasing: line[..<end])
        let crc = hexadecimal(CRC32C.checksum(members))
        guard line.has(Array("\(version)-\(crc)".utf8), at: end + checkName.count) else {
            let isOther = line.has(Array(crc.utf8), at: line.count - closing.count - crc.utf8.count)
            throw isOther ? .foreign : .damaged
        }
        guard let content = content(ofChecked: members) else { throw .foreign }
        return content
    }

    private static func content(ofChecked members: UnsafeRawBufferPointer) -> Content? {
        guard let (digits, end) = text(in: members, from: beginning.count), let number = UInt64(digits) else {
            return nil
        }
        guard members.has(removal, at: end) else { return .letter(number) }
        guard let (list, _) = text(in: members, from: end + removal.count) else { return nil }
        let parts = list.split(separator: ",")
        let ranges = parts.compactMap(range)
        return ranges.count == parts.count ? .removal(ranges, last: number) : nil
    }

    /// What comes before the next quotation mark, and its place.
    private static func text(in members: UnsafeRawBufferPointer, from start: Int) -> (String, end: Int)? {
        var end = start
        while end < members.count, members[end] != UInt8(ascii: "\"") { end += 1 }
        return end < members.count ? (String(decoding: members[start..<end], as: UTF8.self), end) : nil
    }

    private static func range(_ text: Substring) -> ClosedRange<UInt64>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard let lower = ends.first ?? nil, let upper = ends.last ?? nil, ends.count < 3, lower <= upper else {
            return nil
        }
        return lower...upper
    }

    /// The letter in a line that was checked.
    static func letter(in line: SharedBytes) throws -> DeadLetter {
        // It was written here, with as many attributes and bytes as the record had.
        var limits = CodecLimits()
        limits.eventBytes = .max
        limits.attributes = .max
        do {
            return try DeadLetter(event: JSONEventFormat(limits: limits).decode(line))
        } catch let error as CloudEventError {
            throw ConnectorError(.fatal, "a stored dead letter is not an event: \(error)")
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether some bytes are at a place.
    fileprivate func has(_ bytes: [UInt8], at place: Int) -> Bool {
        guard let baseAddress, place >= 0, place + bytes.count <= count else { return false }
        return bytes.withUnsafeBytes { expected in
            guard let start = expected.baseAddress else { return true }
            return memcmp(baseAddress + place, start, expected.count) == 0
        }
    }
}
