// SPDX-License-Identifier: Apache-2.0

@testable import CloudEventsCodec
import EventTestSupport
import Testing

/// Messages as senders usually write them are read in another way than the rest; both have to say the same.
struct HTTPDifferenceTests {
    private static let names = [
        "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-dataschema", "content-type",
        "CE-ID", "Ce-Specversion", "Ce-Type", "Content-Type", "CONTENT-TYPE", "ce-x", "ce-X", "Ce-Ext1", "ce-data",
        "ce-datacontenttype", "ce-", "ce-a_b", "ce", "c", "", "x-y", "content-typf", "ce_id", "cE-x", "ce-é",
        "content-length",
    ]

    private static let values = [
        "1.0", "1", "/s", "t", "a b", " a ", "\ta", "", " ", "%20", "a%20b", "%C3%A9", "%C3", "%", "%4", "%zz", "é",
        "\"a\"",
        "\"a\\\"b\"", "\"", "a\"b\"", "application/json", "application/json; charset=\"utf-8\"", " text/plain ",
        "text/plain;c", "TEXT/PLAIN", "text/plain; charset=utf-16", "text/x; Charset=\"UTF-8\"",
        "application/cloudevents+json", "application/cloudevents-batch+json",
        "application/x",
        "2018-04-05T17:31:00Z", "2018-04-05T17%3A31:00z", "http://e/s", "urn:x", "0.3", "\u{0}", "\u{7F}", "%00",
        "%EF%BF%BF",
        "a\u{85}", "%2525", "a\\b", "漢字 and more text than sixteen bytes", "sixteen bytes.. and a \" behind them",
        "x123456789abcde%", "x123456789abcde%41",
    ]

    @Test("What is read in one pass is what is read with care (H5 to H9)", arguments: 0..<16 as Range<UInt64>)
    func difference(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let usual = HTTPBinding()
        let required = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")]
        for _ in 0..<1500 {
            var headers = required.filter { _ in random.chance(97) }.map { MessageHeader($0.0, $0.1) }
            for _ in 0..<random.below(4) {
                headers.insert(
                    MessageHeader(
                        Self.names[random.below(Self.names.count)],
                        Self.values[random.below(Self.values.count)]
                    ),
                    at: random.below(headers.count + 1)
                )
            }
            for index in headers.indices where random.chance(5) {
                headers[index].value = Self.values[random.below(Self.values.count)]
            }
            let bodies: [SharedBytes?] = [
                nil, SharedBytes(), SharedBytes(utf8: "[1]"), SharedBytes(utf8: "x"), SharedBytes([0xFF]),
            ]
            let message = HTTPMessage(headers: headers, body: bodies[random.below(bodies.count)])
            #expect(
                Self.outcome(message, usual) == Self.outcome(message, Self.careful),
                "\(headers.map { ($0.name, $0.value) })"
            )
        }
    }

    @Test("The usual message is read in one pass, and what is in quotes is not (H8)")
    func usualWay() throws {
        let usual = [
            MessageHeader("ce-specversion", "1.0"), MessageHeader("ce-id", "1"), MessageHeader("ce-source", "/s"),
            MessageHeader("ce-type", "t"), MessageHeader("ce-time", "2018-04-05T17:31:00Z"),
            MessageHeader("content-type", "application/json"), MessageHeader("ce-x", "a%20b"),
        ]
        let message = HTTPMessage(headers: usual, body: SharedBytes(utf8: "[1]"))
        let event = try #require(HTTPBinding().usualBinaryEvent(message))
        #expect(try event == HTTPBinding().decode(message) && event["x"] == "a b" && event.data.kind == .json)
        let quoted = HTTPMessage(headers: usual + [MessageHeader("ce-y", "\"a\"")], body: message.body)
        #expect(HTTPBinding().usualBinaryEvent(quoted) == nil)
        #expect(try HTTPBinding().decode(quoted)["y"] == "a")
        #expect(Self.careful.usualBinaryEvent(message) == nil)
    }

    // Names and values are looked at by words that overlap: each byte has to count, whatever the length.
    private static let bytes = Array("\0\r\u{10}\u{19}\u{1F}\t !\"#%&'()-./059:;?@AMZ[\\]^_`amz{|}~\u{7F}é漢")

    @Test("Each byte of a name counts, at each length (C13, H5, H6)", arguments: 0...20)
    func namesByByte(count: Int) {
        for stem in ["ce-", "CE-"] {
            for position in 0..<max(count, 1) {
                for character in Self.bytes {
                    var suffix = Array("abcdefghi0123456789xyz".prefix(count))
                    if position < count { suffix[position] = character }
                    Self.expectSame([MessageHeader(stem + String(suffix), "v")])
                }
            }
        }
    }

    @Test("Each byte of the names that mean something counts (C1, C13, H5)")
    func knownNamesByByte() {
        let names = [
            "ce-id", "ce-source", "ce-type", "ce-specversion", "ce-subject", "ce-time", "ce-dataschema",
            "ce-datacontenttype", "ce-data", "content-type",
        ]
        for name in names {
            for position in name.indices {
                for character in Self.bytes {
                    var changed = name
                    changed.replaceSubrange(position...position, with: String(character))
                    for value in ["text/x", "2018-04-05T17:31:00Z"] { Self.expectSame([MessageHeader(changed, value)]) }
                }
            }
            let longer = [name + "0", name + "\0", String(name.dropLast()), name + " ", name.uppercased()]
            for name in longer { Self.expectSame([MessageHeader(name, "text/x")]) }
        }
    }

    @Test("Each byte of a value counts, at each length (H8, T3)", arguments: Array(0...18) + [31, 32, 33, 40, 48, 49])
    func valuesByByte(count: Int) {
        for name in ["ce-x", "content-type"] {
            for position in 0..<max(count, 1) {
                for character in Self.bytes {
                    var value = Array(("text/" + String(repeating: "abcdefg", count: 9)).prefix(count))
                    if position < count { value[position] = character }
                    Self.expectSame([MessageHeader(name, String(value))])
                }
            }
        }
    }

    @Test("Messages with little or much room left are read the same (H5)", arguments: [1, 15, 16, 17, 100, 500])
    func fullArena(size: Int) {
        for more in stride(from: 0, to: 1100, by: size) {
            let headers = (0..<(more / size)).map { MessageHeader("ce-x\($0)", String(repeating: "v", count: size)) }
            Self.expectSame(headers + [MessageHeader("ce-last", "")])
        }
    }

    @Test("An attribute may be there once, however its header is written (C3)")
    func repeated() {
        let names = ["ce-id", "ce-specversion", "ce-x", "ce-abcdefgh", "ce-abcdefghi", "ce-abcdefghijklmnopq"]
        for name in names {
            for second in [name, name.uppercased()] {
                Self.expectSame([MessageHeader(name, "1.0"), MessageHeader(second, "1.0")])
            }
        }
    }

    /// Expects that both ways say the same of a message with some headers more than the required ones.
    private static func expectSame(_ headers: [MessageHeader], _ location: SourceLocation = #_sourceLocation) {
        let required = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")]
        let names = Set(headers.map { $0.name.lowercased() })
        let all = required.filter { !names.contains($0.0) }.map { MessageHeader($0.0, $0.1) } + headers
        let message = HTTPMessage(headers: all, body: SharedBytes(utf8: "[1]"))
        let (usual, careful) = (outcome(message, HTTPBinding()), outcome(message, Self.careful))
        #expect(usual == careful, "\(headers.map { ($0.name, $0.value) })", sourceLocation: location)
    }

    // A declared type makes the binding take the careful way.
    private static let careful = HTTPBinding(extensionTypes: ["neverseen": .string])

    /// All that there is to know of the event, or of the error.
    private static func outcome(_ message: HTTPMessage, _ binding: HTTPBinding) -> [String] {
        do throws(CloudEventError) {
            let event = try binding.decode(message)
            let attributes = event.attributes.map {
                "\($0.name)=\($0.value.canonicalString)=\(event.canonicalString(of: $0.name) ?? "")=\($0.value.type)"
            }
            let json = (try? JSONEventFormat().encode(event)).map { String(decodingUTF8: $0) }
            return attributes.sorted() + [event.data.kind.rawValue, json == nil ? "" : "json"]
                + event.data.bytes.map { "\($0)" }
        } catch {
            return ["\(error)"]
        }
    }
}
