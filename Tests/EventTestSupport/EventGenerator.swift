// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// Makes valid events of all shapes.
package struct EventGenerator {
    package var random: SeededGenerator

    package init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    package mutating func event() throws -> CloudEvent {
        let data = try data()
        var event = try CloudEvent(
            id: text(),
            source: URIReference(pick(["/s", "https://example.com/a?b#c", "urn:x:1", "#f", "a%20b", "//h:80"])),
            type: text(),
            subject: random.chance(50) ? text() : nil,
            time: random.chance(50) ? timestamp() : nil,
            dataContentType: data.contentType,
            dataSchema: random.chance(20) ? URI("https://example.com/schema?v=1") : nil,
            data: data.data
        )
        for _ in 0..<random.below(random.chance(5) ? 40 : 4) {
            try event.setExtension(AttributeName("x" + String(random.below(1000))), to: value())
        }
        return event
    }

    /// The types that JSON cannot tell from String come back as String, unless declared: only the others are made here.
    private mutating func value() -> AttributeValue {
        switch random.below(3) {
        case 0: .boolean(random.chance(50))
        case 1: .integer(Int32(truncatingIfNeeded: random.next()))
        default: .string(random.chance(10) ? "" : text())
        }
    }

    package mutating func timestamp() throws -> Timestamp {
        try Timestamp(
            secondsSince1970: Int64(random.below(315_537_897_600)) - 62_167_132_800 + 86_400,
            nanoseconds: pick([0, 1, 120_000_000, 123_456_000, 999_999_999]),
            offsetMinutes: random.below(2879) - 1439
        )
    }

    private mutating func data() throws -> (contentType: String?, data: EventData) {
        switch random.below(5) {
        case 0: return (pick([nil, "text/plain"]), .absent)
        case 1: return (pick([nil, "application/json", "image/png"]), .binary(bytes()))
        case 2: return ("text/plain; charset=utf-8", .text(text() + "\u{0}\t\u{85}\"\\"))
        default:
            let contentType = pick([nil, "application/json", "text/x+JSON;v=1"])
            return (contentType, try .json(json(depth: 0).bytes))
        }
    }

    package mutating func bytes() -> [UInt8] { (0..<random.below(50)).map { _ in UInt8(random.below(256)) } }

    package mutating func json(depth: Int) -> TestJSON {
        switch random.below(depth > 4 ? 5 : 7) {
        case 0: .null
        case 1: .boolean(random.chance(50))
        case 2: .number(pick(["0", "-0", "1.50", "1e400", "-12345678901234567890.0", "2E-3"]))
        case 3, 4: .string(text() + pick(["", "\n\u{1}", "\u{FFFE}"]))
        case 5: .array((0..<random.below(4)).map { _ in json(depth: depth + 1) })
        default:
            .object(.init((0..<random.below(4)).map { _ in (text(), json(depth: depth + 1)) }) { first, _ in first })
        }
    }

    /// Text that the type String allows, never empty.
    package mutating func text() -> String {
        let pieces = [
            "a", "Z9 ", "\"", "\\", "/", "é", "漢字", "😀", "\u{A0}", "a long stretch of plain text, ", "\u{10FFFD}",
        ]
        return (0...random.below(6)).map { _ in pick(pieces) }.joined()
    }

    package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[random.below(choices.count)] }
}
