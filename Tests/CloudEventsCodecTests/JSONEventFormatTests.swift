// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct JSONEventFormatTests {
    static let required = #""specversion":"1.0","id":"1","source":"/s","type":"t""#
    let format = JSONEventFormat()

    private func decode(_ members: String) throws -> CloudEvent {
        try format.decode(SharedBytes(utf8: "{\(Self.required),\(members)}"))
    }

    @Test(
        "Broken rules are refused with their name",
        arguments: [
            (#""time":"yesterday""#, CloudEventError.Code.invalidValue, "T7", "time"),
            (#""time":1"#, .invalidValue, "J2", "time"),
            (#""subject":"""#, .invalidValue, "C7", "subject"),
            (#""subject":"a\u0007""#, .invalidValue, "T3", "subject"),
            (#""datacontenttype":"text/""#, .invalidValue, "C7", "datacontenttype"),
            (#""dataschema":"/relative""#, .invalidValue, "T5", "dataschema"),
            (#""dataschema":"""#, .invalidValue, "C7", "dataschema"),
            (#""x":1.0"#, .invalidValue, "T2", "x"),
            (#""x":1e2"#, .invalidValue, "T2", "x"),
            (#""x":-2147483649"#, .invalidValue, "T2", "x"),
            (#""x":99999999999999999999"#, .invalidValue, "T2", "x"),
            (#""x":[]"#, .invalidValue, "J2", "x"),
            (#""x":{"a":1}"#, .invalidValue, "J2", "x"),
            (#""X":1"#, .invalidName, "C13", "X"),
            (#""data_x":1"#, .invalidName, "C13", "data_x"),
            (#""x":null,"x":1"#, .duplicate, "C3", "x"),
            (#""id":"2""#, .duplicate, "C3", "id"),
            (#""\u0069d":"2""#, .duplicate, "C3", "id"),
            (#""data":1,"data":2"#, .duplicate, "C3", "data"),
            (#""data":1,"data_base64":"AA==""#, .invalidData, "J8", "data"),
            (#""data_base64":"AA==","data":null"#, .invalidData, "J8", "data"),
            (#""data_base64":"AB==""#, .invalidData, "J4", "data_base64"),
            (#""data_base64":1"#, .invalidData, "J4", "data_base64"),
            (#""data_base64":null,"data_base64":"AA==""#, .duplicate, "C3", "data_base64"),
            (#""data":{},"datacontenttype":"text/plain""#, .invalidData, "J10", "data"),
        ]
    )
    func refused(members: String, code: CloudEventError.Code, rule: String, attribute: String) {
        expectError(code, rule: rule, attribute: attribute) { try decode(members) }
    }

    @Test("A null in place of base64 is no data (J3)", arguments: ["", #","data":"x""#, #","data":null"#])
    func nullBase64(data: String) throws {
        let event = try decode(#""data_base64":null"# + data)
        #expect(event.data.text == (data.isEmpty ? nil : String(data.dropFirst(8))))
    }

    @Test(
        "Required attributes are required, and null is as good as missing (C1, C2, C4, J3)",
        arguments: [
            ("id", "null"), ("source", "null"), ("type", "null"), ("specversion", "null"), ("id", #""""#),
            ("source", #""""#), ("type", #""""#), ("specversion", #""1.0.2""#), ("specversion", #""0.2""#),
        ]
    )
    func required(name: String, value: String) throws {
        let members = ["specversion", "id", "source", "type"].map {
            #""\#($0)":\#($0 == name ? value : $0 == "specversion" ? #""1.0""# : #""a""#)"#
        }
        let code: CloudEventError.Code =
            value == "null" ? .missingAttribute : name == "specversion" ? .unsupportedVersion : .invalidValue
        expectError(code, attribute: name) {
            try format.decode(SharedBytes(utf8: "{" + members.joined(separator: ",") + "}"))
        }
        let without = members.filter { !$0.hasPrefix("\"\(name)") }.joined(separator: ",")
        expectError(.missingAttribute, rule: "C1", attribute: name) {
            try format.decode(SharedBytes(utf8: "{" + without + "}"))
        }
    }

    @Test(
        "Data is what its content type and its place say (J4 to J10)",
        arguments: [
            (#""data":null"#, EventData.Kind.json, "null"),
            (#""data": [1.50, 1e400] "#, .json, "[1.50, 1e400]"),
            (#""data":"{\"a\":1}""#, .json, #""{\"a\":1}""#),
            (#""data":"x","datacontenttype":"Application/JSON""#, .json, #""x""#),
            (#""data":"x\n\ud83d\ude00","datacontenttype":"text/plain""#, .text, "x\n😀"),
            (#""data":"é","datacontenttype":"text/plain""#, .text, "é"),
            (#""datacontenttype":"text/plain","data":"""#, .text, ""),
            (#""data_base64":"eDE=""#, .binary, "x1"),
            (#""data_base64":"","datacontenttype":"application/json""#, .binary, ""),
        ]
    )
    func data(members: String, kind: EventData.Kind, text: String) throws {
        let event = try decode(members)
        #expect(event.data.kind == kind)
        #expect(event.data.text == text)
    }

    @Test("Data is not copied out of the input")
    func dataSharesTheInput() throws {
        let input = SharedBytes(utf8: #"{\#(Self.required),"data":{"a":"\n"}}"#)
        #expect(try format.decode(input).data.bytes.bufferIdentity == input.bufferIdentity)
        #expect(try format.decode(input).detached().data.bytes.bufferIdentity != input.bufferIdentity)
        let text = SharedBytes(utf8: #"{\#(Self.required),"datacontenttype":"text/plain","data":"plain"}"#)
        #expect(try format.decode(text).data.bytes.bufferIdentity == text.bufferIdentity)
    }

    @Test("Null attributes are not set (J3)")
    func nullAttributes() throws {
        let event = try decode(#""subject":null,"time":null,"datacontenttype":null,"dataschema":null,"x":null"#)
        #expect(event == (try CloudEvent(id: "1", source: "/s", type: "t")))
    }

    @Test("Data that JSON cannot carry under its content type is refused (J5, J7)")
    func notRepresentable() throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/plain")
        event.data = try .json(#"{"a":1}"#)
        expectError(.notRepresentable, rule: "J7") { try format.encode(event) }
        event.data = try .json(#""text""#)
        #expect(try format.decode(format.encode(event)).data == .text("text"))
        try event.setDataContentType("application/json")
        event.data = .text("{")
        expectError(.notRepresentable, rule: "J5") { try format.encode(event) }
        var output: [UInt8] = [1]
        #expect(throws: CloudEventError.self) { try format.encode(event, into: &output) }
        #expect(output == [1])
        event.data = .text(" [1] ")
        #expect(try format.decode(format.encode(event)).data == (try .json("[1]")))
    }

    @Test("An event is written without white space, in one order")
    func encoded() throws {
        let event = try CloudEvent(
            id: "a\"b",
            source: "/s",
            type: "t",
            subject: "x",
            time: Timestamp("2018-04-05T17:31:00.50+02:00"),
            dataContentType: "text/plain",
            dataSchema: "https://example.com",
            extensions: ["int": -5, "bool": true, "bin": .binary(SharedBytes([77]))],
            data: .text("é\n")
        )
        let expected =
            #"{"specversion":"1.0","id":"a\"b","source":"/s","type":"t","subject":"x","#
            + #""time":"2018-04-05T17:31:00.50+02:00","datacontenttype":"text/plain","#
            + #""dataschema":"https://example.com","int":-5,"bool":true,"bin":"TQ==","data":"é\n"}"#
        #expect(String(decodingUTF8: try format.encode(event)) == expected)
    }

    @Test(
        "Errors tell the byte",
        arguments: [
            ("", 0), ("{", 1), ("{\"id\"", 5), ("{\"id\":\"\u{1}\"}", 7), ("[1]", 0), (" {\"x\":1.0}", 3),
            ("{\"a\":tru}", 5),
            ("{\"a\":01}", 6), ("{\"a\":-}", 6), ("{\"a\":\"\\ud800\"}", 6), ("{\"a\":\"\\x\"}", 6), ("{} x", 2),
        ]
    )
    func places(text: String, offset: Int) {
        do {
            _ = try format.decode(SharedBytes(utf8: text))
            Issue.record("it was accepted")
        } catch {
            #expect(error.offset == offset, "\(error)")
        }
    }

    @Test("The Integer -0 has the canonical text 0 (T2, J2)", arguments: ["-0", #""-0""#, #""\u002d0""#])
    func minusZero(text: String) throws {
        let format = JSONEventFormat(extensionTypes: ["e": .integer])
        let event = try format.decode(
            SharedBytes(utf8: #"{"e":\#(text),"specversion":"1.0","id":"1","source":"/s","type":"t","z":1}"#)
        )
        #expect(event["e"] == .integer(0))
        #expect(event.canonicalString(of: "e") == "0")
        #expect(event["z"] == .integer(1))
    }
}
