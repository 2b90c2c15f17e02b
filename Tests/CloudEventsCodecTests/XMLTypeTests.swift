// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// What `xsi:type` says of attributes (X3).
struct XMLTypeTests {
    let format = XMLEventFormat()

    private func decode(_ elements: String) throws -> CloudEvent {
        try format.decode(SharedBytes(utf8: XMLDocument.event(elements)))
    }

    @Test(
        "Extensions have the type they say they have (X3, T1 to T7)",
        arguments: [
            ("boolean", "true", AttributeType.boolean), ("boolean", "false", .boolean),
            ("integer", "-2147483648", .integer),
            ("string", "", .string), ("string", "true", .string), ("binary", "TWE=", .binary), ("binary", "", .binary),
            ("uri", "https://cloudevents.io/?a=1", .uri), ("uriRef", "//a/b#c", .uriReference),
            ("uriRef", "", .uriReference),
            ("timestamp", "2023-03-31T15:12:00.120+01:30", .timestamp),
        ]
    )
    func types(name: String, text: String, type: AttributeType) throws {
        let event = try decode("<ce:x xsi:type='ce:\(name)'>\(text)</ce:x>")
        #expect(event["x"]?.type == type)
        #expect(event["x"]?.canonicalString == text)
        #expect(try format.decode(format.encode(event)) == event)
    }

    @Test(
        "Values that are not of their type are refused (X3, T1 to T7)",
        arguments: [
            ("boolean", "True", "T1"), ("boolean", "1", "T1"), ("boolean", " true", "T1"), ("boolean", "", "T1"),
            ("integer", "1.5", "T2"), ("integer", "+1", "T2"), ("integer", "2147483648", "T2"), ("integer", " 1", "T2"),
            ("binary", "TWE", "T4"), ("binary", "T WE=", "T4"), ("uri", "/a", "T5"), ("uri", "http://a#b", "T5"),
            ("uriRef", "a b", "T6"), ("timestamp", "2023-03-31", "T7"), ("string", "\u{9F}", "T3"),
        ]
    )
    func invalid(name: String, text: String, rule: String) {
        let elements = "<ce:x xsi:type='ce:\(name)'>\(text)</ce:x>"
        expectError(.invalidValue, rule: rule, attribute: "x") { try decode(elements) }
    }

    @Test(
        "An extension needs a type of the format (X3)",
        arguments: [
            "", "xsi:type=''", "xsi:type=' '", "xsi:type='string'", "xsi:type='xs:string'", "xsi:type='xs:int'",
            "xsi:type='ce:String'", "xsi:type='ce:uriref'", "xsi:type='ce:uriReference'", "xsi:type='ce:any'",
            "xsi:type='x:string'", "xsi:type=':string'", "xsi:type='ce:'", "xsi:type='ce:ce:string'",
            "xsi:type='ce: string'",
            "type='ce:string'", "ce:type='ce:string'", "xsi:Type='ce:string'",
            "xmlns:ce='urn:other' xsi:type='ce:string'",
            "xmlns:xsi='urn:other' xsi:type='ce:string'",
            "xmlns='http://cloudevents.io/xmlformat/V1' xsi:type=':string'", "xsi:type='xsi:string'",
            "xsi:type='ce.string'",
        ]
    )
    func missing(attribute: String) {
        // The element's own name keeps its namespace where the prefix ce is changed.
        let elements = "<c:x xmlns:c='http://cloudevents.io/xmlformat/V1' \(attribute)>1</c:x>"
        expectError(.invalidValue, rule: "X3", attribute: "x") { try decode(elements) }
    }

    @Test(
        "The prefix of a type is resolved by the namespaces in scope (X3)",
        arguments: [
            "xsi:type='ce:string'", "xmlns:q='http://cloudevents.io/xmlformat/V1' xsi:type='q:string'",
            "xmlns='http://cloudevents.io/xmlformat/V1' xsi:type='string'", "xsi:type=' ce:string\n'",
            "xsi:type='&#99;e:string'", "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='ce:string'",
            "xmlns:xs='http://cloudevents.io/xmlformat/V1' xsi:type='xs:string'",
        ]
    )
    func resolved(attribute: String) throws {
        #expect(try decode("<ce:x \(attribute)>1</ce:x>")["x"] == .string("1"))
    }

    @Test("Undeclared, ce and xs mean what they mean in the format's own documents (X3, X5)")
    func undeclared() throws {
        let document = """
            <event xmlns="http://cloudevents.io/xmlformat/V1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
              specversion="1.0"><id>1</id><source>/s</source><type>t</type><x xsi:type="ce:integer">1</x>
              <data xsi:type="xs:string">a</data></event>
            """
        let event = try format.decode(SharedBytes(utf8: document))
        #expect(event["x"] == .integer(1))
        #expect(event.data == .text("a"))
        expectError(.invalidValue, rule: "X3") {
            try format.decode(SharedBytes(utf8: document.replacing("ce:integer", with: "cex:integer")))
        }
    }

    @Test(
        "An attribute of the specification may say its type, and no other (X3)",
        arguments: [
            ("id", "a", "string"), ("source", "/s", "uriRef"), ("type", "t", "string"), ("subject", "s", "string"),
            ("datacontenttype", "text/plain", "string"), ("dataschema", "urn:a", "uri"),
            ("time", "2023-03-31T15:12:00Z", "timestamp"),
        ]
    )
    func core(name: String, value: String, type: String) throws {
        let required = ["id": "1", "source": "/s", "type": "t"].filter { $0.key != name }
        let others = required.sorted { $0.key < $1.key }.map { "<ce:\($0.key)>\($0.value)</ce:\($0.key)>" }.joined()
        func document(_ type: String) -> SharedBytes {
            SharedBytes(
                utf8: XMLDocument.start + others + "<ce:\(name) xsi:type='\(type)'>\(value)</ce:\(name)></ce:event>"
            )
        }
        #expect(try format.decode(document("ce:" + type))[AttributeName(name)]?.canonicalString == value)
        for other in ["string", "uri", "uriRef", "timestamp", "integer", "boolean", "binary", ""] where other != type {
            expectError(.invalidValue, rule: "X3", attribute: name) { try format.decode(document("ce:" + other)) }
        }
        for other in ["xs:" + type, type, "", "invalid", "x:string", "xs:string"] {
            expectError(.invalidValue, rule: "X3", attribute: name) { try format.decode(document(other)) }
        }
    }
}
