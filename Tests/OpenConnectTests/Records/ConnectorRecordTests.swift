// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Connector record")
struct ConnectorRecordTests {
    @Test("A record is a value of at most 80 bytes")
    func size() {
        #expect(MemoryLayout<ConnectorRecord>.size <= 80)
    }

    @Test("Changing a copy leaves the original as it was")
    func copyOnWrite() {
        var original = ConnectorRecord("data", offset: RecordOffset(1))
        original.key = "key"
        original.headers = [RecordHeader("a", "1")]
        original[extension: "one"] = 1
        let before = original
        var copy = original
        copy.key = "other"
        copy.headers.append(RecordHeader("b", "2"))
        copy[extension: "one"] = nil
        copy[extension: "two"] = "2"
        copy.id = "id"
        copy.subject = "subject"
        copy.deliveryAttempt = 3
        copy.data = .structured(.null)
        #expect(original == before)
        #expect(original.key == "key" && original.headers.count == 1 && original[extension: "one"] == 1)
        #expect(copy.extensions == [EventExtension("two", "2")])
        #expect(copy.key == "other" && copy.headers.count == 2 && copy.deliveryAttempt == 3)
    }

    @Test("Data of every form and offsets of every form are kept")
    func dataAndOffset() throws {
        var record = ConnectorRecord(.structured(.integer(1)), offset: RecordOffset("a text of more than 15 bytes"))
        #expect(record.data == .structured(.integer(1)))
        #expect(record.offset?.text == "a text of more than 15 bytes")
        record.data = "text"
        #expect(record.data == "text")
        record.offset = RecordOffset(5, incarnation: 6)
        #expect(record.offset == RecordOffset(5, incarnation: 6))
        #expect(record.position?.offset == RecordOffset(5, incarnation: 6))
        record.offset = nil
        #expect(record.offset == nil && record.position == nil)
    }

    @Test("The partition's defaults hold where the record says nothing")
    func defaults() {
        let defaults = RecordDefaults(source: "/s", type: "t", contentType: "text/plain", schema: "x:y") { offset, _ in
            offset.map { "at \($0)" }
        }
        var record = ConnectorRecord("a", partition: RecordPartition("p", defaults: defaults), offset: RecordOffset(7))
        #expect(record.source == "/s" && record.type == "t" && record.contentType == "text/plain")
        #expect(record.schema == "x:y" && record.subject == "at 7")
        record.type = "own"
        record.subject = "mine"
        #expect(record.type == "own" && record.subject == "mine" && record.source == "/s")
    }

    private func counted() -> ConnectorRecord {
        let defaults = RecordDefaults { offset, data in offset.map { "\(data.count) bytes at \($0)" } }
        return ConnectorRecord("four", partition: RecordPartition("p", defaults: defaults), offset: RecordOffset(7))
    }

    @Test("A computed subject is fixed before data or offset change")
    func computedSubject() {
        var record = counted()
        record.data = "longer data"
        #expect(record.subject == "4 bytes at 7")
        record.offset = nil
        #expect(record.subject == "4 bytes at 7")
        record = counted()
        record.offset = RecordOffset(8)
        #expect(record.subject == "4 bytes at 7")
        record = counted()
        record.partition = .single
        #expect(record.subject == "4 bytes at 7")
    }

    @Test("A subject that was computed to nothing stays nothing")
    func computedToNothing() {
        var record = counted()
        let partition = record.partition
        record = ConnectorRecord("four", partition: partition)
        #expect(record.subject == nil)
        record.offset = RecordOffset(9)
        #expect(record.subject == nil)
    }

    @Test("Moving a record to another partition keeps what it says")
    func otherPartition() {
        let from = RecordPartition("a", defaults: RecordDefaults(source: "/a", type: "t", contentType: "x/y"))
        var record = ConnectorRecord("data", partition: from, offset: RecordOffset(1))
        record.partition = RecordPartition("b", defaults: RecordDefaults(source: "/b", type: "u"))
        #expect(record.source == "/a" && record.type == "t" && record.contentType == "x/y")
        #expect(record.partition.name == "b")
    }

    @Test("Milliseconds of an upstream: none, a time, not a time (S46)")
    func timestamp() throws {
        #expect(try RecordTimestamp(upstreamMilliseconds: -1) == nil)
        #expect(try RecordTimestamp(upstreamMilliseconds: 0)?.nanosecondsSince1970 == 0)
        #expect(try RecordTimestamp(upstreamMilliseconds: 1500)?.nanosecondsSince1970 == 1_500_000_000)
        for wrong in [-2, Int64.min, .max] {
            expectError(mentioning: "\(wrong)") { try RecordTimestamp(upstreamMilliseconds: wrong) as Any }
        }
        var record = ConnectorRecord("a")
        #expect(record.timestamp == nil)
        record.timestamp = RecordTimestamp(nanosecondsSince1970: 5)
        #expect(record.timestamp == RecordTimestamp(nanosecondsSince1970: 5))
    }

    @Test("Partitions are equal by name, and identical by object")
    func partitions() {
        let one = RecordPartition("p")
        let two = RecordPartition("p")
        #expect(one == two && one.hashValue == two.hashValue && !one.isIdentical(to: two))
        #expect(RecordPartition("") == .single && RecordPartition("").isIdentical(to: .single))
        #expect(one.description == "\"p\"" && RecordPartition.single.description == "the only partition")
    }

    @Test(
        "Only a payload held as bytes with nothing beside it is plain bytes, and the raw format writes it as it is held"
    )
    func plainBytes() throws {
        let json = RecordPartition("p", defaults: RecordDefaults(contentType: "application/json"))
        var keyed = ConnectorRecord("data")
        keyed.key = "key"
        var named = ConnectorRecord("data")
        named.id = "7"
        let plain: [ConnectorRecord] = [
            ConnectorRecord("data"), ConnectorRecord(.bytes([0, 1])), ConnectorRecord(""),
            ConnectorRecord(try .json(SharedBytes(utf8: " [1] "))),
            ConnectorRecord("data", partition: RecordPartition("p"), offset: RecordOffset(7)),
        ]
        let others = [
            keyed, named, ConnectorRecord(.absent), ConnectorRecord(.structured(.integer(1))),
            ConnectorRecord("data", partition: json),
        ]
        #expect(others.allSatisfy { !$0.isPlainBytes })
        for record in plain {
            #expect(record.isPlainBytes)
            #expect(try RawFormat().encode(record, defaults: .test) == EncodedRecord(record.heldBytes))
        }
    }
}
