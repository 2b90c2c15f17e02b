// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct XMLBatchTests {
    let format = XMLEventFormat()
    private static let event = "<ce:event specversion='1.0'>\(XMLDocument.required)</ce:event>"

    private func decode(_ content: String) throws -> [CloudEvent] {
        try format.decodeBatch(SharedBytes(utf8: "<ce:batch \(XMLDocument.declarations)>\(content)</ce:batch>"))
    }

    @Test("A batch is a list of events, comments and foreign elements apart (X6, X8)")
    func batches() throws {
        #expect(try decode("").isEmpty)
        #expect(try format.decodeBatch(SharedBytes(utf8: "<ce:batch \(XMLDocument.declarations)/>")).isEmpty)
        let content = "\n <!-- c -->\(Self.event)<x><ce:event/>text</x><?p?>\(Self.event)<![CDATA[ ]]>"
        #expect(try decode(content).map(\.id) == ["1", "1"])
    }

    @Test("Of its namespace a batch has only events (X8)")
    func otherElements() {
        for name in ["bogus", "batch", "Event", "id"] {
            expectError(.malformed, rule: "X8") { try decode("\(Self.event)<ce:\(name)/>") }
        }
    }

    @Test("A batch has no text (X7)", arguments: ["x", "&#65;", "<![CDATA[x]]>"])
    func text(text: String) {
        expectError(.malformed, rule: "X7") { try decode(Self.event + text) }
        expectError(.malformed, rule: "X7") { try decode(text + Self.event) }
    }

    @Test("One event that is refused refuses the batch, with its place (X8)")
    func invalidEvent() {
        let start = "<ce:batch \(XMLDocument.declarations)>".utf8.count + Self.event.utf8.count
        expectError(.missingAttribute, attribute: "id", offset: start) {
            try decode(Self.event + Self.event.replacing("<ce:id>1</ce:id>", with: ""))
        }
        expectError(.missingAttribute, rule: "X2", offset: start) { try decode(Self.event + "<ce:event/>") }
    }

    @Test("A batch cannot multiply a long name of a namespace (X5)", arguments: [(10, true), (16, true), (17, false)])
    func addedDeclarations(count: Int, isRead: Bool) throws {
        let name = "urn:" + String(repeating: "n", count: 3900)
        let data = "<ce:data xsi:type='xs:any'><p:a/></ce:data>"
        let event = Self.event.replacing("</ce:event>", with: data + "</ce:event>")
        let events = String(repeating: event, count: count)
        let batch = "<ce:batch \(XMLDocument.declarations) xmlns:p='\(name)'>\(events)</ce:batch>"
        if isRead {
            #expect(try format.decodeBatch(SharedBytes(utf8: batch)).count == count)
        } else {
            expectError(.limitExceeded, attribute: "data") { try format.decodeBatch(SharedBytes(utf8: batch)) }
        }
        let foreign = "<x>" + String(repeating: "x", count: count * name.utf8.count) + "</x></ce:batch>"
        let large = SharedBytes(utf8: batch.replacing("</ce:batch>", with: foreign))
        #expect(try format.decodeBatch(large).count == count)
    }

    @Test("The limits of a batch hold")
    func limits() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t")
        let batch = try format.encodeBatch([event, event])
        var format = format
        format.limits.batchEvents = 2
        format.limits.batchBytes = batch.count
        format.limits.eventBytes =
            "<ce:event specversion='1.0'></ce:event>".utf8.count + XMLDocument.required.utf8.count
        #expect(try format.decodeBatch(batch).count == 2)
        format.limits.eventBytes -= 1
        expectError(.limitExceeded) { try format.decodeBatch(batch) }
        format.limits = CodecLimits()
        format.limits.batchEvents = 1
        expectError(.limitExceeded) { try format.decodeBatch(batch) }
        format.limits = CodecLimits()
        format.limits.batchBytes = batch.count - 1
        expectError(.limitExceeded) { try format.decodeBatch(batch) }
    }
}
