// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("CloudEvents SQL: LIKE")
struct LikePatternTests {
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let pattern = LikePattern(pattern)
        return text.withBytes { pattern.matches($0) }
    }

    /// What the specification says, in a time that grows without bound.
    private static func model(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "%": return (text.startIndex...text.endIndex).contains { model(text[$0...], rest) }
        case "_": return !text.isEmpty && model(text.dropFirst(), rest)
        case "\\" where rest.first == "%" || rest.first == "_":
            return text.first == rest.first && model(text.dropFirst(), rest.dropFirst())
        default: return text.first == first && model(text.dropFirst(), rest)
        }
    }

    private static func scalars(_ text: String) -> ArraySlice<Unicode.Scalar> { ArraySlice(text.unicodeScalars) }

    @Test("L13: matching agrees with its definition", arguments: 0..<8 as Range<UInt64>)
    func agreement(seed: UInt64) {
        var random = SplitMix(seed)
        let letters = ["a", "b", "é", "日", "🌐"].prefix(1 + random.below(5))
        for _ in 0..<1000 {
            let text = random.text(of: Array(letters), upTo: 9)
            let pattern = random.text(of: Array(letters) + ["%", "%", "_", #"\%"#, #"\_"#, "\\"], upTo: 8)
            let expected = Self.model(Self.scalars(text), Self.scalars(pattern))
            #expect(Self.matches(text, pattern) == expected, "'\(text)' LIKE '\(pattern)'")
        }
    }

    @Test(
        "L13: long pieces, which are looked for in one pass, match as short ones do",
        arguments: 0..<8 as Range<UInt64>
    )
    func longPieces(seed: UInt64) {
        var random = SplitMix(seed)
        var found = 0
        for _ in 0..<100 {
            let text = random.text(of: ["a", "a", "b", "é", "🌐"], exactly: 300)
            // A part of the text with some of its characters left open, and sometimes one changed.
            let scalars = Array(text.unicodeScalars)
            let start = random.below(150)
            var piece = scalars[start..<(start + 17 + random.below(130))].map { random.below(4) == 0 ? "_" : $0 }
            if random.below(2) == 0 { piece[random.below(piece.count)] = "a" }
            let part = String(String.UnicodeScalarView(piece))
            let isThere = (0...(scalars.count - piece.count)).contains { start in
                zip(scalars[start...], piece).allSatisfy { $1 == "_" || $0 == $1 }
            }
            found += isThere ? 1 : 0
            #expect(Self.matches(text, "%\(part)%") == isThere, "'\(text)' LIKE '%\(part)%'")
            #expect(Self.matches("xx" + text + text, "x%\(part)%\(part)%_") == isThere || !isThere)
        }
        #expect(found > 30)
    }

    @Test(
        "L13: a pattern without wildcards is equality",
        arguments: ["", "a", #"a\b"#, #"\\"#, "日本", #"\"#, "x*?[a].^$"]
    )
    func equality(text: String) {
        #expect(Self.matches(text, text))
        #expect(!Self.matches(text + "x", text) && !Self.matches("x" + text, text))
    }

    @Test("Patterns made to be slow are not: steps grow with the text alone")
    func hostile() {
        let text = String(repeating: "a", count: 10_000)
        for piece in [
            String(repeating: "a", count: 1000) + "b", String(repeating: "_a", count: 500) + "b", "aaaaaaaaaaaaaab",
        ] {
            #expect(!Self.matches(text, "%" + piece + "%"))
            #expect(!Self.matches(text, "%" + String(repeating: piece + "%", count: max(1, 3000 / piece.utf8.count))))
        }
        #expect(!Self.matches(text, String(repeating: "%a", count: 2000) + "%b"))
        #expect(Self.matches(text, String(repeating: "%a", count: 2000) + "%"))
        #expect(!Self.matches(text, String(repeating: "%_", count: 2000) + "b"))
    }
}
