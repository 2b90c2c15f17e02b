// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct AttributeTests {
    @Test(
        "Absolute URIs (T5)",
        arguments: [
            "http://h", "a:", "urn:isbn:1", "http://u:p@h:/p?q", "http://[2001:db8::1]/", "http://[::ffff:1.2.3.4]",
            "http://[v7.a:b]", "http://[1:2:3:4:5:6:7:8]", "http://[::]", "http://[1:2:3:4:5:6:7::]", "file:///p",
            "a:b//c",
            "http://h/%C3%A4?/?:@", "x+y-z.1:p",
        ]
    )
    func uris(text: String) throws {
        #expect(try URI(text).string == text)
        #expect(try URIReference(text).string == text)
    }

    @Test(
        "What is no absolute URI is refused (T5)",
        arguments: [
            "", ":", "a", "/p", "1a:b", "a b:c", "http://h#f", "http://[::1", "http://::1]", "http://[1:2:3]",
            "http://[:::]",
            "http://[1::2::3]", "http://[12345::]", "http://[1:2:3:4:5:6:7:8:9]", "http://[::1.2.3]",
            "http://[::1.2.3.256]",
            "http://[::01.2.3.4]", "http://[v.a]", "http://[fe80::1%25e]", "http://h:8x", "http://u@h@i", "http://h/%4",
            "http://h/%zz", "http://h/ä", "http://h/[", "http://h/\u{0}", "http://[1:2:3:4:5:6:7:8::]", "http://[1:]",
            "http://[1:2:3:4:5:6:7:1.2.3.4]", "http://[::]x",
        ]
    )
    func uriRefused(text: String) {
        expectError(.invalidValue, rule: "T5") { try URI(text) }
    }

    @Test("URI references (T6)", arguments: ["", "/", "//h", "a/b:c", "#", "?", "?a#b", ".", "a", "//", "///p", "%41"])
    func references(text: String) throws {
        #expect(try URIReference(text).string == text)
    }

    @Test(
        "What is no URI reference is refused (T6)",
        arguments: [":", ":a", "a b", "##", "1:b", "\\", "%", "//[", "ä", "^"]
    )
    func referenceRefused(text: String) {
        expectError(.invalidValue, rule: "T6") { try URIReference(text) }
    }

    @Test(
        "Names that no attribute can have (C13)",
        arguments: ["", "A", "a_b", "a-b", "data", "ä", "a ", "a\u{0}", "`", "{", ":", "/"]
    )
    func names(text: String) {
        expectError(.invalidName, rule: "C13") { try AttributeName(text) }
    }

    @Test(
        "Names of the specification are no extensions' names (C13)",
        arguments: [
            AttributeName.id, .source, .specVersion, .type, .dataContentType, .dataSchema, .subject, .time,
        ]
    )
    func coreNames(name: AttributeName) throws {
        #expect(name.isCore)
        expectError(.invalidName, rule: "C13", attribute: name.string) {
            try CloudEvent(id: "1", source: "/s", type: "t", extensions: [name: "x"])
        }
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        expectError(.invalidName, rule: "C13") { try event.setExtension(name, to: "x") }
    }

    @Test(
        "Canonical texts are read and written (C14, T1 to T7)",
        arguments: [
            (.boolean(true), "true"), (.integer(.min), "-2147483648"), (.string(""), ""),
            (.string("a\u{A0}"), "a\u{A0}"),
            (.binary(SharedBytes([0, 255])), "AP8="), (.uri("a:"), "a:"), (.uriReference(""), ""),
        ] as [(AttributeValue, String)]
    )
    func canonical(value: AttributeValue, text: String) throws {
        #expect(value.canonicalString == text)
        #expect(try AttributeValue(canonical: text, as: value.type) == value)
    }

    @Test(
        "Texts that are not of the type are refused with its rule (T1 to T4)",
        arguments: [
            (AttributeType.boolean, "True", "T1"), (.boolean, "", "T1"), (.integer, "01", "T2"), (.integer, "-", "T2"),
            (.integer, "2147483648", "T2"), (.integer, " 1", "T2"), (.integer, "00000000001", "T2"),
            (.string, "\u{7F}", "T3"),
            (.string, "\u{9F}", "T3"), (.string, "a\u{FFFF}", "T3"), (.string, "\u{1FFFE}", "T3"),
            (.binary, "AB==", "T4"),
            (.binary, "AAB=", "T4"), (.binary, "A===", "T4"), (.binary, "====", "T4"), (.binary, "AA=A", "T4"),
            (.binary, "AAAA=", "T4"), (.binary, "AAA\n", "T4"),
        ]
    )
    func refused(type: AttributeType, text: String, rule: String) {
        expectError(.invalidValue, rule: rule) { try AttributeValue(canonical: text, as: type) }
    }

    @Test(
        "JSON by the content type (J5, SDK6)",
        arguments: [
            ("application/json", true), ("APPLICATION/JSON", true), ("x/y+Json;a=b", true), ("json", false),
            ("/json", false),
            ("application/json x", false), ("application/xjson", false), ("+json", false), ("text/plain", false),
            ("a/+json", true),
        ]
    )
    func jsonMediaTypes(text: String, isJSON: Bool) {
        #expect(MediaType.isJSON(text) == isJSON)
    }

    @Test(
        "Media types (C7, C8)",
        arguments: [
            ("Text/Plain", "text/plain"), (" a/b ;c=d; e=\"f;\\\"\" ", "a/b"), ("a/b;", "a/b"), ("a", nil), ("a/", nil),
            ("/b", nil), ("a/b c", nil), ("a/b;c", nil), ("a/b;c=", nil), ("a/b;c=\"d", nil), ("a/b;c=\"d\\", nil),
            ("", nil),
            ("a/b;c=\"\u{1}\"", nil),
        ] as [(String, String?)]
    )
    func mediaTypes(text: String, essence: String?) {
        #expect((try? MediaType(text))?.essence == essence)
    }
}
