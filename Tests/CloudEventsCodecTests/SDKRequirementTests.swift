// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// What the CloudEvents project asks of every SDK.
struct SDKRequirementTests {
    private func event(_ data: EventData = .absent, _ contentType: String? = nil) throws -> CloudEvent {
        try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: contentType, data: data)
    }

    @Test("HTTP has structured and binary mode, both ways (SDK2)")
    func http() throws {
        let event = try event(.text("body"), "text/plain")
        let binding = HTTPBinding()
        let structured = try binding.encode(event, as: .structured(JSONEventFormat()))
        #expect(binding.contentMode(of: structured) == .structured)
        let binary = try binding.encode(event, as: .binary)
        #expect(binding.contentMode(of: binary) == .binary)
        #expect(try binding.decode(structured) == event)
        #expect(try binding.decode(binary) == event)
    }

    @Test("Every binding has structured mode, and binary mode where the protocol has (SDK3)")
    func modes() throws {
        let event = try event(.text("body"), "text/plain")
        for mode in [MessageMode.binary, .structured(JSONEventFormat())] {
            #expect(try KafkaBinding().decode(KafkaBinding().encode(event, as: mode)) == event)
            #expect(try AMQPBinding().decode(AMQPBinding().encode(event, as: mode)) == event)
            #expect(try MQTT5Binding().decode(MQTT5Binding().encode(event, as: mode)) == event)
            #expect(try NATSBinding().decode(NATSBinding().encode(event, as: mode)) == event)
        }
        #expect(try MQTT3Binding().decode(MQTT3Binding().encode(event)) == event)
        let webSocket = WebSocketBinding(.json)
        #expect(try webSocket.decode(webSocket.encode(event)) == event)
        let http = HTTPBinding()
        #expect(try http.decodeBatch(http.encodeBatch([event, event])) == [event, event])
    }

    @Test("An event is checked when it is made, changed and read: there is no invalid one (SDK4)")
    func validation() throws {
        expectError(.invalidValue) { try CloudEvent(id: "", source: "/s", type: "t") }
        expectError(.missingAttribute) {
            try CloudEvent(attributes: [.init(name: "specversion", value: "1.0"), .init(name: "id", value: "1")])
        }
        expectError(.unsupportedVersion) {
            try CloudEvent(
                attributes: [
                    .init(name: "specversion", value: "2.0"), .init(name: "id", value: "1"),
                    .init(name: "source", value: "/s"), .init(name: "type", value: "t"),
                ]
            )
        }
        var event = try event()
        expectError(.invalidValue) { try event.setType("") }
        #expect(event.type == "t")
        expectError(.unsupportedVersion) {
            try JSONEventFormat().decode(Array(#"{"specversion":"2.0","id":"1","source":"/s","type":"t"}"#.utf8))
        }
    }

    @Test("Data comes out of base64, of a JSON value and of a message as what it is (SDK5)")
    func data() throws {
        let start = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","#
        func decode(_ rest: String) throws -> EventData {
            try JSONEventFormat().decode(Array((start + rest + "}").utf8)).data
        }
        #expect(Array(try decode(#""data_base64":"AAH/""#).bytes) == [0, 1, 255])
        #expect(try decode(#""data":{"a":1.50}"#).text == #"{"a":1.50}"#)
        #expect(try decode(#""datacontenttype":"text/plain","data":"a\n""#).text == "a\n")
    }
}
