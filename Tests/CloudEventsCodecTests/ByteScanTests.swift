// SPDX-License-Identifier: Apache-2.0

@testable import CloudEventsCodec
import Testing

/// What is looked at eight or sixteen bytes at a time, compared with what looks at each byte alone.
struct ByteScanTests {
    /// The bytes at which the rules of UTF-8, of JSON strings and of headers change.
    private static let borders: [UInt8] = [
        0x00, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x25, 0x41, 0x5B, 0x5C, 0x5D, 0x7E, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
        0xBF, 0xC0,
        0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]

    private static let all = [UInt8](0...255)

    // MARK: - UTF-8

    @Test("Any two bytes, wherever they are in a block, are read as UTF-8 says (J12, T3)", arguments: 14...33)
    func pairs(position: Int) throws {
        try checkStrings(at: position, lengths: [position + 2, position + 18]) { body in
            for first in Self.all where first >= 0x80 {
                for second in Self.borders { try body([first, second]) }
            }
        }
    }

    @Test("Any three bytes, wherever they are around a block's border, are read as UTF-8 says", arguments: 29...34)
    func triples(position: Int) throws {
        try checkStrings(at: position, lengths: [position + 19]) { body in
            for first in Self.borders where first >= 0x80 {
                for second in Self.borders where second >= 0x7E {
                    for third in Self.borders { try body([first, second, third]) }
                }
            }
        }
    }

    @Test("Characters of four bytes are read as UTF-8 says, cut off or not", arguments: 28...34)
    func quadruples(position: Int) throws {
        let tails: [UInt8] = [0x22, 0x41, 0x7F, 0x80, 0xBF, 0xC0]
        try checkStrings(at: position, lengths: [position + 20]) { body in
            for first: UInt8 in [0xE0, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5] {
                for second: UInt8 in [0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0] {
                    for third in tails { for fourth in tails { try body([first, second, third, fourth]) } }
                }
            }
        }
    }

    @Test("A character that a block's end cuts off does not make the rest of the text pass unread (J12)")
    func cutCharacter() {
        for count in 0..<40 {
            for lead: [UInt8] in [[0xC3], [0xE2], [0xE2, 0x82], [0xF0], [0xF0, 0x9F], [0xF0, 0x9F, 0x98]] {
                let id = Array("é".utf8) + [UInt8](repeating: 0x61, count: count) + lead
                let text = Array(#"{"specversion":"1.0","source":"/s","type":"t","id":""#.utf8) + id
                for end in [
                    #""}"#, #"and so on, long enough for another block"}"#, #"é, and so on, longer than a block"}"#,
                ] {
                    expectError(.malformed) { try JSONEventFormat().decode(text + Array(end.utf8)) }
                }
            }
        }
    }

    /// Puts bytes into strings of characters that are not ASCII, and compares how they are read with the standard library.
    ///
    /// - Parameters:
    ///   - position: where they are behind the place where blocks begin.
    ///   - lengths: how long the texts are.
    ///   - pieces: gives the bytes.
    private func checkStrings(
        at position: Int,
        lengths: [Int],
        _ pieces: (([UInt8]) throws -> Void) throws -> Void
    ) throws {
        // Blocks begin with the first character that is not ASCII, and not at the very beginning of the text.
        let odd = position % 2 == 0 ? "" : "漢"
        let prefix = "ab" + odd + String(repeating: "é", count: (position - odd.utf8.count) / 2)
        try pieces { piece in
            for length in lengths {
                let rest = max(0, length - position - piece.count)
                check(Array(prefix.utf8) + piece + Array(String(repeating: "é", count: rest / 2).utf8))
            }
        }
    }

    private func check(_ content: [UInt8]) {
        let text = [UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")]
        let isText = String(validating: content, as: UTF8.self) != nil
        let isWhole = !content.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
        let (isAccepted, isUTF8) = text.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            let isAccepted = (try? scanner.string()) != nil && scanner.offset == text.count
            return (isAccepted, isValidUTF8(UnsafeRawBufferPointer(rebasing: bytes[1..<(text.count - 1)])))
        }
        if isAccepted != (isText && isWhole) || isUTF8 != isText { Issue.record("read wrongly: \(content)") }
    }

    // MARK: - Plain text

    @Test("Any byte at any position ends plain text, or does not", arguments: 0...40)
    func plainText(count: Int) {
        for position in 0..<count {
            for byte in Self.all {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
                bytes[position] = byte
                let isPlain = (0x20..<0x7F).contains(byte) && byte != 0x22 && byte != 0x5C
                let isRight = bytes.withUnsafeBytes { bytes in
                    let view = ByteView(bytes)
                    return view.endOfPlainText(from: 0) == (isPlain ? count : position)
                        && view.isPlain(besides: 0x25) == (isPlain && byte != 0x25) && bytes.isPlainText == isPlain
                        && bytes.endOfASCII(from: 0) == (byte < 0x80 ? count : position)
                }
                if !isRight { Issue.record("\(byte) at \(position) of \(count)") }
            }
        }
    }

    @Test("Plain text begins wherever it is looked for", arguments: 0...20)
    func plainTextFrom(start: Int) {
        let bytes = Array((String(repeating: "\"", count: start) + "0123456789abcdefghijklmno\u{7F}pq\"").utf8)
        bytes.withUnsafeBytes { #expect(ByteView($0).endOfPlainText(from: start) == start + 25) }
    }

    @Test("Characters that a String must not have are found wherever they are (T3)", arguments: 0...17)
    func disallowed(position: Int) {
        var scalars = Array(UInt32(0)...0x2FF) + Array(UInt32(0xFDC0)...0xFDFF) + [0xD7FF, 0xE000]
        for plane in UInt32(0)...0x10 { scalars += (plane << 16 | 0xFFF0)...(plane << 16 | 0xFFFF) }
        for scalar in scalars.compactMap({ Unicode.Scalar($0) }) {
            let value = scalar.value
            let isAllowed =
                value >= 0x20 && !(0x7F...0x9F).contains(value) && !(0xFDD0...0xFDEF).contains(value)
                && value & 0xFFFF < 0xFFFE
            for end in ["", "b", "bcdefghijklmnop"] {
                let text = String(repeating: "a", count: position) + String(Character(scalar)) + end
                let found = Array(text.utf8).withUnsafeBytes { firstDisallowedCharacter($0) }
                if found != (isAllowed ? nil : position) { Issue.record("\(value) at \(position)") }
            }
        }
    }

    // MARK: - Names and sets

    @Test("Any byte at any position of a name is a letter, a digit, or refused (C13)", arguments: 1...26)
    func names(count: Int) {
        for position in 0..<count {
            for byte in Self.all {
                for other in [UInt8(ascii: "a"), UInt8(ascii: "z"), UInt8(ascii: "0"), UInt8(ascii: "9")] {
                    var name = [UInt8](repeating: other, count: count)
                    name[position] = byte
                    let isName = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    if name.withUnsafeBytes({ AttributeName.isValid($0) }) != isName { Issue.record("\(name)") }
                }
            }
        }
    }

    @Test("Names of several wrong bytes are refused too (C13)")
    func wrongNames() {
        for first in Self.all {
            for second in Self.all {
                let name = [UInt8](repeating: 0x61, count: 3) + [first, second] + [UInt8](repeating: 0x30, count: 3)
                let isName = [first, second].allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
                if name.withUnsafeBytes({ AttributeName.isValid($0) }) != isName { Issue.record("\(name)") }
            }
        }
    }

    @Test(
        "Sets of characters have the characters of their grammars and no others",
        arguments: [
            (ByteSet.hostCharacters, "-._~!$&'()*+,;="), (.userCharacters, "-._~!$&'()*+,;=:"),
            (.pathCharacters, "-._~!$&'()*+,;=:@/"), (.queryCharacters, "-._~!$&'()*+,;=:@/?"),
            (.tokenCharacters, "!#$%&'*+-.^_`|~"), (.schemeCharacters, "+-."),
        ]
    )
    func sets(set: ByteSet, others: String) {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        let members = Set((letters + others).utf8)
        for byte in Self.all { #expect(set.contains(byte) == members.contains(byte), "\(byte)") }
    }

    @Test("Literals of any length are compared with every byte", arguments: 0...30)
    func literals(count: Int) {
        let literal: StaticString = "abcdefghijklmnopqrstuvwxyz0123"
        let bytes = Array("abcdefghijklmnopqrstuvwxyz0123".utf8)
        for position in 0..<bytes.count {
            var changed = bytes
            changed[position] ^= 0x80
            #expect(!changed.withUnsafeBytes { equal($0, literal) })
            #expect(!changed.withUnsafeBytes { left in bytes.withUnsafeBytes { left.hasSameBytes(as: $0) } })
        }
        let part = Array(bytes.prefix(count))
        #expect(part.withUnsafeBytes { equal($0, literal) } == (count == 30))
    }

    @Test("Paths of any characters are read as RFC 3986 says, wherever they are in a block (T6)", arguments: 0...20)
    func paths(position: Int) {
        let members = Set("-._~!$&'()*+,;=:@/?#abcXYZ019".utf8)
        let excluded = Set(
            (0...255).map { UInt8($0) }.filter { byte in
                !members.contains(byte) && !(0x30...0x39).contains(byte) && !(0x61...0x7A).contains(byte)
                    && !(0x41...0x5A).contains(byte)
            }
        )
        for byte in Self.all {
            for end in ["", "/b", "/a/very/long/path/that/goes/on/x"] {
                var path = Array(("/" + String(repeating: "a", count: position) + "?" + end).utf8)
                path[1 + position] = byte
                let isReference = path.withUnsafeBytes { URISyntax.isReference($0) }
                if isReference == excluded.contains(byte) { Issue.record("\(byte) at \(position)") }
            }
        }
    }
}

// MARK: - Timestamps

extension ByteScanTests {
    /// RFC 3339 read byte by byte, without the leap second.
    private static func isTimestamp(_ text: [UInt8]) -> Bool {
        func number(_ range: Range<Int>) -> Int? {
            guard text[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return text[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard text.count >= 20, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            text[4] == 0x2D, text[7] == 0x2D, text[10] | 0x20 == 0x74, text[13] == 0x3A, text[16] == 0x3A
        else { return false }
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), day >= 1, day <= days[month - 1], hour < 24, minute < 60, second < 60 else {
            return false
        }
        var position = 19
        if text[position] == 0x2E {
            position += 1
            let start = position
            while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
            guard position > start else { return false }
        }
        let zone = Array(text[position...])
        if zone.count == 1 { return zone[0] | 0x20 == 0x7A }
        guard zone.count == 6, zone[0] == 0x2B || zone[0] == 0x2D, zone[3] == 0x3A,
            let hours = number((position + 1)..<(position + 3)), let minutes = number((position + 4)..<(position + 6))
        else { return false }
        return hours < 24 && minutes < 60
    }

    @Test(
        "Any byte at any position of a timestamp is read as RFC 3339 says (T7)",
        arguments: [
            "2018-04-05T17:31:00Z", "2020-02-29T23:59:59.5+01:30", "1999-12-31t00:00:00.123456789-23:59",
            "0000-01-01T00:00:00.1234567891z", "9999-10-09T19:09:39-00:00",
        ]
    )
    func timestamps(text: String) {
        let bytes = Array(text.utf8)
        for position in bytes.indices {
            for byte in UInt8(0)...255 {
                var changed = bytes
                changed[position] = byte
                checkTimestamp(changed)
                guard position + 1 < bytes.count else { continue }
                for next in "0123569:;-./ ".utf8 {
                    changed[position + 1] = next
                    checkTimestamp(changed)
                }
            }
        }
    }

    private func checkTimestamp(_ text: [UInt8]) {
        // The second 60 has a test of its own.
        guard text.count < 19 || text[17..<19] != [0x36, 0x30] else { return }
        let timestamp = text.withUnsafeBytes { Timestamp(utf8: $0) }
        if (timestamp != nil) != Self.isTimestamp(text) { Issue.record("read wrongly: \(text)") }
        if let timestamp, Array(timestamp.description.utf8) != text { Issue.record("written wrongly: \(text)") }
    }
}
