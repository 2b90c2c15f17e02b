// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct WebSocketBindingTests {
    private func offer(_ values: String...) -> [MessageHeader] {
        values.map { MessageHeader("Sec-WebSocket-Protocol", $0) }
    }

    @Test("Each event is in a frame of its own, in structured mode (W1)")
    func events() throws {
        let binding = WebSocketBinding(.json)
        let event = try CloudEvent(id: "1", source: "/s", type: "t")
        let frame = try binding.encode(event)
        #expect(frame.opcode == .text)
        #expect(try binding.decode(frame) == event)
        let batch = WebSocketFrame(.text, try JSONEventFormat().encodeBatch([event]))
        expectError(.malformed) { try binding.decode(batch) }
        expectError(.malformed) { try binding.decode(WebSocketFrame(.text, SharedBytes())) }
    }

    @Test(
        "A server answers with what the client likes best of what it supports (W2)",
        arguments: [
            (["cloudevents.json, cloudevents.avro"], "cloudevents.json"),
            (["cloudevents.avro ,cloudevents.json"], "cloudevents.avro"),
            (["chat", "cloudevents.proto,,", "cloudevents.avro"], "cloudevents.avro"),
            (["CloudEvents.JSON"], nil), (["cloudevents.proto"], nil), (["cloudevents.jsonx"], nil), ([""], nil),
            ([], nil),
        ] as [([String], String?)]
    )
    func answers(values: [String], name: String?) {
        let headers = values.map { MessageHeader("SEC-websocket-protocol", $0) }
        let chosen = WebSocketSubprotocol.answer(to: headers, supported: [.json, .avro])
        #expect(chosen?.name == name)
        if let chosen { #expect(chosen.answerHeader == MessageHeader("sec-websocket-protocol", name ?? "")) }
    }

    @Test("A client offers, and takes only an answer that it offered (W2)")
    func agreement() throws {
        let offered: [WebSocketSubprotocol] = [.protobuf, .json]
        let header = WebSocketSubprotocol.offer(offered)
        #expect(header == MessageHeader("sec-websocket-protocol", "cloudevents.proto, cloudevents.json"))
        #expect(WebSocketSubprotocol.answer(to: [header], supported: [.json, .protobuf]) == .protobuf)
        #expect(try WebSocketSubprotocol.agreed(offer("cloudevents.json"), offered: offered) == .json)
        #expect(try WebSocketSubprotocol.agreed([], offered: offered) == nil)
        let wrong = [
            offer("cloudevents.avro"), offer("cloudevents.json, cloudevents.proto"), offer(""),
            offer("cloudevents.json", "cloudevents.json"), offer("cloudevents.json,"), offer("CLOUDEVENTS.JSON"),
        ]
        for headers in wrong {
            expectError(.invalidValue, rule: "W2") { try WebSocketSubprotocol.agreed(headers, offered: offered) }
        }
    }

    @Test("JSON has text frames, Avro and Protobuf have binary ones; others are refused (W3)")
    func frames() {
        #expect(WebSocketSubprotocol.all.map(\.opcode) == [.text, .binary, .binary])
        let formats = EventFormats([JSONEventFormat()])
        for subprotocol in WebSocketSubprotocol.all {
            let other: WebSocketFrame.Opcode = subprotocol.opcode == .text ? .binary : .text
            let binding = WebSocketBinding(subprotocol, formats: formats)
            expectError(.invalidData, rule: "W3") { try binding.decode(WebSocketFrame(other, SharedBytes([123]))) }
        }
    }

    @Test("JSON is always there; a format that is not is told (W4, W2)")
    func formats() throws {
        #expect(WebSocketSubprotocol.answer(to: [WebSocketSubprotocol.offer()]) == .json)
        let binding = WebSocketBinding(.avro, formats: EventFormats([JSONEventFormat()]))
        let event = try CloudEvent(id: "1", source: "/s", type: "t")
        expectError(.unsupportedFormat, rule: "W2") { try binding.encode(event) }
        expectError(.unsupportedFormat, rule: "W2") { try binding.decode(WebSocketFrame(.binary, SharedBytes([1]))) }
        #expect(WebSocketSubprotocol(name: "cloudevents.proto") == .protobuf)
        #expect(WebSocketSubprotocol(name: "cloudevents.xml") == nil)
    }
}
