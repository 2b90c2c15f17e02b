// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Rules of the core and of JSON that are stated for one event, one by one.
struct JSONRuleTests {
    let format = JSONEventFormat()

    private func decode(_ members: String) throws -> CloudEvent {
        try format.decode(Array(#"{"specversion":"1.0","id":"1","source":"/s","type":"t"\#(members)}"#.utf8))
    }

    private func encode(_ event: CloudEvent) throws -> String { String(decodingUTF8: try format.encode(event)) }

    @Test("Any text is a type, a name of a domain in front or not (C6)", arguments: ["t", "com.example.t", "a b", "é"])
    func types(type: String) throws {
        let event = try CloudEvent(id: "1", source: "/s", type: type)
        #expect(try format.decode(format.encode(event)).type == type)
    }

    @Test("Much more than 64 KiB is read by default, by every format (C16)")
    func size() throws {
        let data = EventData.text(String(repeating: "0123456789abcdef", count: 1 << 14))
        let event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/plain", data: data)
        let formats: [any EventFormat] = [
            JSONEventFormat(), ProtobufEventFormat(), AvroEventFormat(), XMLEventFormat(),
        ]
        for format in formats {
            let bytes = try format.encode(event)
            #expect(bytes.count > 4 << 16)
            #expect(try format.decode(bytes) == event)
        }
    }

    @Test("All events of a written batch say the same version (C18)")
    func versions() throws {
        var generator = EventGenerator(seed: 18)
        let events = try (0..<9).map { _ in try generator.event() }
        let text = String(decodingUTF8: try format.encodeBatch(events))
        #expect(text.ranges(of: #"{"specversion":"1.0","#).count == 9)
    }

    @Test("Attributes are members of the event's object, by their exact names (J1)")
    func members() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", subject: "u", extensions: ["x": 1, "y": "z"])
        let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"u","x":1,"y":"z"}"#
        #expect(try encode(event) == text)
        expectError(.invalidName, rule: "C13") { try decode(#","Subject":"u""#) }
        #expect(try decode(#","extensions":"v""#).extensions == ["extensions": "v"])
    }

    @Test(
        "Data without a content type is JSON, and stays without one (J6)",
        arguments: ["{}", "[1.50]", #""text""#, "1e400", "false"]
    )
    func impliedType(json: String) throws {
        let event = try decode(#","data":\#(json)"#)
        #expect(event.data == (try EventData.json(json)))
        #expect(event.dataContentType == nil && event.hasJSONContentType)
        #expect(try encode(event).hasSuffix(#","data":\#(json)}"#))
    }

    @Test("Bytes without a content type are not assumed to be JSON (J4)")
    func bytesWithoutType() throws {
        var event = try decode(#","data_base64":"e30=""#)
        #expect(!event.hasJSONContentType)
        try event.setDataContentType("application/json")
        #expect(event.hasJSONContentType)
        event.data = .absent
        try event.setDataContentType(nil)
        #expect(event.hasJSONContentType)
        let received = EventData(received: SharedBytes(utf8: "{"), contentType: "application/json")
        #expect(!(try CloudEvent(id: "1", source: "/s", type: "t", data: received).hasJSONContentType))
        #expect(try CloudEvent(id: "1", source: "/s", type: "t", data: .text("x")).hasJSONContentType)
    }

    @Test("A null payload is a payload, and not the same as none (J9)")
    func nullPayload() throws {
        let null = try decode(#","datacontenttype":"application/json","data":null"#)
        #expect(null.data == (try EventData.json("null")) && !null.data.isAbsent)
        #expect(try encode(null).hasSuffix(#","data":null}"#))
        let none = try decode(#","datacontenttype":"application/json""#)
        #expect(none.data.isAbsent && none != null)
        #expect(!(try encode(none).contains("data\"")))
    }

    @Test("The kind of the member says which type an extension has; only strings leave a choice (J11)")
    func inference() throws {
        let event = try decode(#","a":true,"b":7,"c":"7","d":"2020-01-01T00:00:00Z""#)
        #expect(event.extensions == ["a": true, "b": 7, "c": "7", "d": "2020-01-01T00:00:00Z"])
        let declared = JSONEventFormat(extensionTypes: ["d": .timestamp])
        #expect(try declared.decode(format.encode(event))["d"]?.type == .timestamp)
    }

    @Test("Members may come in any order, data in front of all that it depends on (J12)")
    func order() throws {
        let text = #"{"data":"1","x":1,"type":"t","datacontenttype":"text/plain","source":"/s","id":"1","#
        let event = try format.decode(Array((text + #""specversion":"1.0"}"#).utf8))
        #expect(event.data == .text("1"))
        #expect(event == (try decode(#","datacontenttype":"text/plain","x":1,"data":"1""#)))
    }

    @Test("An extension is a member like any other, whatever its own text adds (J14)")
    func extensionMembers() throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            extensions: ["traceparent": .string(trace), "dataref": .uriReference("/d"), "sampledrate": 30]
        )
        let members = #","traceparent":"\#(trace)","dataref":"/d","sampledrate":30}"#
        #expect(try encode(event).hasSuffix(members))
    }
}
