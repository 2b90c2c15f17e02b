// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CloudEventsCodec

/// Events of version 0.3 become events of 1.0 (SDK7).
struct SpecVersion03Tests {
    static let core: [AttributeName: AttributeValue] = ["specversion": "0.3", "id": "1", "source": "/s", "type": "t"]

    private func read(
        _ further: [AttributeName: AttributeValue],
        _ data: EventData = .absent
    ) throws(CloudEventError) -> CloudEvent {
        let all = Self.core.merging(further) { _, new in new }
        return try CloudEvent(attributes: all.map { CloudEvent.Attribute(name: $0.key, value: $0.value) }, data: data)
    }

    @Test("An event of 0.3 is one of 1.0 with the same attributes (SDK7)")
    func attributes() throws {
        let event = try read(
            ["subject": "s", "time": "2018-04-26T14:48:09+02:00", "astring": "a", "aboolean": true, "anumber": 10],
            .json("{}")
        )
        #expect(event.specVersion == .v1 && event["specversion"] == "1.0")
        #expect(event.subject == "s" && event.time?.description == "2018-04-26T14:48:09+02:00")
        #expect(event.extensions == ["astring": "a", "aboolean": true, "anumber": 10])
        #expect(event.data == (try .json("{}")))
        #expect(try JSONEventFormat().decode(JSONEventFormat().encode(event)) == event)
    }

    @Test("A schema that 1.0 allows becomes dataschema (SDK7, C7)")
    func schema() throws {
        for value: AttributeValue in ["http://localhost/schema", .uri("http://localhost/schema")] {
            let event = try read(["schemaurl": value])
            #expect(event.dataSchema == "http://localhost/schema" && event.extensions.isEmpty)
        }
    }

    @Test("A schema that 1.0 does not allow is kept as an extension (SDK7)", arguments: ["/s", "", "http://h/s#f"])
    func relativeSchema(_ text: String) throws {
        let event = try read(["schemaurl": .string(text)])
        #expect(event.dataSchema == nil)
        #expect(event.extensions == ["schemaurl": .string(text)])
    }

    @Test("Neither of two schemas is lost (SDK7)")
    func twoSchemas() throws {
        let event = try read(["schemaurl": "http://h/1", "dataschema": "http://h/2"])
        #expect(event.dataSchema == "http://h/2" && event["schemaurl"]?.canonicalString == "http://h/1")
    }

    @Test("Data in base64 becomes its bytes, whatever holds the text (SDK7)")
    func base64() throws {
        let json = try EventData.json(#""e3\u0030=""#)
        for data in [json, .text("e30="), .binary(Array("e30=".utf8)), .text("e3\r\n0=")] {
            for encoding in ["base64", "BASE64", "Base64"] {
                let event = try read(["datacontentencoding": .string(encoding)], data)
                #expect(event.data == .binary(Array("{}".utf8)), "\(data)")
                #expect(event.extensions.isEmpty)
            }
        }
        #expect(try read(["datacontentencoding": "base64"]).data == .absent)
        #expect(try read(["datacontentencoding": "base64"], .text("")).data == .binary(SharedBytes()))
    }

    @Test("Data that is not in its encoding is refused (SDK7)")
    func wrongData() throws {
        for data in [try EventData.json("{}"), try .json("1"), .text("e30"), .text("ä"), .binary([0xFF, 0, 0, 0])] {
            expectError(.invalidData, rule: "SDK7", attribute: "data") {
                try read(["datacontentencoding": "base64"], data)
            }
        }
    }

    @Test(
        "What 0.3 does not allow either is refused (SDK7)",
        arguments: [
            ("datacontentencoding", "gzip", "SDK7"), ("datacontentencoding", "", "SDK7"),
            ("datacontentencoding", true, "SDK7"), ("schemaurl", "a b", "T6"), ("schemaurl", 1, "SDK7"),
            ("time", "x", "T7"), ("id", "", "C2"), ("specversion", "0.2", "C4"), ("specversion", "0.30", "C4"),
        ] as [(AttributeName, AttributeValue, String)]
    )
    func refused(name: AttributeName, value: AttributeValue, rule: String) {
        expectError(
            name == .specVersion ? .unsupportedVersion : .invalidValue,
            rule: rule,
            attribute: name.string
        ) { try read([name: value], .text("e30=")) }
    }

    @Test("An attribute may be there once (C3)", arguments: ["schemaurl", "datacontentencoding", "specversion", "id"])
    func duplicates(name: AttributeName) {
        let attributes = [
            ("specversion", "0.3"), ("id", "1"), ("source", "/s"), ("type", "t"), ("schemaurl", "http://h/"),
            ("datacontentencoding", "base64"),
        ].map { CloudEvent.Attribute(name: AttributeName(unchecked: $0.0), value: .string($0.1)) }
        #expect(throws: Never.self) { try CloudEvent(attributes: attributes) }
        expectError(.duplicate, rule: "C3") {
            try CloudEvent(attributes: attributes + attributes.filter { $0.name == name })
        }
    }

    @Test("In an event of 1.0 the names of 0.3 are extensions (C11)")
    func version1() throws {
        let event = try read(
            ["specversion": "1.0", "schemaurl": "http://h/", "datacontentencoding": "base64"],
            .text("e30=")
        )
        #expect(event.dataSchema == nil && event.data == .text("e30="))
        #expect(event.extensions == ["schemaurl": "http://h/", "datacontentencoding": "base64"])
    }

    @Test("Messages of 0.3 in binary mode are read by every binding with text headers (SDK7)")
    func messages() throws {
        let attributes = [
            ("specversion", "0.3"), ("id", "1"), ("source", "/s"), ("type", "t"), ("schemaurl", "http://h/"),
            ("datacontentencoding", "Base64"),
        ]
        let body = SharedBytes(utf8: "e30=")
        let events = [
            try HTTPBinding().decode(
                HTTPMessage(headers: attributes.map { MessageHeader("ce-" + $0.0, $0.1) }, body: body)
            ),
            try NATSBinding().decode(
                NATSMessage(headers: attributes.map { MessageHeader("ce-" + $0.0, $0.1) }, payload: body)
            ),
            try KafkaBinding().decode(
                KafkaMessage(value: body, headers: attributes.map { KafkaHeader("ce_" + $0.0, $0.1) })
            ),
        ]
        for event in events {
            #expect(event.specVersion == .v1 && event.dataSchema == "http://h/" && event.extensions.isEmpty)
            #expect(event.data.bytes == SharedBytes(utf8: "{}"))
        }
    }
}

/// Events of version 0.3 in JSON, single and in batches.
struct SpecVersion03JSONTests {
    private static let old =
        #"{"specversion":"0.3","id":"1","source":"/s","type":"t","schemaurl":"http://h/","#
        + #""datacontentencoding":"base64","datacontenttype":"text/plain","data":"aGk="}"#

    @Test("An event of 0.3 in JSON is read from an array, from shared bytes and from a batch (SDK7, J13)")
    func readsJSON() throws {
        let format = JSONEventFormat()
        let expected = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            dataContentType: "text/plain",
            dataSchema: "http://h/",
            data: .binary(Array("hi".utf8))
        )
        #expect(try format.decode(Array(Self.old.utf8)) == expected)
        #expect(try format.decode(SharedBytes(utf8: Self.old)) == expected)
        let new = #"{"specversion":"1.0","id":"2","source":"/s","type":"t"}"#
        let batch = try format.decodeBatch(SharedBytes(utf8: "[\(new),\(Self.old),\(new)]"))
        #expect(batch.map(\.id) == ["2", "1", "2"])
        #expect(batch[1] == expected)
    }

    @Test("What is wrong with an event of 0.3 is said with its attribute (SDK7)")
    func refusesJSON() {
        let wrong = Self.old.replacing("base64", with: "gzip")
        expectError(.invalidValue, attribute: "datacontentencoding") {
            try JSONEventFormat().decode(SharedBytes(utf8: wrong))
        }
        expectError(.invalidValue, attribute: "datacontentencoding") {
            try JSONEventFormat().decodeBatch(SharedBytes(utf8: "[\(wrong)]"))
        }
    }
}
