// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// How deep data is nested is the same limit everywhere: what one format reads, every other one carries.
struct NestingDepthTests {
    private func event(depth: Int) -> SharedBytes {
        let open = String(repeating: #"{"a":"#, count: depth - 1)
        let data = open + "{}" + String(repeating: "}", count: depth - 1)
        return SharedBytes(utf8: #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":\#(data)}"#)
    }

    private func deepestEvent(_ format: JSONEventFormat) throws -> CloudEvent {
        let depth = try #require((1...300).last { (try? format.decode(event(depth: $0))) != nil })
        #expect(depth == format.limits.nestingDepth - 2)
        return try format.decode(event(depth: depth))
    }

    private func formats(_ limits: CodecLimits) -> [any EventFormat] {
        [
            JSONEventFormat(limits: limits), ProtobufEventFormat(limits: limits), AvroEventFormat(limits: limits),
            XMLEventFormat(limits: limits),
        ]
    }

    @Test("The deepest data that is read is JSON behind every format (J5)", arguments: [128, 200])
    func formats(limit: Int) throws {
        var limits = CodecLimits()
        limits.nestingDepth = limit
        let json = JSONEventFormat(limits: limits)
        let event = try deepestEvent(json)
        for format in formats(limits) {
            let carried = try format.decode(format.encode(event))
            #expect(try json.decode(json.encode(carried)).data == event.data, "\(format.contentType)")
            guard format.batchContentType != nil else { continue }
            let batch = try format.decodeBatch(format.encodeBatch([event]))
            #expect(try json.decodeBatch(json.encodeBatch(batch))[0].data == event.data, "\(format.contentType)")
        }
    }

    @Test("The deepest data that is read is JSON behind a message in binary mode (J5, H5)", arguments: [128, 200])
    func binaryMode(limit: Int) throws {
        var limits = CodecLimits()
        limits.nestingDepth = limit
        let json = JSONEventFormat(limits: limits)
        let event = try deepestEvent(json)
        let received = try HTTPBinding().decode(HTTPBinding().encode(event))
        #expect(received.data.kind == (limit == 128 ? .json : .binary))
        #expect(try json.decode(json.encode(received)).data == event.data)
    }

    @Test("The deepest data can be made from its text, and a value read from it (SDK5)")
    func values() throws {
        struct Nested: Decodable { var a: [String: String]? }
        let data = try deepestEvent(JSONEventFormat()).data
        #expect(try EventData.json(data.bytes) == data)
        for data in [data, try .text(utf8: data.bytes)] {
            expectError(.invalidData) { try data.decode(Nested.self, contentType: "application/json") }
        }
    }

    @Test(
        "Received JSON of any depth crashes nothing; too deep for a reader it stays bytes",
        arguments: [127, 1_000_000]
    )
    func hostileDepth(depth: Int) throws {
        let text = SharedBytes(utf8: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        var unlimited = JSONEventFormat()
        unlimited.limits.nestingDepth = .max
        for data in [EventData(received: text, contentType: "application/json"), try .text(utf8: text)] {
            let event = try CloudEvent(
                id: "1",
                source: "/s",
                type: "t",
                dataContentType: "application/json",
                data: data
            )
            let written = try unlimited.encode(event)
            #expect(try unlimited.decode(written).data.bytes == text)
            expectError(.limitExceeded) { try JSONEventFormat().decode(written) }
            #expect(throws: CloudEventError.self) { try event.decodeData([Int].self) }
            #expect(throws: CloudEventError.self) { try unlimited.decode(written).decodeData([Int].self) }
            if data.kind == .binary {
                #expect(try JSONEventFormat().decode(JSONEventFormat().encode(event)) == event)
            } else {
                expectError(.notRepresentable, rule: "J5") { try JSONEventFormat().encode(event) }
            }
        }
    }
}
