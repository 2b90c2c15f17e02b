// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CloudEventsCodec

/// What the reader takes and what it refuses, by XML 1.0, fifth edition.
struct XMLReaderTests {
    @Test(
        "Text is what the document means (XML 1.0, 2.2 to 2.11, 4.6; X6)",
        arguments: [
            ("<a/>", ""),
            ("<a></a >", ""),
            ("<a>x</a>\n<!-- after --> <?pi?>\t", "x"),
            ("\u{FEFF}<a>bom</a>", "bom"),
            ("<?xml version=\"1.0\"?><a>x</a>", "x"),
            ("<?xml version='1.1' encoding='utf-8' ?> <!--c--><?p i?><a>x</a>", "x"),
            ("<?xml version = \"1.0\"\n encoding=\"Utf-8\" standalone=\"yes\"?><a>x</a>", "x"),
            ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'"),
            ("<a>&#65;&#x42;&#x0000043;&#00068;</a>", "ABCD"),
            ("<a>&#x9;&#xA;&#xD;&#x10FFFF;&#xD7FF;&#xE000;&#xFFFD;</a>", "\t\n\r\u{10FFFF}\u{D7FF}\u{E000}\u{FFFD}"),
            ("<a>1\r\n2\r3\n4\r\r\n5&#13;\n</a>", "1\n2\n3\n4\n\n5\r\n"),
            ("<a>x<![CDATA[<b>&lt;]]]]><![CDATA[>]]></a>", "x<b>&lt;]]>"),
            ("<a><![CDATA[\r\n\r]]></a>", "\n\n"),
            ("<a><![CDATA[]]]></a>", "]"),
            ("<a>x<!-- - y -->z<?pi > ? ?></a>", "xz"),
            ("<a>]] > ]>]&#93;&gt;</a>", "]] > ]>]]>"),
            ("<a>é漢😀\u{7F}\u{85}\u{2028}</a>", "é漢😀\u{7F}\u{85}\u{2028}"),
            ("<a>\"'>=/-?!</a>", "\"'>=/-?!"),
            ("<_1-.·é\u{300}>x</_1-.·é\u{300}>", "x"),
            ("<a><?xmlx d?><?a-?>x</a>", "x"),
        ] as [(String, String)]
    )
    func texts(document: String, text: String) throws {
        let found = try TestXML(document).text
        #expect(Array(found.unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test(
        "Attribute values are normalized (XML 1.0, 3.3.3)",
        arguments: [
            ("<a b=''/>", ""),
            ("<a b = \"1\" />", "1"),
            ("<a\n\tb\r=\n'\"'></a>", "\""),
            ("<a b='\t1\n2\r\n3\r4 '/>", " 1 2 3 4 "),
            ("<a b='&#9;&#10;&#13;&lt;&quot;&apos;&amp;lt;'/>", "\t\n\r<\"'&lt;"),
            ("<a b='>]]>--?>'/>", ">]]>--?>"),
            ("<a b='é😀'/>", "é😀"),
        ]
    )
    func attributeValues(document: String, value: String) throws {
        #expect(try TestXML(document).attributes == ["b": value])
    }

    @Test(
        "What is not well-formed is refused, with its place",
        arguments: [
            ("", 0), (" ", 1), ("x", 0), ("<", 1), ("<a", 2), ("<a>", 3), ("<a>x", 4), ("<a></b>", 3), ("<a></ a>", 3),
            ("<a></a", 6), ("<a></ab>", 6), ("<ab></a>", 4), ("</a>", 0), ("<a/><b/>", 4), ("<a/>x", 4), ("x<a/>", 0),
            ("<a/></a>", 4), ("<a><b></a></b>", 6), ("<a/ >", 2), ("<a / >", 3), ("<1/>", 1), ("<-a/>", 1),
            ("< a/>", 1),
            ("<a\u{D7}/>", 2), ("<\u{B7}a/>", 1), ("<\u{300}/>", 1), ("<\u{37E}/>", 1), ("<a></a x='1'>", 7),
            ("<a b/>", 4), ("<a b=/>", 5), ("<a b=1/>", 5), ("<a b='1/>", 9), ("<a b='<'/>", 6), ("<a b='&'/>", 6),
            ("<a b='1'c='2'/>", 8), ("<a b='1' b='2'/>", 9), ("<a b='1' c='2' d='' e='' b='3'/>", 25),
            ("<a b='\u{1}'/>", 6), ("<a,/>", 2), ("<a b='1' , c='2'/>", 9),
            ("<a>&</a>", 3), ("<a>& </a>", 3), ("<a>&lt</a>", 3), ("<a>&nbsp;</a>", 3), ("<a>&LT;</a>", 3),
            ("<a>&#;</a>", 3), ("<a>&#x;</a>", 3), ("<a>&#xG;</a>", 3), ("<a>&#0;</a>", 3), ("<a>&#8;</a>", 3),
            ("<a>&#X41;</a>", 3), ("<a>&#-1;</a>", 3), ("<a>&#xD800;</a>", 3), ("<a>&#xFFFE;</a>", 3),
            ("<a>&#x110000;</a>", 3), ("<a>&#99999999999999999999;</a>", 3), ("<a>&#65</a>", 3),
            ("<a>]]></a>", 3), ("<a>x]]]></a>", 5), ("<a>\u{0}</a>", 3), ("<a>\u{B}</a>", 3), ("<a>\u{1F}</a>", 3),
            ("<a>\u{FFFE}</a>", 3), ("<a>\u{FFFF}</a>", 3),
            ("<a><![CDATA[x]]</a>", 19), ("<a><![CDATA[\u{2}]]></a>", 12), ("<a><![cdata[x]]></a>", 3),
            ("<![CDATA[x]]><a/>", 0), ("<a/><![CDATA[x]]>", 4), ("<a><!ELEMENT a></a>", 3),
            ("<a><!-- -- --></a>", 8), ("<a><!-- ---></a>", 8), ("<a><!--></a>", 12), ("<a><!-</a>", 3),
            ("<a><!--\u{1}--></a>", 7), ("<a><!-- x</a>", 13),
            ("<a><?></a>", 5), ("<a><? x?></a>", 5), ("<a><?1?></a>", 5), ("<a><?x:y?></a>", 6),
            ("<a><?p\u{3}?></a>", 6),
            ("<a><?p \u{3}?></a>", 7), ("<a><?p x></a>", 13), ("<a><?xml version='1.0'?></a>", 3),
            (" <?xml version='1.0'?><a/>", 1), ("<a/><?XmL x?>", 4), ("<?xml?><a/>", 0),
            ("<?xml encoding='utf-8'?><a/>", 5), ("<?xml version='2.0'?><a/>", 19), ("<?xml version='1.'?><a/>", 18),
            ("<?xml version='1.0'encoding='utf-8'?><a/>", 19), ("<?xml version='1.0' standalone='maybe'?><a/>", 32),
            ("<?xml version='1.0' standalone='yes' encoding='utf-8'?><a/>", 37),
            ("<?xml version='1.0' x='1'?><a/>", 20),
            ("<?xml version='1.0'><a/>", 19), ("<?xml version=1.0?><a/>", 14), ("<?xml version='1.0", 14),
        ] as [(String, Int)]
    )
    func malformed(document: String, offset: Int) {
        expectError(.malformed, offset: offset) { try TestXML(document) }
    }

    @Test(
        "Noncharacters are characters of XML, U+FFFE and U+FFFF apart",
        arguments: [0xFDD0, 0xFDEF, 0x1FFFE, 0x10FFFF]
    )
    func noncharacters(value: UInt32) throws {
        let text = String(try #require(Unicode.Scalar(value)))
        #expect(try TestXML("<a>\(text)</a>").text == text)
        #expect(try TestXML("<a>&#\(value);</a>").text == text)
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
        ] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        for (before, after) in [
            ("<a>", "</a>"), ("<a b='", "'/>"), ("<a><!--", "--></a>"), ("<a><![CDATA[", "]]></a>"),
        ] {
            let document = SharedBytes(Array(before.utf8) + bytes + Array(after.utf8))
            expectError(.malformed, offset: before.utf8.count) { try TestXML(document) }
        }
        #expect(throws: CloudEventError.self) { try TestXML(SharedBytes(Array("<a".utf8) + bytes + Array("/>".utf8))) }
        #expect(throws: CloudEventError.self) {
            try TestXML(SharedBytes(Array("<a><?p ".utf8) + bytes + Array("?></a>".utf8)))
        }
    }

    @Test("Other encodings than UTF-8 are refused with a message that says so")
    func encodings() {
        for name in ["utf-16", "ISO-8859-1", "us-ascii", "UTF8", "", "utf-8 "] {
            let error = error("<?xml version='1.0' encoding='\(name)'?><a/>")
            #expect(error?.message.contains("UTF-8") == true)
            #expect(error?.offset == 30)
        }
        let utf16 = Array("<a/>".utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        for bytes in [[0xFF, 0xFE] + utf16, utf16, [0] + utf16, [0xFE, 0xFF, 0] + utf16] as [[UInt8]] {
            #expect(throws: CloudEventError.self) { try TestXML(SharedBytes(bytes)) }
            do { _ = try TestXML(SharedBytes(bytes)) } catch {
                #expect("\(error)".contains("UTF-16"))
            }
        }
    }

    @Test(
        "Document type declarations are refused, so that no entity grows or names a file",
        arguments: [
            "<!DOCTYPE a><a/>", "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'http://127.0.0.1/'>]><a>&x;</a>", "<a><!DOCTYPE a></a>",
            "<a/><!DOCTYPE a>",
        ]
    )
    func documentTypes(document: String) {
        let error = error(document)
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("DOCTYPE") == true)
        #expect(error?.offset == document.utf8.count - (document.components(before: "<!DOCTYPE")))
    }

    private func error(_ document: String) -> CloudEventError? {
        do {
            _ = try TestXML(document)
            return nil
        } catch { return error as? CloudEventError }
    }

    @Test("A character counts wherever it stands in a word of eight bytes", arguments: 0..<26)
    func scanning(position: Int) throws {
        let before = String(repeating: "x", count: position)
        for after in ["", "yyyyyyyyyyyyyyyyyyyy", "\u{80}\u{FF}é", "<![CDATA[&]]>"] {
            for text in ["é", "漢", "😀", "\n", "\t", "]", "]]", ">", "\"", "'", "\u{7F}"] {
                let content = after.hasPrefix("<") ? "&" : after
                #expect(try TestXML("<a>\(before)\(text)\(after)</a>").text == before + text + content)
            }
            #expect(try TestXML("<a>\(before)&lt;\(after)</a>").text.hasPrefix(before + "<"))
            #expect(try TestXML("<a>\(before)\r\n\(after)</a>").text.hasPrefix(before + "\n"))
            for text in ["&", "]]>", "\u{1}", "\u{1F}", "\u{FFFE}"] {
                expectError(.malformed, offset: 3 + position) { try TestXML("<a>\(before)\(text)\(after)</a>") }
            }
        }
        for text in ["&", "<", "\u{8}", "\u{FFFF}"] {
            expectError(.malformed, offset: 6 + position) { try TestXML("<a b='\(before)\(text)yyyyyyyy'/>") }
        }
        #expect(try TestXML("<a b='\(before)\nyyyyyyyy'/>").attributes["b"] == before + " yyyyyyyy")
        expectError(.malformed, offset: 7 + position) { try TestXML("<a><!--\(before)--yyyyyyyy--></a>") }
        #expect(try TestXML("<a><!--\(before)-é- -\n--></a>").text == "")
        #expect(try TestXML("<a><?p \(before)?é??></a>").text == "")
        #expect(try TestXML("<a><![CDATA[\(before)]é]]]></a>").text == before + "]é]")
    }

    @Test("No cut document is taken for a whole one")
    func truncation() {
        let document = Array(
            """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8" standalone='no'?><!-- c --><?p d?>
            <p:a xmlns:p="urn:p" xmlns='u' x="1&lt;" p:x='é'>t&#65;<![CDATA[]x]]]><b/><!--é--><?q?>漢</p:a>
            """.utf8
        )
        #expect(throws: Never.self) { try TestXML(SharedBytes(document)) }
        for length in 0..<document.count {
            expectError(.malformed) { try TestXML(SharedBytes(document.prefix(length))) }
        }
    }
}

extension String {
    /// How many bytes there are from the first place of a text on.
    fileprivate func components(before text: String) -> Int {
        var rest = Substring(self)
        while !rest.isEmpty, !rest.hasPrefix(text) { rest = rest.dropFirst() }
        return rest.utf8.count
    }
}
