// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// `yyyy-MM-dd HH:mm:ss.SSS` and the like, in UTC.
struct TimePattern: Sendable, Hashable, CustomStringConvertible {
    private enum Part: Sendable, Hashable {
        case literal(String)
        case year, month, day, hour, minute, second
        case fraction(Int)

        /// The number of digits, and where they are in RFC 3339.
        var digits: (place: Int, count: Int)? {
            switch self {
            case .literal: nil
            case .year: (0, 4)
            case .month: (5, 2)
            case .day: (8, 2)
            case .hour: (11, 2)
            case .minute: (14, 2)
            case .second: (17, 2)
            case .fraction(let count): (20, count)
            }
        }

        init?(letter: Character, count: Int) {
            switch (letter, count) {
            case ("y", 4): self = .year
            case ("M", 2): self = .month
            case ("d", 2): self = .day
            case ("H", 2): self = .hour
            case ("m", 2): self = .minute
            case ("s", 2): self = .second
            case ("S", 1...9): self = .fraction(count)
            default: return nil
            }
        }
    }

    let description: String
    private let parts: [Part]

    init(_ pattern: String) throws {
        description = pattern
        var parts: [Part] = []
        var rest = pattern[...]
        while let first = rest.first {
            if first == "'" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "'") else {
                    throw Self.unusable(pattern, "an apostrophe has no second one")
                }
                parts.append(.literal(rest.startIndex == end ? "'" : String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else if first.isASCII, first.isLetter {
                let run = rest.prefix { $0 == first }
                guard let part = Part(letter: first, count: run.count) else {
                    throw Self.unusable(
                        pattern,
                        "\(run) stands for nothing; there are yyyy MM dd HH mm ss S to SSSSSSSSS"
                    )
                }
                parts.append(part)
                rest = rest.dropFirst(run.count)
            } else {
                parts.append(.literal(String(first)))
                rest = rest.dropFirst()
            }
        }
        guard parts.contains(where: { $0.digits != nil }) else {
            throw Self.unusable(pattern, "it has no part of a time; there are yyyy MM dd HH mm ss S to SSSSSSSSS")
        }
        self.parts = parts
    }

    private static func unusable(_ pattern: String, _ message: String) -> ConnectorError {
        ConnectorError(.invalidConfiguration, "the time pattern \"\(pattern)\" cannot be used: \(message)")
    }

    /// Whether a whole time can be read by the pattern.
    var isReadable: Bool { parts.contains(.year) && parts.contains(.month) && parts.contains(.day) }

    func text(_ timestamp: Timestamp) throws -> String {
        // Nine digits of the fraction in UTC: all parts have their place in that text.
        let digits = Array(try Self.wholeText(timestamp).utf8)
        var text = ""
        for part in parts {
            switch (part, part.digits) {
            case (.literal(let literal), _): text += literal
            case (_, let range?):
                text += String(decoding: digits[range.place..<range.place + range.count], as: UTF8.self)
            default: break
            }
        }
        return text
    }

    private static func wholeText(_ timestamp: Timestamp) throws -> String {
        guard let whole = try? Timestamp(secondsSince1970: timestamp.secondsSince1970).description else {
            throw ConnectorError(.invalidRecord, "the time is in UTC not in the years 0000 to 9999")
        }
        let fraction = String(timestamp.nanoseconds)
        return whole.dropLast() + "." + String(repeating: "0", count: 9 - fraction.utf8.count) + fraction + "Z"
    }

    func timestamp(_ text: String) -> Timestamp? {
        guard isReadable else { return nil }
        var digits = Array("0000-01-01T00:00:00.000000000Z".utf8)
        var rest = Array(text.utf8)[...]
        for part in parts {
            if let range = part.digits {
                guard rest.count >= range.count else { return nil }
                digits.replaceSubrange(range.place..<range.place + range.count, with: rest.prefix(range.count))
                rest = rest.dropFirst(range.count)
            } else if case .literal(let literal) = part {
                guard rest.starts(with: literal.utf8) else { return nil }
                rest = rest.dropFirst(literal.utf8.count)
            }
        }
        guard rest.isEmpty, let read = try? Timestamp(String(decoding: digits, as: UTF8.self)) else { return nil }
        // Written anew, with as few digits of the fraction as there are.
        return try? Timestamp(secondsSince1970: read.secondsSince1970, nanoseconds: read.nanoseconds)
    }
}
