// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// Messages of bindings as input and output.
struct MessageTests {
    static let binaryHTTP =
        "POST /in HTTP/1.1\r\nHost: example.com\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n"
        + "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"
    static let structuredHTTP = "content-type: application/cloudevents+json\n\n\(Example.event)"
    static let batchedHTTP = "content-type: application/cloudevents-batch+json\n\n[\(Example.event),\(Example.event)]"

    @Test(
        "An HTTP message is read in the mode of its content type, whichever form is named (H1)",
        arguments: ["", "--from http", "--from http-structured", "--from http-batched"]
    )
    func http(_ from: String) {
        #expect(Run("validate " + from, Self.binaryHTTP).output.split(separator: "\n").count == 1)
        #expect(Run("validate " + from, Self.structuredHTTP).output.split(separator: "\n").count == 1)
        #expect(Run("validate " + from, Self.batchedHTTP).output.split(separator: "\n").count == 2)
        let two = Run("validate " + from, Self.binaryHTTP + "\r\n" + Self.binaryHTTP)
        #expect(two.status == 0 && two.output.split(separator: "\n").count == 2)
    }

    @Test("A body keeps its bytes (H5)")
    func body() {
        let result = Run("convert --to json", Self.binaryHTTP)
        #expect(result.output.contains(#""data":"abc""#) && result.status == 0)
        let back = Run("convert --to http", result.output)
        #expect(back.output.hasSuffix("content-type: text/plain\r\ncontent-length: 3\r\n\r\nabc"))
    }

    @Test("An error in a body has its place in the whole input")
    func place() {
        let result = Run("validate", Self.structuredHTTP.replacing(#""id":"1""#, with: "\n\"id\":\"\""))
        #expect(result.messages.first?.hasPrefix("event 1: line 4, column ") == true, "\(result.messages)")
        let header = Run("validate", Self.binaryHTTP.replacing("ce-id: 1", with: "ce-id: "))
        #expect(header.status == 1 && header.messages.first?.contains("attribute id (C2)") == true)
        let none = Run("validate", "Host: example.com\n\nabc")
        #expect(none.status == 1, "a message without an event is not valid (H12)")
    }

    @Test(
        "Messages as JSON lines are told by their names",
        arguments: [
            (
                "message:kafka",
                #"{"headers":[["ce_specversion","1.0"],["ce_id","1"],["ce_source","/s"],["ce_type","t"]]}"#
            ),
            (
                "message:amqp",
                #"{"properties":[["cloudEvents:specversion","1.0"],["cloudEvents:id","1"],["cloudEvents:source","/s"],"#
                    + #"["cloudEvents:type","t"],["cloudEvents:time",{"timestamp":0}],["cloudEvents:a",7],"#
                    + #"["cloudEvents:b",true],["cloudEvents:c",{"binary":"AA=="}],["cloudEvents:d",null]]}"#
            ),
            (
                "message:mqtt",
                #"{"contentType":null,"properties":[["specversion","1.0"],["id","1"],["source","/s"],["type","t"]]}"#
            ),
            (
                "message:nats",
                #"{"headers":[["ce-specversion","1.0"],["ce-id","1"],["ce-source","/s"],["ce-type","t"]],"body":null}"#
            ),
            (
                "message:mqtt",
                #"{"contentType":"application/cloudevents+json","body":"\#(Base64.encode(SharedBytes(utf8: Example.event)))"}"#
            ),
        ]
    )
    func messages(form: String, line: String) {
        let result = Run("inspect --json", line + "\n" + line + "\n")
        #expect(result.status == 0, "\(result.messages)")
        #expect(result.output.hasPrefix(#"{"form":"\#(form)","#))
        #expect(Run("validate --from \(form)", line).output == "event 1: valid, t from /s, id 1\n")
    }

    @Test("Types of AMQP come as they are (A4)")
    func amqp() {
        let line =
            #"{"properties":[["cloudEvents_specversion","1.0"],["cloudEvents_id","1"],["cloudEvents_source","/s"],"#
            + #"["cloudEvents_type","t"],["cloudEvents_time",{"timestamp":-1}],["cloudEvents_a",7]],"body":"AAE="}"#
        let text = Run("inspect", line).output
        #expect(text.contains("time         Timestamp      C7    1969-12-31T23:59:59.999Z"), "\(text)")
        #expect(text.contains("a            Integer        C11   7") && text.contains("data: binary, 2 bytes"))
        #expect(Run("convert --to message:amqp", line).output.contains(#"["cloudEvents_time",{"timestamp":-1}]"#))
    }

    @Test(
        "What is no message is refused with its line",
        arguments: [
            "[]", "{", #"{"headers":{}}"#, #"{"headers":[["a"]]}"#, #"{"headers":[["a","b","c"]]}"#,
            #"{"headers":[[1,"b"]]}"#, #"{"headers":[["a",[]]]}"#, #"{"headers":[["a",{}]]}"#,
            #"{"headers":[["a",1.5]]}"#,
            #"{"headers":[["a",{"binary":"*"}]]}"#, #"{"body":"*"}"#, #"{"body":7}"#, #"{"contentType":7}"#,
            #"{"headers":[["a",{"timestamp":1,"b":2}]]}"#, #"{"headers":[["a",99999999999999999999]]}"#, "{} {}",
        ]
    )
    func malformed(_ line: String) {
        for binding in ["kafka", "amqp", "mqtt", "nats"] {
            let result = Run("validate --from message:\(binding)", "\n" + line)
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.messages.first?.hasPrefix("event 1: line 2, column ") == true, "\(result.messages)")
            #expect(result.messages.first?.hasSuffix("[malformed]") == true, "\(result.messages)")
        }
    }

    @Test("What is wrong with a body in base64 is told by its line and the byte of the body")
    func placeInBase64() {
        let event = Example.event.replacing(#""id":"1""#, with: #""id":"""#)
        let good = Run("convert --to message:kafka", Example.event).output
        let headers = #"[["content-type","application/cloudevents+json"]]"#
        let bad = "{\"headers\":\(headers),\"body\":\"\(Base64.encode(SharedBytes(utf8: event)))\"}"
        let result = Run("validate", good + bad)
        #expect(result.messages.first?.hasPrefix("event 2: line 2, column 1: ") == true, "\(result.messages)")
        #expect(result.messages.first?.contains("of the body)") == true, "\(result.messages)")
    }

    @Test("A header that is null is no text", arguments: ["kafka", "mqtt", "nats"])
    func nullHeader(binding: String) {
        let valid = Run("convert --to message:\(binding)", Example.event).output
        let null = valid.replacing(#"["# + #"["#, with: #"[["x",null],["#)
        #expect(Run("validate --from message:\(binding)", valid).status == 0)
        let result = Run("validate --from message:\(binding)", null.replacing("\"x\"", with: "\"ce_x\""))
        #expect(result.status == 1 && result.messages.first?.contains("null") == true, "\(result.messages)")
    }

    @Test("Messages in front of one that cannot be read are told")
    func messagesInFront() {
        let short = Self.binaryHTTP.replacing("Content-Length: 3", with: "Content-Length: 300")
        let result = Run("validate", [Self.binaryHTTP, Self.binaryHTTP, short].joined(separator: "\r\n"))
        #expect(result.status == 1 && result.output.split(separator: "\n").count == 2)
        #expect(result.messages.count == 1 && result.messages[0].hasPrefix("event 3: "), "\(result.messages)")
    }
}
