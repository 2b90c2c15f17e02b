// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Values from data, and data from values (SDK5).
struct CodableDataTests {
    struct Order: Codable, Equatable {
        var name = "tea"
        var total = 12.5
        var count = 3
        var lines: [Line] = [Line(price: 1)]
        var placed: Date?
        var image: Data?
        var note: String?
    }

    struct Line: Codable, Equatable {
        var price: Int
    }

    @Test("A value becomes JSON data with its content type, and the same value again (SDK5, J5)")
    func roundTrip() throws {
        var order = Order()
        order.placed = Date(timeIntervalSinceReferenceDate: 757_382_400.123)
        order.image = Data([0, 255])
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        try event.setData(encoding: order)
        #expect(event.dataContentType == "application/json")
        #expect(event.data.kind == .json)
        let expected =
            #"{"count":3,"image":"AP8=","lines":[{"price":1}],"name":"tea","placed":"2025-01-01T00:00:00.123Z","#
            + #""total":12.5}"#
        #expect(event.data.text == expected)
        #expect(try event.decodeData(Order.self) == order)
        #expect(try event.data.decode() as Order == order)
        #expect(try JSONEventFormat().decode(JSONEventFormat().encode(event)).decodeData() as Order == order)
    }

    @Test(
        "Content types that mean JSON stay, others are replaced (J5)",
        arguments: [
            (nil, "application/json"), ("text/plain", "application/json"), ("text/json", "text/json"),
            ("application/x+JSON;v=1", "application/x+JSON;v=1"),
        ] as [(String?, String)]
    )
    func contentType(before: String?, after: String) throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: before)
        try event.setData(encoding: [1])
        #expect(event.dataContentType == after && event.data.text == "[1]")
    }

    @Test("Text and bytes are read where the content type means JSON (J5)")
    func textAndBytes() throws {
        for data in [EventData.text(" [1,2]"), .binary(Array("[1,2]\n".utf8)), try .json("[1,2]")] {
            #expect(try data.decode([Int].self, contentType: "application/json") == [1, 2])
            let event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/x+json", data: data)
            #expect(try event.decodeData([Int].self) == [1, 2])
        }
        #expect(try EventData.json("[1]").decode([Int].self, contentType: "text/plain") == [1])
        #expect(try EventData.json("null").decode(Int?.self) == nil)
        #expect(try EventData.json("7").decode(Int.self) == 7)
        #expect(try EventData.json(#""x""#).decode(String.self) == "x")
    }

    @Test("Data that is absent or not JSON says so (J4, J5)")
    func notJSON() throws {
        expectError(.invalidData, attribute: "data") { try EventData.absent.decode(Int.self) }
        expectError(.invalidData, rule: "J5", attribute: "data") { try EventData.text("1").decode(Int.self) }
        expectError(.invalidData, rule: "J5", attribute: "data") { try EventData.binary([49]).decode(Int.self) }
        expectError(.invalidData, rule: "J5") { try EventData.text("1").decode(Int.self, contentType: "text/plain") }
        expectError(.malformed, attribute: "data", offset: 1) {
            try EventData.text("[").decode(Int.self, contentType: "application/json")
        }
        let deep = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        expectError(.limitExceeded, attribute: "data") {
            try EventData.text(deep).decode(Int.self, contentType: "application/json")
        }
    }

    @Test(
        "A failure names the path and no value (SDK5)",
        arguments: [
            (#"{"name":"a","total":1,"count":2}"#, "at lines"),
            (#"{"name":"a","total":1,"count":2,"lines":[{"price":1},{"price":"topsecret"}]}"#, "at lines[1].price"),
            (#"{"name":"a","total":1,"count":2,"lines":[{"price":null}]}"#, "at lines[0].price"),
            (#"{"name":"a","total":1,"count":"topsecret","lines":[]}"#, "at count"),
            (#"{"name":"a","total":1,"count":2,"lines":[],"placed":"topsecret"}"#, "at placed"),
            (#"{"name":"a","total":1,"count":2,"lines":[],"image":"topsecret*"}"#, "at image"),
            (#"{"name":"a","total":1,"count":19999.5,"lines":[]}"#, "a value is not one of the type"),
            ("[\"topsecret\"]", "a value is not of the type"),
        ]
    )
    func path(json: String, place: String) throws {
        let error = #expect(throws: CloudEventError.self) { try EventData.json(json).decode(Order.self) }
        #expect(error?.code == .invalidData && error?.attribute == "data")
        #expect(error?.message.contains(place) == true, "\(String(describing: error))")
        #expect(error?.description.contains("topsecret") == false)
        #expect(error?.description.contains("19999") == false)
    }

    struct Ledger: Codable {
        var accounts: [String: [Line]] = [:]
        var balances: [Int: Int] = [:]
        var free: FreeMembers?
        var numbered: Numbered?
    }

    struct Numbered: Codable {
        var price: Int

        enum CodingKeys: Int, CodingKey { case price = 7 }
    }

    /// Members whose names are the sender's, as a type of one's own reads them.
    struct FreeMembers: Codable {
        struct Name: CodingKey {
            var stringValue: String
            var intValue: Int?

            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
        }

        var values: [String: Int] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for name in container.allKeys { values[name.stringValue] = try container.decode(Int.self, forKey: name) }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Name.self)
            for (name, value) in values {
                guard let name = Name(stringValue: name) else { continue }
                try container.encode(value, forKey: name)
            }
        }
    }

    static let ledgers = [
        (#"{"accounts":{"4111111111111111":[{"price":1},{"price":"x"}]},"balances":{}}"#, "accounts.*[1].price"),
        (#"{"accounts":{"4111111111111111":[{}]},"balances":{}}"#, "accounts.*[0].price"),
        (#"{"accounts":{"Index 4111111111111111":1},"balances":{}}"#, "accounts.*"),
        (#"{"accounts":{},"balances":{"4111111111111111":"x"}}"#, "balances.*"),
        (#"{"accounts":{},"balances":{"4111111111111111x":1}}"#, "balances.*"),
        (#"{"accounts":{},"balances":{},"free":{"4111111111111111":"x"}}"#, "free.*"),
        (#"{"accounts":{},"balances":{},"numbered":{"price":"x"}}"#, "numbered.price"),
        (#"{"accounts":{},"balances":{},"numbered":{}}"#, "numbered.price"),
    ]

    @Test("A failure names the members that a type declares, and not the sender's keys (SDK5)", arguments: ledgers)
    func payloadKeys(json: String, place: String) throws {
        let error = #expect(throws: CloudEventError.self) { try EventData.json(json).decode(Ledger.self) }
        #expect(error?.message.hasSuffix("at " + place) == true, "\(String(describing: error))")
        #expect(error?.message.contains("4111") == false, "\(String(describing: error))")
    }

    @Test("A failure to write does not name the keys of a dictionary")
    func payloadKeysWritten() throws {
        struct Totals: Encodable {
            var byName = ["4111111111111111": Double.infinity]
            var byNumber: [Int: Double] = [:]
        }
        for totals in [Totals(), Totals(byName: [:], byNumber: [4_111_111_111_111_111: .nan])] {
            let error = #expect(throws: CloudEventError.self) { try EventData.encoding(totals) }
            #expect(error?.code == .notRepresentable)
            #expect(error?.message.contains("4111") == false, "\(String(describing: error))")
            #expect(error?.message.contains("at by") == true, "\(String(describing: error))")
        }
    }

    @Test("What JSON cannot say is refused with its path and no value")
    func notRepresentable() throws {
        var order = Order()
        order.total = .infinity
        let error = #expect(throws: CloudEventError.self) { try EventData.encoding(order) }
        #expect(error?.code == .notRepresentable && error?.message.contains("at total") == true)
        var event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/plain", data: .text("a"))
        let before = event
        expectError(.notRepresentable) { try event.setData(encoding: order) }
        for interval in [Double.infinity, .nan, 1e300, -1e300, 1e18] {
            expectError(.invalidValue, rule: "T7", attribute: "data") {
                try event.setData(encoding: [Date(timeIntervalSinceReferenceDate: interval)])
            }
        }
        #expect(event == before)
    }

    @Test(
        "Dates are RFC 3339 (T7)",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-0.25, "1969-12-31T23:59:59.750Z"),
            (1_735_689_600.000_001, "2025-01-01T00:00:00.000001Z"), (1.9999999999, "1970-01-01T00:00:02Z"),
        ]
    )
    func dates(seconds: Double, text: String) throws {
        #expect(try EventData.encoding(Date(timeIntervalSince1970: seconds)).text == "\"\(text)\"")
    }

    @Test("Any RFC 3339 text is read as a date (T7)")
    func readDates() throws {
        let read = try EventData.json(#"["2025-01-01T01:00:00.5+01:00","2016-12-31T23:59:60Z"]"#).decode([Date].self)
        #expect(read == [1_735_689_600.5, 1_483_228_800].map { Date(timeIntervalSince1970: $0) })
        expectError(.invalidData, attribute: "data") { try EventData.json("0").decode(Date.self) }
    }

    @Test("Dates of all kinds come back equal (T7)")
    func dateRoundTrip() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            // Not near 2001, where a date is finer than a nanosecond.
            let date = Date(timeIntervalSinceReferenceDate: Double.random(in: 1e8..<2e9, using: &random))
            #expect(try EventData.encoding(date).decode(Date.self) == date)
        }
    }
}
