// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

@Suite("Names of members in JSON")
struct JSONMemberNameTests {
    /// Attributes with values that are valid for them.
    private static let core = [
        ("id", "7"), ("source", "/s"), ("type", "t"), ("specversion", "1.0"), ("subject", "u"),
        ("time", "2026-11-21T03:56:24.5Z"), ("datacontenttype", "text/plain"), ("dataschema", "x:y"),
    ]

    private static func text(_ members: [(name: String, value: String)], separator: String = ":") -> SharedBytes {
        let members = members.map { "\"\($0.name)\"\(separator)\"\($0.value)\"" }
        return SharedBytes(utf8: "{\(members.joined(separator: ","))}")
    }

    @Test("The specification's attributes are found in any order, the last one at the text's end, too (J1, J12)")
    func rotations() throws {
        for first in Self.core.indices {
            let members = Array(Self.core[first...] + Self.core[..<first])
            for separator in [":", " :", ": ", "\n:\t"] {
                let event = try JSONEventFormat().decode(Self.text(members, separator: separator))
                #expect(event.extensions.isEmpty)
                for (name, value) in members {
                    #expect(event.canonicalString(of: try AttributeName(name)) == value)
                }
            }
        }
    }

    @Test("A name that differs in one byte from one of the specification's is an extension's (J1, C13)")
    func nearNames() throws {
        for name in Self.core.map(\.0) + ["data"] {
            for position in 0...name.utf8.count {
                for byte in [UInt8(ascii: "0"), UInt8(ascii: "q"), UInt8(ascii: "z")] {
                    var bytes = Array(name.utf8)
                    if position < bytes.count { bytes[position] = byte } else { bytes.append(byte) }
                    try check(try #require(String(validating: bytes, as: UTF8.self)))
                }
            }
            if name.utf8.count > 2, name != "data" { try check(String(name.dropLast())) }
        }
    }

    private func check(_ name: String) throws {
        guard name != "data", !Self.core.contains(where: { $0.0 == name }) else { return }
        for separator in [":", " :"] {
            for members in [Self.core + [(name, "v")], [(name, "v")] + Self.core] {
                let event = try JSONEventFormat().decode(Self.text(members, separator: separator))
                #expect(event.extensions.map(\.name.string) == [name], "\(name)")
                #expect(event.canonicalString(of: try AttributeName(name)) == "v")
            }
            let twice = Self.text(Self.core + [(name, "v"), (name, "v")], separator: separator)
            expectError(.duplicate) { try JSONEventFormat().decode(twice) }
        }
    }

    @Test("A byte that no name has is refused wherever it is in a name (C13)", arguments: 1...26)
    func wrongBytes(count: Int) throws {
        for position in 0..<count {
            for byte in UInt8(0x20)..<0x7F where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                var name = Array(repeating: UInt8(ascii: "n"), count: count)
                name[position] = byte
                let member = try #require(String(validating: name, as: UTF8.self))
                let text = Self.text([(member, "v")] + Self.core)
                let isAllowed = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                if isAllowed {
                    #expect(throws: Never.self) { try JSONEventFormat().decode(text) }
                } else {
                    expectError(.invalidName) { try JSONEventFormat().decode(text) }
                }
            }
        }
    }

    @Test("An attribute of the specification that is there twice is refused, however its name is written (C3)")
    func twice() {
        for (name, value) in Self.core {
            for separator in [":", " :"] {
                let text = Self.text(Self.core + [(name, value)], separator: separator)
                expectError(.duplicate) { try JSONEventFormat().decode(text) }
            }
            let escaped = "\\u00" + String(name.utf8.first ?? 0, radix: 16) + name.dropFirst()
            expectError(.duplicate) { try JSONEventFormat().decode(Self.text(Self.core + [(escaped, value)])) }
        }
    }

    @Test("A fraction of any number of digits is read to the nanosecond (T7)", arguments: 1...14)
    func fractions(count: Int) throws {
        for zone in ["Z", "+01:30"] {
            for digit in 0..<count {
                var digits = Array(repeating: "0", count: count)
                digits[digit] = "\(digit % 9 + 1)"
                let text = "2026-11-21T03:56:24.\(digits.joined())\(zone)"
                let wanted = (digits.joined() + "00000000").prefix(9)
                let timestamp = try Timestamp(text)
                #expect(timestamp.nanoseconds == Int32(wanted))
                #expect(timestamp.description == text)
            }
        }
        expectError(.invalidValue) { try Timestamp("2026-11-21T03:56:24.Z") }
    }
}
