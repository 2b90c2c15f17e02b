// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import FileConnector

@Suite struct EventLineTests {
    private func events(of records: [ConnectorRecord]) async throws -> [CloudEvent] {
        let directory = try TemporaryDirectory()
        let sink = try await FileSink(path: directory["out"], format: .cloudEvents).ready()
        #expect(try await sink.put(records).isDelivered)
        await sink.stop()
        let lines = try directory.bytes(of: "out").split(separator: 0x0A)
        #expect(lines.count == records.count)
        return try lines.map { try JSONEventFormat().decode(Array($0)) }
    }

    @Test func `a line of a file becomes an event`() async throws {
        let directory = try TemporaryDirectory()
        let content = Array("plain\n\"quoted\" \\ \t{}\nä€😀\n\n".utf8) + [0xFF, 0x0A] + Array("{\"a\":1}\nlast".utf8)
        try directory.write(content, to: "in")
        let reading = try await read(directory["in"])
        let events = try await events(of: reading.records)
        #expect(events.map { Array($0.data.bytes) } == linesOf(content))
        #expect(events.map(\.subject) == reading.records.map(\.subject))
        #expect(events.allSatisfy { $0.type == "org.openconnect.file.line" && $0.dataContentType == "text/plain" })
        #expect(events.allSatisfy { $0.source.string == "file://\(directory.path)/in" && $0.time == nil })
        #expect(Set(events.map(\.id)).count == events.count)
    }

    @Test func `an event has the same id each time it is read`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write((0..<100).map { "line \($0)\n" }.joined(), to: "in")
        let all = try await read(directory["in"], .init(chunkSize: 100))
        let ids = try await events(of: all.records).map(\.id)
        for index in [0, 1, 50, 98] {
            let rest = try await read(directory["in"], from: all.positions[index])
            #expect(try await events(of: rest.records).map(\.id) == Array(ids[(index + 1)...]))
        }
    }

    @Test func `files and their generations have ids of their own`() async throws {
        let directory = try TemporaryDirectory()
        for name in ["a", "b", "a.1"] { try directory.write("same\n", to: name) }
        var ids: [String] = []
        ids += try await events(of: try await read([directory["a"], directory["b"]]).records).map(\.id)
        try directory.rename("a.1", to: "a")
        ids += try await events(of: try await read(directory["a"]).records).map(\.id)
        #expect(Set(ids).count == 3)
    }

    @Test func `attributes of a record win over those of its partition`() async throws {
        let defaults = RecordDefaults(source: "/default", type: "default", contentType: "text/plain")
        var record = ConnectorRecord(
            .json(checked: SharedBytes(utf8: "{\n}")),
            partition: RecordPartition("p", defaults: defaults),
            offset: RecordOffset("token")
        )
        let plain = ConnectorRecord("x", partition: record.partition, offset: RecordOffset(1))
        record.source = "/own"
        record.type = "own"
        record.contentType = "application/json"
        record.time = try Timestamp("2026-01-02T03:04:05Z")
        record[extension: "answer"] = .integer(42)
        let events = try await events(of: [plain, record, plain])
        #expect(events.map(\.source.string) == ["/default", "/own", "/default"])
        #expect(events.map(\.type) == ["default", "own", "default"])
        #expect(events.map(\.dataContentType) == ["text/plain", "application/json", "text/plain"])
        #expect(events[1].time == record.time)
        #expect(events[1].extensions["answer"] == .integer(42))
        #expect(events[0].id == events[2].id)
        #expect(events[0].id != events[1].id)
    }

    @Test func `a record without id and offset is rejected`() async throws {
        let directory = try TemporaryDirectory()
        let sink = try await FileSink(path: directory["out"], format: .cloudEvents).ready()
        let result = try await sink.put(recordsOf(["a"]) + [ConnectorRecord("b")] + recordsOf(["c"]))
        #expect(result.exceptions.map(\.index) == [1, 2])
        #expect(try directory.bytes(of: "out").filter { $0 == 0x0A }.count == 1)
        await sink.stop()
    }
}
