// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct XMLEventFormatTests {
    let format = XMLEventFormat()

    private func decode(_ document: String) throws -> CloudEvent { try format.decode(SharedBytes(utf8: document)) }

    private static let event = try! CloudEvent(id: "1", source: "/s", type: "t")

    @Test(
        "The namespace counts, not its prefix (X1)",
        arguments: [
            "<event xmlns='http://cloudevents.io/xmlformat/V1' specversion='1.0'><id>1</id><source>/s</source>"
                + "<type>t</type></event>",
            "<x:event xmlns:x='http://cloudevents.io/xmlformat/V1' specversion='1.0'><y:id xmlns:y="
                + "'http://cloudevents.io/xmlformat/V1'>1</y:id><x:source>/s</x:source><type xmlns="
                + "'http://cloudevents.io/xmlformat/&#86;1'>t</type></x:event>",
            XMLDocument.event(""),
            "<?xml version='1.0' encoding='UTF-8'?>\n<!-- c -->" + XMLDocument.event("") + "\n<!-- c --><?p?>\n",
        ]
    )
    func namespace(document: String) throws {
        #expect(try decode(document) == Self.event)
    }

    @Test(
        "Another root element is refused (X1, X2, X8)",
        arguments: [
            (XMLDocument.start.replacing("/V1", with: "/V2") + XMLDocument.required + "</ce:event>", "X1"),
            (XMLDocument.start.replacing("/V1", with: "/v1") + XMLDocument.required + "</ce:event>", "X1"),
            ("<event specversion='1.0'/>", "X1"), ("<event xmlns='' specversion='1.0'/>", "X1"),
            ("<ce:Event \(XMLDocument.declarations) specversion='1.0'>\(XMLDocument.required)</ce:Event>", "X2"),
            ("<ce:batch \(XMLDocument.declarations)/>", "X2"),
        ]
    )
    func wrongRoot(document: String, rule: String) {
        expectError(.malformed, rule: rule, offset: 0) { try decode(document) }
    }

    @Test("A batch is not an event, and an event no batch (X8)")
    func batchRoot() {
        expectError(.malformed, rule: "X8") { try format.decodeBatch(SharedBytes(utf8: XMLDocument.event(""))) }
        for root in ["Batch", "events", "batches"] {
            expectError(.malformed, rule: "X8") {
                try format.decodeBatch(SharedBytes(utf8: "<ce:\(root) \(XMLDocument.declarations)/>"))
            }
        }
        expectError(.malformed, rule: "X1") { try format.decodeBatch(SharedBytes(utf8: "<batch/>")) }
    }

    @Test(
        "The version is an attribute without a namespace (X2, C4)",
        arguments: [
            ("", CloudEventError.Code.missingAttribute), ("ce:specversion='1.0'", .missingAttribute),
            ("xsi:specversion='1.0'", .missingAttribute), ("specVersion='1.0'", .missingAttribute),
            ("specversion=''", .invalidValue), ("specversion='1.0.2'", .unsupportedVersion),
            ("specversion=' 1.0'", .unsupportedVersion), ("specversion='2.77'", .unsupportedVersion),
        ]
    )
    func version(attribute: String, code: CloudEventError.Code) throws {
        let document = "<ce:event \(XMLDocument.declarations) \(attribute)>\(XMLDocument.required)</ce:event>"
        expectError(code, attribute: "specversion", offset: 0) { try decode(document) }
        #expect(
            try decode(XMLDocument.start.replacing("1.0", with: "1&#46;0") + XMLDocument.required + "</ce:event>")
                == Self.event
        )
    }

    @Test("The version is no element (X2)")
    func versionElement() {
        let element = "<ce:specversion>1.0</ce:specversion>"
        expectError(.malformed, rule: "X2", attribute: "specversion") { try decode(XMLDocument.event(element)) }
        let start = XMLDocument.start.replacing(" specversion=\"1.0\"", with: "")
        expectError(.missingAttribute, rule: "X2") {
            try decode(start + element + XMLDocument.required + "</ce:event>")
        }
    }

    @Test(
        "Broken rules are refused with their name",
        arguments: [
            ("<ce:id>2</ce:id>", CloudEventError.Code.duplicate, "C3", "id"),
            ("<ce:x xsi:type='ce:string'>1</ce:x><ce:x xsi:type='ce:integer'>1</ce:x>", .duplicate, "C3", "x"),
            ("<ce:subject/>", .invalidValue, "C7", "subject"), ("<ce:dataschema/>", .invalidValue, nil, "dataschema"),
            ("<ce:dataschema>/a</ce:dataschema>", .invalidValue, "T5", "dataschema"),
            ("<ce:datacontenttype>xyz</ce:datacontenttype>", .invalidValue, "C7", "datacontenttype"),
            ("<ce:time>2018-04-05T18:31Z</ce:time>", .invalidValue, "T7", "time"),
            ("<ce:time> 2018-04-05T18:31:00Z</ce:time>", .invalidValue, "T7", "time"),
            ("<ce:subject>a&#7;</ce:subject>", .malformed, nil, nil),
            ("<ce:subject>a\u{85}</ce:subject>", .invalidValue, "T3", "subject"),
            ("<ce:subject>a\tb</ce:subject>", .invalidValue, "T3", "subject"),
            ("<ce:subject>a\nb</ce:subject>", .invalidValue, "X4", "subject"),
            ("<ce:subject>a&#10;b</ce:subject>", .invalidValue, "X4", "subject"),
            ("<ce:subject>a&#13;b</ce:subject>", .invalidValue, "X4", "subject"),
            ("<ce:subject>a<b/></ce:subject>", .invalidValue, "X4", "subject"),
            ("<ce:subject>a<ce:b/></ce:subject>", .invalidValue, "X4", "subject"),
            ("<ce:x xsi:type='ce:string'>a<b/></ce:x>", .invalidValue, "X4", "x"),
            ("<ce:my-ext xsi:type='ce:string'>a</ce:my-ext>", .invalidName, "C13", "my-ext"),
            ("<ce:MyExt xsi:type='ce:string'>a</ce:MyExt>", .invalidName, "C13", "MyExt"),
            ("<ce:é xsi:type='ce:string'>a</ce:é>", .invalidName, "C13", "?"),
            ("<ce:Data xsi:type='xs:string'>a</ce:Data>", .invalidName, "C13", "Data"),
            ("text", .malformed, "X7", nil), ("<![CDATA[text]]>", .malformed, "X7", nil),
            ("&#65;", .malformed, "X7", nil),
        ] as [(String, CloudEventError.Code, String?, String?)]
    )
    func refused(elements: String, code: CloudEventError.Code, rule: String?, attribute: String?) {
        expectError(code, rule: rule, attribute: attribute) { try decode(XMLDocument.event(elements)) }
    }

    @Test("Required attributes are required (C1, C2)", arguments: ["id", "source", "type"])
    func required(name: String) {
        let others = ["id", "source", "type"].filter { $0 != name }.map { "<ce:\($0)>a</ce:\($0)>" }.joined()
        for foreign in ["", "<\(name)>a</\(name)>", "<x:\(name) xmlns:x='u'>a</x:\(name)>"] {
            expectError(.missingAttribute, rule: "C1", attribute: name, offset: 0) {
                try decode(XMLDocument.start + others + foreign + "</ce:event>")
            }
        }
        for empty in ["<ce:\(name)/>", "<ce:\(name)><!-- a --></ce:\(name)>"] {
            expectError(.invalidValue, attribute: name, offset: XMLDocument.start.utf8.count + others.utf8.count) {
                try decode(XMLDocument.start + others + empty + "</ce:event>")
            }
        }
    }

    @Test(
        "Attribute values are the whole text of their element (X4, X6)",
        arguments: [
            ("a b", "a b"), ("  a  ", "  a  "), ("&lt;a&gt;&amp;&quot;&apos;", "<a>&\"'"),
            ("<![CDATA[<a>&amp;]]>", "<a>&amp;"),
            ("a<!-- c -->b<?p d?>c", "abc"), ("<!---->a&#98;<![CDATA[c]]>é", "abcé"), ("&#x1F600;", "😀"), (" ", " "),
            ("<![CDATA[]]>a<![CDATA[]]>", "a"),
        ]
    )
    func attributeText(content: String, value: String) throws {
        let event = try decode(
            XMLDocument.event("<ce:subject>\(content)</ce:subject><ce:x xsi:type='ce:string'>\(content)</ce:x>")
        )
        #expect(event.subject == value)
        #expect(event["x"] == .string(value))
        #expect(try format.decode(format.encode(event)) == event)
    }

    @Test("Foreign elements and attributes are ignored, comments too (X6)")
    func foreign() throws {
        let document = """
            <ce:event \(XMLDocument.declarations) specversion="1.0" ce:specversion="9" xml:lang="en" id="x">
              <!-- a --> <?p?> <id>2</id> <x:data xmlns:x="u">text <ce:id>3</ce:id> <y/></x:data>
              <ce:id xml:space="preserve" type="ce:integer" ce:type="ce:integer">1</ce:id><xs:any/>
              <ce:source>/s</ce:source><![CDATA[ ]]>&#32;
              <ce:type>t</ce:type>
            </ce:event>
            """
        #expect(try decode(document) == Self.event)
        expectError(.malformed) { try decode(document.replacing("<y/>", with: "<y>")) }
        expectError(.malformed) { try decode(document.replacing("text ", with: "&text;")) }
    }

    @Test("An event is written compactly, in one order, with prefixes (X1 to X5)")
    func encoded() throws {
        let event = try CloudEvent(
            id: "a<b> & c",
            source: "/s",
            type: "t",
            subject: " x\"'é",
            time: Timestamp("2018-04-05T17:31:00.50+02:00"),
            dataContentType: "text/plain",
            dataSchema: "https://example.com",
            extensions: ["int": -5, "bool": true, "bin": .binary(SharedBytes([77])), "ref": .uriReference("//a")],
            data: .text("é\n\r]]>")
        )
        let expected =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + XMLDocument.start + "<ce:id>a&lt;b&gt; &amp; c</ce:id>"
            + "<ce:source>/s</ce:source><ce:type>t</ce:type><ce:subject> x\"'é</ce:subject>"
            + "<ce:time>2018-04-05T17:31:00.50+02:00</ce:time><ce:datacontenttype>text/plain</ce:datacontenttype>"
            + "<ce:dataschema>https://example.com</ce:dataschema><ce:int xsi:type=\"ce:integer\">-5</ce:int>"
            + "<ce:bool xsi:type=\"ce:boolean\">true</ce:bool><ce:bin xsi:type=\"ce:binary\">TQ==</ce:bin>"
            + "<ce:ref xsi:type=\"ce:uriRef\">//a</ce:ref>"
            + "<ce:data xsi:type=\"xs:string\">é\n&#13;]]&gt;</ce:data></ce:event>"
        #expect(String(decodingUTF8: try format.encode(event)) == expected)
        #expect(try decode(expected) == event)
    }

    @Test("A name that begins with a digit is no XML name: the event is refused, not changed (X3, C13)")
    func digitNames() throws {
        for name in ["1", "0a", "9ab"] {
            var event = Self.event
            try event.setExtension(AttributeName(name), to: "v")
            expectError(.notRepresentable, rule: "X3", attribute: name) { try format.encode(event) }
            expectError(.notRepresentable, rule: "X3", attribute: name) { try format.encodeBatch([Self.event, event]) }
        }
    }

    @Test("Errors tell the byte")
    func places() {
        let before = XMLDocument.start.utf8.count + XMLDocument.required.utf8.count
        for (elements, offset) in [
            ("<ce:id>2</ce:id>", 0), ("<a/><ce:time>x</ce:time>", 4), ("\n<ce:X/>", 1), (" x", 0),
            ("<ce:x>1</ce:x>", 0),
            ("<a/><ce:subject>a<b/></ce:subject>", 17), ("<ce:data/>", 0), ("<ce:id></ce:ix>", 7), ("&x;", 0),
            ("<ce:data xsi:type='xs:any'><a/> <b/></ce:data>", 32),
        ] {
            do {
                _ = try decode(XMLDocument.event(elements))
                Issue.record("it was accepted: \(elements)")
            } catch {
                #expect((error as? CloudEventError)?.offset == before + offset, "\(error)")
            }
        }
    }

    @Test("The format's names, and what it is found by")
    func names() {
        #expect(format.contentType == "application/cloudevents+xml")
        #expect(format.batchContentType == "application/cloudevents-batch+xml")
        let formats = EventFormats([JSONEventFormat(), format])
        #expect(formats.format(forContentType: "Application/CloudEvents+XML; charset=utf-8") is XMLEventFormat)
        #expect(formats.format(forBatchContentType: "application/cloudevents-batch+xml") is XMLEventFormat)
    }
}
