// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// The data of events in XML (X5).
struct XMLDataTests {
    let format = XMLEventFormat()

    private func decode(_ elements: String) throws -> CloudEvent {
        try format.decode(SharedBytes(utf8: XMLDocument.event(elements)))
    }

    private func event(_ contentType: String?, _ data: EventData) throws -> CloudEvent {
        try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: contentType, data: data)
    }

    /// The element `data` as it is written.
    private func written(_ contentType: String?, _ data: EventData) throws -> String {
        let text = String(decodingUTF8: try format.encode(event(contentType, data)))
        let start = try #require(text.firstRange(of: "<ce:data xsi:type=\"")).upperBound
        return String(text[start...].dropLast("</ce:data></ce:event>".count))
    }

    @Test(
        "Data is text, bytes or an element, as xsi:type says (X5)",
        arguments: [
            ("xs:string", "a<!-- c --> &lt;<![CDATA[<b>]]>\r\n", EventData.text("a <<b>\n")),
            ("xs:string", "", .text("")),
            ("xs:string", " \n ", .text(" \n ")), ("xs:string", "<![CDATA[]]>", .text("")),
            ("xs:base64Binary", "AQID", .binary([1, 2, 3])), ("xs:base64Binary", "", .binary([])),
            ("xs:base64Binary", "\n AQ\t ID\r\n BA==&#32;", .binary([1, 2, 3, 4])),
            ("xs:base64Binary", "A<!-- c -->QI<![CDATA[D]]>", .binary([1, 2, 3])),
            ("xs:any", "<a/>", .text("<a/>")),
            ("xs:any", " \n<!-- c --><?p?><a b='1'>&lt;</a><!-- c -->", .text("<a b='1'>&lt;</a>")),
            (
                "xs:any", "<a><!-- c --><![CDATA[ <b> ]]>\r\n<?p?></a >",
                .text("<a><!-- c --><![CDATA[ <b> ]]>\r\n<?p?></a >")
            ),
            ("xs:any", "<![CDATA[ ]]><a xmlns='u'/>", .text("<a xmlns='u'/>")),
            ("xs:any", "<xml:a/>", .text("<xml:a/>")),
        ]
    )
    func kinds(type: String, content: String, data: EventData) throws {
        let event = try decode("<ce:data xsi:type='\(type)'>\(content)</ce:data>")
        #expect(event.data == data)
        #expect(try format.decode(format.encode(event)) == event)
    }

    @Test(
        "Data that is not what xsi:type says is refused (X5)",
        arguments: [
            ("", "a"), ("xsi:type='invalid'", "a"), ("xsi:type='xs:boolean'", "true"), ("xsi:type='ce:string'", "a"),
            ("xsi:type='xs:String'", "a"), ("xsi:type='xs:base64binary'", "AQID"), ("xsi:type='x:any'", "<a/>"),
            ("type='xs:string'", "a"), ("xmlns:xs='u' xsi:type='xs:string'", "a"),
            ("xsi:type='xs:string'", "x<a/>"), ("xsi:type='xs:base64Binary'", "AQID<a/>"),
            ("xsi:type='xs:base64Binary'", "x"), ("xsi:type='xs:base64Binary'", "AQI"),
            ("xsi:type='xs:base64Binary'", "AQI-"),
            ("xsi:type='xs:base64Binary'", "AB=="), ("xsi:type='xs:any'", ""), ("xsi:type='xs:any'", " "),
            ("xsi:type='xs:any'", "<a/><b/>"), ("xsi:type='xs:any'", "<!-- c -->"),
        ]
    )
    func refused(attribute: String, content: String) {
        expectError(.invalidData, rule: "X5", attribute: "data") {
            try decode("<ce:data \(attribute)>\(content)</ce:data>")
        }
    }

    @Test(
        "Data of type xs:any has no text beside its element (X5)",
        arguments: ["x<a/>", "<a/>x", "<![CDATA[x]]><a/>", "x"]
    )
    func textBesideElement(content: String) {
        expectError(.malformed, rule: "X5") { try decode("<ce:data xsi:type='xs:any'>\(content)</ce:data>") }
    }

    @Test("Data is there once (X5)")
    func twice() {
        let data = "<ce:data xsi:type='xs:string'>a</ce:data>"
        expectError(.duplicate, rule: "X5", attribute: "data") { try decode(data + data) }
        expectError(.duplicate, rule: "X5", attribute: "data") { try decode(data + "<ce:data xsi:type='xs:any'/>") }
    }

    @Test("Data is not copied out of the input where it stands there as it is")
    func dataSharesTheInput() throws {
        for data in [
            "<ce:data xsi:type='xs:string'>a\nb</ce:data>", "<ce:data xsi:type='xs:any'> <a>&lt;</a> </ce:data>",
        ] {
            let input = SharedBytes(utf8: XMLDocument.event(data))
            #expect(try format.decode(input).data.bytes.bufferIdentity == input.bufferIdentity)
        }
    }

    @Test(
        "An element takes the declarations along that it needs (X5)",
        arguments: [
            ("<g:a/>", "<g:a xmlns:g='urn:g'/>"), ("<a g:x='1'></a>", "<a xmlns='urn:d' xmlns:g='urn:g' g:x='1'></a>"),
            ("<a><b><g:c/></b></a>", "<a xmlns='urn:d' xmlns:g='urn:g'><b><g:c/></b></a>"),
            ("<a xmlns=''><g:c/></a>", "<a xmlns:g='urn:g' xmlns=''><g:c/></a>"),
            ("<g:a xmlns:g='v'><g:b/></g:a>", "<g:a xmlns:g='v'><g:b/></g:a>"),
            ("<g:a><g:b xmlns:g='v'/></g:a>", "<g:a xmlns:g='urn:g'><g:b xmlns:g='v'/></g:a>"),
            ("<h:a xmlns:h='u'><g:b xmlns:g='v'/></h:a>", "<h:a xmlns:h='u'><g:b xmlns:g='v'/></h:a>"),
            ("<h:a xmlns:h='u'><b/></h:a>", "<h:a xmlns='urn:d' xmlns:h='u'><b/></h:a>"),
            ("<q:a/>", "<q:a xmlns:q=\"&#117;'&lt;\"/>"),
            ("<a xmlns='u' b='g:x'/>", "<a xmlns:g='urn:g' xmlns='u' b='g:x'/>"),
            ("<a xmlns='u'> g:x </a>", "<a xmlns:g='urn:g' xmlns='u'> g:x </a>"),
            ("<a xmlns='u' b='http://g:x'>g: :g x g:x</a>", "<a xmlns='u' b='http://g:x'>g: :g x g:x</a>"),
            (
                "<a xmlns='' xsi:type='T'/>",
                "<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns='' xsi:type='T'/>"
            ),
            (
                "<g:a xsi:type='T'/>",
                "<g:a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns='urn:d' xmlns:g='urn:g' "
                    + "xsi:type='T'/>"
            ),
        ]
    )
    func neededDeclarations(element: String, data: String) throws {
        let document = """
            <ce:event xmlns:ce='http://cloudevents.io/xmlformat/V1' specversion='1.0'
             xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns='urn:d' xmlns:unused='urn:unused'>
            \(XMLDocument.required)<ce:data xmlns:g='urn:g' xmlns:q="&#117;'&lt;" xsi:type='xs:any'> \(element) \
            </ce:data></ce:event>
            """
        let event = try format.decode(SharedBytes(utf8: document))
        #expect(event.data == .text(data))
        #expect(throws: Never.self) { try TestXML(data) }
        #expect(try format.decode(format.encode(event)).data == event.data)
    }

    @Test("Declarations are not added without bound")
    func longDeclarations() throws {
        func document(_ length: Int) -> SharedBytes {
            let name = String(repeating: "n", count: length)
            return SharedBytes(
                utf8: XMLDocument.event("<ce:data xsi:type='xs:any' xmlns:p='\(name)'><p:a/></ce:data>")
            )
        }
        #expect(try format.decode(document(4000)).data.bytes.count == 4000 + 17)
        expectError(.limitExceeded, attribute: "data") { try format.decode(document(4100)) }
    }

    @Test(
        "What is one XML element and called so is written as one (X5)",
        arguments: [
            ("application/xml", "<a/>", "<a/>"), ("text/xml", "<a/>", "<a/>"),
            ("Image/SVG+XML; charset=utf-8", "<a/>", "<a/>"),
            ("application/xml", "\u{FEFF}<?xml version='1.0'?>\n<a b=\"1\">\r\n</a>\n", "<a b=\"1\">\r\n</a>"),
            ("application/xml", "<a xmlns='u'><!-- c --><?p?></a>", "<a xmlns='u'><!-- c --><?p?></a>"),
            ("application/xml; charset=\"UTF-8\"", "<ce:a xmlns:ce='u'>ce:x</ce:a>", "<ce:a xmlns:ce='u'>ce:x</ce:a>"),
        ]
    )
    func elementsWritten(contentType: String, text: String, element: String) throws {
        for data in [EventData.text(text), .binary(SharedBytes(utf8: text))] {
            #expect(try written(contentType, data) == "xs:any\">" + element)
            let event = try event(contentType, data)
            #expect(try format.decode(format.encode(event)).data == .text(element))
        }
    }

    @Test(
        "What is no XML element, or more than one, or would change, is written as text or bytes (X5)",
        arguments: [
            ("application/xml", ""), ("application/xml", "a"), ("application/xml", "<a>"),
            ("application/xml", "<a/><b/>"),
            ("application/xml", "<!DOCTYPE a><a/>"), ("application/xml", "<!-- c --><a/>"),
            ("application/xml", "<a/><?p?>"),
            ("application/xml", "<?xml version='1.0' encoding='latin1'?><a/>"), ("application/xml", "<ce:a/>"),
            ("application/xml", "<a b='xs:int'/>"), ("application/xml", "<a> ce:x</a>"),
            ("application/xml", "<a>xsi:x</a>"),
            ("text/plain", "<a/>"), (nil, "<a/>"), ("application/xml-dtd", "<a/>"), ("image/xml", "<a/>"),
            ("a/xml+zip", "<a/>"),
            ("application/xml", String(repeating: "<a>", count: 126) + String(repeating: "</a>", count: 126)),
        ] as [(String?, String)]
    )
    func notElements(contentType: String?, text: String) throws {
        let textEvent = try event(contentType, .text(text))
        #expect(try written(contentType, .text(text)).hasPrefix("xs:string\">"))
        #expect(try format.decode(format.encode(textEvent)) == textEvent)
        let bytesEvent = try event(contentType, .binary(SharedBytes(utf8: text)))
        #expect(try written(contentType, bytesEvent.data).hasPrefix("xs:base64Binary\">"))
        #expect(try format.decode(format.encode(bytesEvent)) == bytesEvent)
    }

    @Test("Bytes that are said to be in another charset stay bytes")
    func charset() throws {
        let data = EventData.binary(SharedBytes(utf8: "<a>é</a>"))
        #expect(try written("text/xml; charset=iso-8859-1", data).hasPrefix("xs:base64Binary"))
        #expect(try written("text/xml; Charset=\"UTF-8\"; a=b", data).hasPrefix("xs:any"))
    }

    @Test("JSON is written as its text, with a content type that says JSON (X5, C15)")
    func json() throws {
        let data = try EventData.json("{\"a\": \"<&>\"}")
        #expect(try written(nil, data) == "xs:string\">{\"a\": \"&lt;&amp;&gt;\"}")
        let again = try format.decode(format.encode(event(nil, data)))
        #expect(again.dataContentType == "application/json")
        #expect(again.data == .text("{\"a\": \"<&>\"}"))
        // The text means the same as JSON in the JSON format (J5).
        #expect(try JSONEventFormat().decode(JSONEventFormat().encode(again)).data == data)
        #expect(try format.decode(format.encode(event("text/x+json", data))).dataContentType == "text/x+json")
        for contentType in ["text/plain", "application/xml"] {
            expectError(.notRepresentable, rule: "X5", attribute: "data") {
                try format.encode(event(contentType, data))
            }
        }
    }

    @Test(
        "Text with characters that XML does not have is written as bytes, so that none is lost (X5)",
        arguments: [0, 8, 0xB, 0x1F, 0xFFFE, 0xFFFF],
        [0, 7, 8, 15, 31]
    )
    func otherCharacters(value: UInt32, position: Int) throws {
        let scalar = try #require(Unicode.Scalar(value))
        let text = String(repeating: "x", count: position) + String(scalar) + "yyyyyyyyyyyyyyyy"
        let event = try event("text/plain", .text(text))
        #expect(try format.decode(format.encode(event)).data == .binary(SharedBytes(utf8: text)))
        if value > 0x20 {
            let json = try EventData.json("\"\(text)\"")
            #expect(try format.decode(format.encode(self.event(nil, json))).data == .binary(json.bytes))
        }
    }

    @Test("Line ends, white space and markup in text are the same after it was written", arguments: 0..<20)
    func textKept(position: Int) throws {
        let before = String(repeating: "x", count: position)
        for text in [
            "\r", "\r\n", "\n", "\t", " ", "&", "<", ">", "]]>", "&amp;", "<![CDATA[", "é\r", "\u{85}\u{2028}",
        ] {
            let event = try event("text/plain", .text(before + text + "yyyyyyyy" + text))
            #expect(try format.decode(format.encode(event)) == event)
        }
    }

    @Test(
        "Bytes of any length are the same after they were written",
        arguments: [0, 1, 2, 3, 3071, 3072, 3073, 10_000]
    )
    func bytesKept(count: Int) throws {
        let event = try event(nil, .binary((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
        #expect(try format.decode(format.encode(event)) == event)
    }
}
