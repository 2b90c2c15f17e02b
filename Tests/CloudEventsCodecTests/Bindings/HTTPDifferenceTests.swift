// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
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
        "text/plain;c", "TEXT/PLAIN", "application/cloudevents+json", "application/cloudevents-batch+json",
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
        // A declared type makes the binding take the careful way.
        let careful = HTTPBinding(extensionTypes: ["neverseen": .string])
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
                Self.outcome(message, usual) == Self.outcome(message, careful),
                "\(headers.map { ($0.name, $0.value) })"
            )
        }
    }

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
