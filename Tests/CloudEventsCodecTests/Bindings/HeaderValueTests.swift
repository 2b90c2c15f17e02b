// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

struct HeaderValueTests {
    @Test(
        "Exactly what a header cannot hold is percent-encoded, with upper-case digits (H7, H9)",
        arguments: [
            ("", ""), ("a!#$&'()*+,-./:;<=>?@[\\]^_`{|}~Z9", "a!#$&'()*+,-./:;<=>?@[\\]^_`{|}~Z9"),
            (" ", "%20"), ("\"", "%22"), ("%", "%25"), ("\u{7F}", "%7F"), ("\u{A0}", "%C2%A0"), ("é", "%C3%A9"),
            ("\r\nX: y", "%0D%0AX:%20y"), ("😀", "%F0%9F%98%80"), ("\u{FFFD}", "%EF%BF%BD"), ("%41", "%2541"),
        ]
    )
    func encoding(text: String, header: String) throws {
        #expect(HTTPHeaderValue.encode(text) == header)
        #expect(try HTTPHeaderValue.decode(header) == text)
    }

    @Test(
        "Quotes are taken off first, then one round of percent-decoding is done (H8)",
        arguments: [
            ("%2541", "%41"), ("\"%2541\"", "%41"), ("%c3%A9", "é"), ("%41%42", "AB"), ("\"a b\"", "a b"),
            ("\"\"", ""), ("x\"a b\"y", "xa by"), ("\"a\" \"b\"", "a b"), ("\"\\\"\\\\\\a\"", "\"\\a"),
            ("a\\b", "a\\b"), ("%22a b%22", "\"a b\""), ("\"\\%41\"", "A"), ("\"%2\"0", " "), ("é", "é"),
            ("a é %20", "a é  "), ("(a) b", "(a) b"), ("+", "+"),
        ]
    )
    func decoding(header: String, text: String) throws {
        #expect(try HTTPHeaderValue.decode(header) == text)
    }

    @Test(
        "What is not correctly encoded is refused (H8)",
        arguments: [
            "%", "a%2", "%G0", "%0G", "%%41", "% 41", "%+1", "\"", "\"a", "\"a\\", "\"a\\\"", "%C0%A0", "%C3",
            "%C3x", "%E2%82", "%ED%A0%80", "%ED%A0%BD%ED%B8%80", "%F4%90%80%80", "%80", "%FF", "%C3é",
        ]
    )
    func refusal(header: String) {
        expectError(.invalidValue, rule: "H8") { try HTTPHeaderValue.decode(header) }
    }

    @Test("Whatever the text, decoding gives back what was encoded (H7, H8, H9)", arguments: 0..<8 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<random.below(12) {
                let range = [0x100, 0x3000, 0x11_0000][random.below(3)]
                if let scalar = UnicodeScalar(UInt32(random.below(range))) { text.unicodeScalars.append(scalar) }
            }
            let header = HTTPHeaderValue.encode(text)
            #expect(header.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") })
            #expect(try HTTPHeaderValue.decode(header).utf8.elementsEqual(text.utf8))
        }
    }

    @Test("Decoding answers or throws, whatever the header (H8)")
    func hostileHeaders() {
        var random = SeededGenerator(seed: 3)
        let telling = Array("%%%\"\\0aAfFgé 2Ec".unicodeScalars)
        for _ in 0..<20_000 {
            var header = ""
            for _ in 0..<random.below(12) { header.unicodeScalars.append(telling[random.below(telling.count)]) }
            guard let text = try? HTTPHeaderValue.decode(header) else { continue }
            #expect((try? HTTPHeaderValue.decode(HTTPHeaderValue.encode(text))) == text)
        }
    }
}
