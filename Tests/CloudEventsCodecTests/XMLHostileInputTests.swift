// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Whatever the bytes are, the decoder answers or throws.
struct XMLHostileInputTests {
    let format = XMLEventFormat()

    @Test("Changed and cut documents never crash the decoder", arguments: 0..<8 as Range<UInt64>)
    func damagedEvents(seed: UInt64) throws {
        var generator = XMLEventGenerator(seed: seed)
        var random = SeededGenerator(seed: seed &+ 1000)
        for _ in 0..<3 {
            let document = [UInt8](try format.encode(generator.pair().event))
            for length in 0..<document.count {
                #expect(throws: CloudEventError.self) { try format.decode(SharedBytes(document.prefix(length))) }
            }
            for _ in 0..<200 {
                var damaged = document
                for _ in 0...random.below(3) {
                    let place = random.below(damaged.count)
                    switch random.below(4) {
                    case 0: damaged.insert(damage(&random), at: place)
                    case 1: damaged.remove(at: place)
                    default: damaged[place] = damage(&random)
                    }
                }
                decode(damaged)
            }
        }
    }

    @Test("Documents of random pieces never crash the decoder")
    func randomPieces() {
        var random = SeededGenerator(seed: 7)
        let pieces = [
            "<a>", "</a>", "<a", "/>", ">", "<", " xmlns='u'", " xmlns:p='u'", "<p:a ", " p:x=''", " x='&lt;'", "&#65;",
            "&", ";",
            "<![CDATA[", "]]>", "<!--", "-->", "<?p ", "?>", "text", "\r\n", "é", "\u{FFFD}",
            "<ce:data xsi:type='xs:any'>", "</ce:data>",
            "<ce:data xsi:type='xs:string'>", "<ce:x xsi:type='ce:string'>", "</ce:x>", "</ce:event>",
            "xsi:type='ce:integer'",
        ]
        for _ in 0..<6000 {
            let middle = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
            decode(Array(XMLDocument.event(middle).utf8))
        }
    }

    private func damage(_ random: inout SeededGenerator) -> UInt8 {
        let telling = Array("<>/&;:=\"'!?-[]#x x\r\nace".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC2, 0xE0, 0xEF, 0xF0, 0xFF]
        return random.chance(70) ? telling[random.below(telling.count)] : UInt8(random.below(256))
    }

    /// What is read can be written, and is the same then, unless its names are none in XML.
    private func decode(_ bytes: [UInt8]) {
        guard let event = try? format.decode(SharedBytes(bytes)) else { return }
        #expect((try? format.encode(event)).flatMap { try? format.decode($0) } == event)
    }

    @Test("Nesting ends at the limit, whatever its depth", arguments: [1, 124, 125, 126, 127, 200, 100_000])
    func nesting(depth: Int) throws {
        let data = String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        let document = SharedBytes(utf8: XMLDocument.event("<ce:data xsi:type='xs:any'>\(data)</ce:data>"))
        if depth <= 126 {
            #expect(try format.decode(document).data.bytes.count == depth * 7)
        } else {
            expectError(.limitExceeded) { try format.decode(document) }
            let foreign = XMLDocument.event("<a>\(data)</a>")
            expectError(.limitExceeded) { try format.decode(SharedBytes(utf8: foreign)) }
        }
        #expect(throws: Never.self) { try read(data, depth: depth) }
        expectError(.limitExceeded) { try read(data, depth: depth - 1) }
    }

    private func read(_ text: String, depth: Int) throws(CloudEventError) {
        try SharedBytes(utf8: text).withUnsafeBytes { bytes throws(CloudEventError) in
            var reader = XMLReader(bytes, maximumDepth: depth)
            while try reader.next() != .end {}
        }
    }

    @Test("What is written within the limit of depth is read, in batches too", arguments: [124, 125, 126, 127])
    func writtenNesting(depth: Int) throws {
        let data = String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        let event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/xml", data: .text(data))
        #expect(try format.decode(format.encode(event)) == event)
        #expect(try format.decodeBatch(format.encodeBatch([event])) == [event])
    }

    @Test("The limits of size and number hold")
    func limits() throws {
        var format = format
        format.limits.attributes = 6
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["a": 1, "b": 2])
        let document = try format.encode(event)
        #expect(try format.decode(document) == event)
        format.limits.attributes = 5
        expectError(.limitExceeded) { try format.decode(document) }
        format.limits = CodecLimits()
        format.limits.eventBytes = document.count
        #expect(try format.decode(document) == event)
        format.limits.eventBytes -= 1
        expectError(.limitExceeded) { try format.decode(document) }
        format.limits.nestingDepth = 0
        #expect(throws: CloudEventError.self) { try format.decode(document) }
        format.limits.nestingDepth = .min
        var withElement = event
        try withElement.setDataContentType("text/xml")
        withElement.data = .text("<a/>")
        #expect(try self.format.decode(format.encode(withElement)) == withElement)
    }

    @Test("Large documents of many small things are read in a time that grows with their size")
    func large() throws {
        var format = format
        format.limits.attributes = 100_010
        let count = 20_000
        func event(_ elements: String) throws -> CloudEvent {
            try format.decode(SharedBytes(utf8: XMLDocument.event(elements)))
        }
        func many(_ text: String) -> String { String(repeating: text, count: count) }
        let extensions = (0..<count).map { "<ce:x\($0) xsi:type='ce:integer'>\($0)</ce:x\($0)>" }.joined()
        #expect(try event(extensions).extensions.count == count)
        expectError(.duplicate, attribute: "x5") { try event(extensions + "<ce:x5 xsi:type='ce:integer'>1</ce:x5>") }
        #expect(try event("<ce:data xsi:type='xs:string'>\(many("a<!---->"))</ce:data>").data.bytes.count == count)
        #expect(try event("<ce:data xsi:type='xs:string'>\(many("&#65;"))</ce:data>").data.bytes.count == count)
        #expect(try event("<ce:data xsi:type='xs:string'>\(many("<![CDATA[]]]>"))</ce:data>").data.bytes.count == count)
        #expect(try event("<ce:subject>\(many("long "))</ce:subject>").subject?.utf8.count == count * 5)
        let declarations = (0..<250).map { " xmlns:p\($0)='urn:\($0)'" }.joined()
        let attributes = (0..<250).map { " p\($0):a=''" }.joined()
        #expect(try event("<x\(declarations)>\(many("<p0:a/>"))</x>").data.isAbsent)
        #expect(try event("<x\(declarations)>\(String(repeating: "<a\(attributes)/>", count: 100))</x>").data.isAbsent)
        #expect(try event("<x>\(many("<a xmlns:p='u' xmlns='v'/>"))</x>").data.isAbsent)
        #expect(try event("<\(many("name")) a='\(many("value"))'/>").data.isAbsent)
        #expect(try event("<x \(many("name"))='' b=''/>").data.isAbsent)
        expectError(.invalidName) { try event("<ce:\(many("name-")) xsi:type='ce:string'/>") }
    }

    @Test("An event as large as the limit is read, one byte more is not (C16)")
    func largestEvent() throws {
        let around = XMLDocument.event("<ce:data xsi:type='xs:string'></ce:data>").utf8.count
        let text = String(repeating: "a line of text, é\n", count: 900_000).utf8.prefix(16 << 20 - around)
        func document(_ extra: String) -> SharedBytes {
            let text = String(decoding: text, as: UTF8.self)
            let padding = String(repeating: "x", count: 16 << 20 - around - text.utf8.count)
            return SharedBytes(
                utf8: XMLDocument.event("<ce:data xsi:type='xs:string'>\(text)\(padding)\(extra)</ce:data>")
            )
        }
        let event = try format.decode(document(""))
        #expect(event.data.bytes.count == 16 << 20 - around)
        expectError(.limitExceeded) { try format.decode(document("x")) }
    }
}
