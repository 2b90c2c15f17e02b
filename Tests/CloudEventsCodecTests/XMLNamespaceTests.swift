// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// Namespaces in XML 1.0, third edition.
struct XMLNamespaceTests {
    @Test(
        "Names are in the namespace that is in scope",
        arguments: [
            ("<a/>", "a"), ("<a xmlns=''/>", "a"), ("<a xmlns='u'/>", "{u}a"), ("<p:a xmlns:p='u'/>", "{u}a"),
            ("<p:a xmlns='v' xmlns:p='u'/>", "{u}a"), ("<a xmlns='&#117;'/>", "{u}a"), ("<a xmlns=' u\n'/>", "{ u }a"),
            ("<xml:a/>", "{http://www.w3.org/XML/1998/namespace}a"),
            ("<xml:a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", "{http://www.w3.org/XML/1998/namespace}a"),
            ("<é:漢 xmlns:é='u'/>", "{u}漢"), ("<Xml:a xmlns:Xml='u'/>", "{u}a"),
            ("<xmlnsx:a xmlns:xmlnsx='u'/>", "{u}a"),
        ]
    )
    func names(document: String, name: String) throws {
        #expect(try TestXML(document).name == name)
    }

    @Test("Declarations hold within their element and can be changed there")
    func scopes() throws {
        let document = """
            <a xmlns="u" xmlns:p="v" p:x="1" x="2"><b/><p:b/><c xmlns=""><b/>\
            <p:b xmlns:p="w" p:x="3"><p:c/></p:b></c><b/><p:b/></a>
            """
        let root = try TestXML(document)
        #expect(root.attributes == ["{v}x": "1", "x": "2"])
        #expect(names(root) == ["{u}a", "{u}b", "{v}b", "c", "b", "{w}b", "{w}c", "{u}b", "{v}b"])
    }

    private func names(_ element: TestXML) -> [String] {
        element.children.reduce([element.name]) { names, child in
            if case .element(let child) = child { names + self.names(child) } else { names }
        }
    }

    @Test(
        "What is not well-formed with namespaces is refused",
        arguments: [
            ("<p:a/>", 1), ("<a p:b=''/>", 3), ("<a><b xmlns:p='u'/><p:c/></a>", 20), ("<a xmlns:p=''/>", 9),
            ("<:a/>", 1), ("<a:/>", 3), ("<a:b:c xmlns:a='u'/>", 4), ("<p:1 xmlns:p='u'/>", 3), ("<a :b=''/>", 3),
            ("<a xmlns:='u'/>", 9), ("<a xmlns:p='u' xmlns:p='v'/>", 21), ("<a xmlns='u' xmlns='u'/>", 18),
            ("<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>", 34), ("<a xmlns:p='u' xmlns:q='&#117;' p:x='' q:x=''/>", 39),
            ("<a xmlns:p='u' p:x='' p:x=''/>", 22), ("<a xmlns:xml='u'/>", 9), ("<a xmlns:xmlns='u'/>", 9),
            ("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", 9), ("<xmlns:a/>", 1),
            ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", 9), ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", 8),
            ("<a xmlns='http://www.w3.org/XML/1998/namespace'/>", 8), ("<p:a xmlns:p='u'></q:a>", 17),
        ]
    )
    func malformed(document: String, offset: Int) {
        expectError(.malformed, offset: offset) { try TestXML(document) }
    }

    @Test("Attributes of one local name in different namespaces, or in none, are different")
    func attributes() throws {
        let root = try TestXML("<a xmlns='u' xmlns:p='u' xmlns:q='v' x='1' p:x='2' q:x='3' xml:x='4'/>")
        let xml = "{http://www.w3.org/XML/1998/namespace}x"
        #expect(root.attributes == ["x": "1", "{u}x": "2", "{v}x": "3", xml: "4"])
    }

    @Test("Of many attributes and prefixes each keeps its own")
    func many() throws {
        let declarations = (0..<255).map { " xmlns:p\($0)='urn:\($0)'" }.joined()
        let attributes = (0..<255).map { " p\($0):a='\($0)'" }.joined()
        let root = try TestXML("<x\(declarations)><y\(attributes) a='none'/></x>")
        guard case .element(let child) = root.children.first else { return #expect(Bool(false)) }
        #expect(child.attributes.count == 256)
        #expect((0..<255).allSatisfy { child.attributes["{urn:\($0)}a"] == String($0) })
        expectError(.malformed) {
            try TestXML("<x\(declarations) xmlns:q='urn:77'><y\(attributes) q:a=''/></x>")
        }
    }

    @Test("Attributes and declarations are bounded, those of closed elements not counted")
    func limits() throws {
        func attributes(_ count: Int) -> String { (0..<count).map { " a\($0)=''" }.joined() }
        func declarations(_ count: Int) -> String { (0..<count).map { " xmlns:p\($0)='u\($0)'" }.joined() }
        #expect(try TestXML("<a\(attributes(256))/>").attributes.count == 256)
        expectError(.limitExceeded) { try TestXML("<a\(attributes(257))/>") }
        #expect(try TestXML("<a\(declarations(256))/>").attributes.isEmpty)
        expectError(.limitExceeded) { try TestXML("<a\(declarations(257))/>") }
        expectError(.limitExceeded) { try TestXML("<a\(declarations(200))><b\(declarations(57))/></a>") }
        let child = "<b\(declarations(156))/>"
        #expect(try TestXML("<a\(declarations(100))>\(String(repeating: child, count: 20))</a>").children.count == 20)
    }
}
