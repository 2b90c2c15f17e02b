// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

@testable import CloudEventsTool

/// `cloudevents inspect`
struct InspectTests {
    @Test("Attributes have their types, rules and values; data has its kind and size")
    func table() {
        let result = Run("inspect", Example.full)
        let expected = """
            event 1
              ATTRIBUTE        TYPE           RULE  VALUE
              specversion      String         C4    1.0
              id               String         C10   1
              source           URI-reference  C5    /s
              type             String         C6    t
              subject          String         C7    é
              time             Timestamp      C7    2025-01-01T00:00:00Z
              datacontenttype  String         C7    application/json
              dataschema       URI            C7    https://example.com/s
              severitynumber   Integer        E5    9
              flag             Boolean        C11   true
              note             String         C11   n
              data: json, 17 bytes
              extension severity (E5): valid

            """
        #expect(result.output == expected)
        #expect(result.status == 0 && result.messages.isEmpty)
    }

    @Test("What is wrong with an extension is said, and its status is 1 (E1)")
    func wrongExtension() {
        let result = Run("inspect", #"{\#(Example.core),"tracestate":"a=b"}"#)
        #expect(result.status == 1 && result.messages.isEmpty)
        #expect(result.output.contains("extension distributed tracing (E1): wrong: attribute traceparent: "))
    }

    @Test("Events that cannot be read do not hide the others")
    func failures() {
        let result = Run("inspect", "\(Example.event)\n{}\n\(Example.event)")
        #expect(result.status == 1 && result.messages.count == 1)
        #expect(result.output.contains("event 1\n") && result.output.contains("\n\nevent 3\n"))
    }

    @Test("For programs the same is JSON")
    func json() throws {
        let result = Run(
            "inspect --json",
            "\(Example.event)\n{\(Example.core),\"sampledrate\":0,\"data\":\"\\\"\"}\n{\"id\":7}"
        )
        #expect(result.status == 1 && result.messages.isEmpty)
        // It is JSON.
        _ = try EventData.json(result.output)
        let pieces = [
            #"{"form":"jsonl","events":[{"event":1,"attributes":[{"name":"specversion","type":"String","rule":"C4","value":"1.0"},"#,
            #""data":{"kind":"absent","bytes":0},"extensions":[]},"#, #""data":{"kind":"json","bytes":4}"#,
            #""extensions":[{"title":"sampled rate","rule":"E6","valid":false,"attribute":"sampledrate","code":"invalidValue","#,
            #""errors":[{"event":3,"code":"invalidValue","message":"#,
            #""attribute":"id","rule":"J2","offset":"#, #""line":3,"column":"#,
        ]
        for piece in pieces { #expect(result.output.contains(piece), "\(piece)\n\(result.output)") }
        #expect(Run("inspect --json", "[]").output == #"{"form":"json-batch","events":[],"errors":[]}"# + "\n")
    }
}
