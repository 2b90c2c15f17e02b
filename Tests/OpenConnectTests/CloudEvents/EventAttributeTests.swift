// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Attributes of records in events")
struct EventAttributeTests {
    private func event(
        _ options: EventOptions = [],
        _ change: (inout ConnectorRecord) -> Void
    ) throws -> CloudEvent {
        var record = ConnectorRecord("data", offset: RecordOffset(42))
        change(&record)
        return try record.event(defaults: .test, options: options)
    }

    @Test(
        "The id is made of partition and offset",
        arguments: [
            ("", RecordOffset(42), "42"), ("", RecordOffset(-1), "-1"),
            ("access.log", RecordOffset(42), "access.log:42"),
            ("a", RecordOffset(42, incarnation: 0x1F3A), "a:42.1f3a"),
            ("a b%:\"\u{85}", RecordOffset(1), "a%20b%25:%22%C2%85:1"),
            ("/var/log/привет.log", RecordOffset(1), "/var/log/привет.log:1"),
            ("a", RecordOffset("x/y z:1"), "a:~x/y%20z%3A1"),
            ("", RecordOffset(""), "~"),
        ]
    )
    func id(partition: String, offset: RecordOffset, expected: String) throws {
        let event = try self.event {
            $0.partition = RecordPartition(partition)
            $0.offset = offset
        }
        #expect(event.id == expected)
    }

    @Test("No two positions have one id, and a replay has the same")
    func idsDiffer() throws {
        var ids: [String: RecordPosition] = [:]
        for partition in ["", "a", "a:1", "a:", ":", "1", "a%3A1", "a.1", "~", "a:~"] {
            for offset in [
                RecordOffset(1), RecordOffset(1, incarnation: 1), RecordOffset(11), RecordOffset("1"),
                RecordOffset("1.1"),
                RecordOffset(""), RecordOffset("a:1"), try RecordOffset(encoding: [1]),
                try RecordOffset(encoding: [1], version: 2),
            ] {
                let record = ConnectorRecord("x", partition: RecordPartition(partition), offset: offset)
                let id = try record.event(defaults: .test).id
                #expect(try record.event(defaults: .test).id == id)
                #expect(ids.updateValue(record.position!, forKey: id) == nil, "\(id)")
            }
        }
    }

    @Test("Source and type come from the record, its partition, or the pipeline")
    func defaults() throws {
        let fromPipeline = try event { _ in }
        #expect(fromPipeline.source == "urn:openconnect:orders" && fromPipeline.type == "org.openconnect.test.record")
        let partition = RecordPartition("p", defaults: RecordDefaults(source: "/p", type: "of.partition"))
        let fromPartition = try event { $0.partition = partition }
        #expect(fromPartition.source == "/p" && fromPartition.type == "of.partition")
        let own = try event {
            $0.partition = partition
            $0.type = "own"
        }
        #expect(own.source == "/p" && own.type == "own")
    }

    @Test("A text key is the partition key; any other key is carried")
    func keys() throws {
        func extensions(_ key: RecordData) throws -> ExtensionAttributes { try event { $0.key = key }.extensions }
        #expect(try extensions("customer 7") == ["partitionkey": "customer 7"])
        #expect(try extensions("") == ["connectrecord": "key=text:"])
        #expect(try extensions("\n") == ["connectrecord": "key=text:%0A"])
        #expect(try extensions(.bytes([0, 0x61])) == ["connectrecord": "key=bytes:%00a"])
        #expect(try extensions(.absent) == ["connectrecord": "key=absent:"])
        #expect(try extensions(.structured(.integer(5))) == ["connectrecord": "key=structured:5"])
    }

    @Test("Timestamp, attempt and headers are carried in readable form")
    func carrier() throws {
        let event = try self.event {
            $0.timestamp = RecordTimestamp(nanosecondsSince1970: 1_500_000_000)
            $0.deliveryAttempt = 2
            $0.headers = [RecordHeader("trace id", "a&b"), RecordHeader("trace id", SharedBytes([0]))]
        }
        let expected =
            "timestamp=1970-01-01T00:00:01.500Z&attempt=2&header=trace%20id:a%26b&header=trace%20id:%00"
        #expect(event.extensions == ["connectrecord": .string(expected)])
    }

    @Test("An event's own attributes of these names survive, whatever they are")
    func foreignAttributes() throws {
        let own: ExtensionAttributes = [
            "partitionkey": 7, "connectrecord": "attempt=2", "connectrecordx": true, "connectposition": "none",
        ]
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: own)
        var record = ConnectorRecord(event: event, options: .includingPosition)
        #expect(record.key == nil && record.deliveryAttempt == nil && record.extensions.count == 4)
        #expect(try record.event(defaults: .test, options: .includingPosition) == event)
        record.key = "key"
        let changed = try record.event(defaults: .test)
        #expect(changed.extensions["partitionkey"] == 7 && changed.extensions["connectrecordxx"] == "key=text:key")
        #expect(ConnectorRecord(event: changed) == record)
    }

    @Test("The position travels only where it is asked for")
    func position() throws {
        let change: (inout ConnectorRecord) -> Void = { $0.partition = RecordPartition("a b") }
        #expect(try event([], change).extensions.isEmpty)
        let event = try self.event(.includingPosition, change)
        #expect(event.extensions == ["connectposition": "sequence:42@a%20b"])
        let restored = ConnectorRecord(event: event, options: .includingPosition)
        #expect(restored.partition.name == "a b" && restored.offset == RecordOffset(42))
        let plain = ConnectorRecord(event: event)
        #expect(plain.offset == nil && plain[extension: "connectposition"] != nil)
    }

    @Test("What no event can have is an error that names it")
    func refusals() {
        expectError(mentioning: "attribute subject", "empty") { try event { $0.subject = "" } }
        expectError(mentioning: "attribute id", "empty") { try event { $0.id = "" } }
        expectError(mentioning: "attribute type") { try event { $0.type = "a\nb" } }
        expectError(mentioning: "attribute datacontenttype") { try event { $0.contentType = "text" } }
        expectError(mentioning: "attribute time", "name of an attribute") { try event { $0[extension: "time"] = "x" } }
        expectError(mentioning: "attribute note") { try event { $0[extension: "note"] = "\u{0}" } }
        expectError(mentioning: "extension note twice") {
            try event { $0.extensions = [EventExtension("note", 1), EventExtension("note", 2)] }
        }
        expectError(mentioning: "neither an id nor an offset") { try event { $0.offset = nil } }
    }

    @Test("An error says where the record is")
    func errorPosition() throws {
        let error = #expect(throws: ConnectorError.self) { try event { $0.subject = "" } }
        #expect(error?.position?.offset == RecordOffset(42))
    }
}
