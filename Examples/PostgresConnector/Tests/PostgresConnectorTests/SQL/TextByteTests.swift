// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

/// An accent makes one `Character` with the sign before it, but a server reads bytes.
@Suite struct TextByteTests {
    private static let accent = "\u{301}"

    @Test func aQuoteUnderAnAccentIsDoubled() {
        #expect(Array(SQL.identifier("a\"\(Self.accent)b").utf8) == Array("\"a\"\"\(Self.accent)b\"".utf8))
        #expect(SQL.parts(of: "\"a\"\"\(Self.accent)\".b") == ["a\"\(Self.accent)", "b"])
        #expect("it'\(Self.accent)s".replacing("'", by: "''").utf8.count(where: { $0 == UInt8(ascii: "'") }) == 2)
    }

    @Test(arguments: ["%", "|", ":", "\0", ""])
    func whatIsStoredComesBack(sign: String) throws {
        let name = "a\(sign)\(Self.accent)b\(sign)"
        #expect(Array(StoredText.name(stored: StoredText.name(name)).utf8) == Array(name.utf8))
        let offset = RecordOffset("\(Self.accent)\(name)")
        #expect(try StoredText.offset(stored: StoredText.offset(offset)) == offset)
    }

    @Test func aPlaceInASnapshotComesBack() throws {
        let keys = ["\(Self.accent)x", "a|\(Self.accent)b", "%\(Self.accent)"]
        let place = ChangePlace.snapshot(start: LogPosition(7), table: 0, key: keys)
        guard case .snapshot(_, _, let found) = try ChangePlace(place.offset) else {
            Issue.record("it is no place in a snapshot")
            return
        }
        #expect(found.map { Array($0.utf8) } == keys.map { Array($0.utf8) })
    }
}
