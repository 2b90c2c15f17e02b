// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Fields: reading their texts")
struct RecordFieldTests {
    @Test(
        "A field is written as it was read, in its shortest form",
        arguments: [
            ("id", "id"), ("datacontenttype", "datacontenttype"), ("tenant", "tenant"), ("extensions.tenant", "tenant"),
            ("extensions.key", "extensions.key"), ("headers.region", "headers.region"), ("headers", "headers"),
            (#"headers["x.y"]"#, #"headers["x.y"]"#), ("headers['x.y']", #"headers["x.y"]"#), ("key", "key"),
            ("key.tenant", "key.tenant"), ("data", "data"), ("data.order.items[0].name", "data.order.items[0].name"),
            ("data[-1]", "data[-1]"), ("data[*].a", "data[*].a"), (#"data["a"]"#, "data.a"),
            (#"data["unit price"]"#, #"data["unit price"]"#), (#"data["a\"b\\c"]"#, #"data["a\"b\\c"]"#),
            ("data[\"a\\\"\u{301}b\"]", "data[\"a\\\"\u{301}b\"]"), (#"data[""]"#, #"data[""]"#),
            ("data.größe", "data.größe"), ("data.a-b_c@d$e/f", "data.a-b_c@d$e/f"),
            ("$.data.name", "data.name"), ("$.type", "type"), ("timestamp", "timestamp"), ("position", "position"),
            ("partition", "partition"), ("offset", "offset"), ("extensions", "extensions"),
            ("specversion", "specversion"),
        ]
    )
    func readAndWritten(text: String, expected: String) throws {
        let field = try RecordField(text)
        #expect(field.description == expected)
        #expect(try RecordField(expected) == field)
    }

    @Test(
        "What is no field is refused with a reason",
        arguments: [
            ("", "begin with a name"), (".a", "begin with a name"), ("Data.x", "have fields in them"),
            ("Data", "`data.`"), ("data.", "behind the dot"), ("data..a", "behind the dot"), ("data[", "brackets hold"),
            ("data[a]", "brackets hold"), ("data[1", "not closed"), ("data[*", "not closed"),
            (#"data["a]"#, "quotation mark"), ("data[99999999999999999999]", "brackets hold"), ("data a", "\" a\""),
            ("data.a b", "\" b\""), ("headers.a.b", "dots"), ("headers[0]", "dots"),
            ("extensions.type", "no extension"),
            ("extensions.A", "neither"), ("type.a", "have fields"), ("position.offset", "have fields"),
            ("$", "neither"),
            ("a_b", "neither"), ("data" + String(repeating: ".a", count: 127), "too long"),
        ]
    )
    func refused(text: String, reason: String) async {
        await expectFailure(.invalidConfiguration, reason) { try RecordField(text) }
    }

    @Test("No text makes the parser trap")
    func hostile() {
        var random = SeededGenerator(seed: 7)
        let pieces = Array("data.key[]\"'\\*-019 .$headersé{}:")
        for _ in 0..<20_000 {
            let text = String((0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] })
            guard let field = try? RecordField(text) else { continue }
            #expect((try? RecordField(field.description)) == field, "\(text)")
        }
    }
}
