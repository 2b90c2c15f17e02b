// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("What the sink adds, and what it says of what it cannot", .serialized, .timeLimit(.minutes(10)))
struct SinkTests {
    private static func sink(
        _ server: RedisServer,
        _ stream: String,
        _ edit: (inout RedisStreamSinkOptions) -> Void = { _ in }
    ) throws -> RedisStreamSink {
        var options = RedisStreamSinkOptions()
        options.format = .raw
        edit(&options)
        return RedisStreamSink(stream: try StreamName(stream), of: server.address, options: options)
    }

    private static func record(_ text: String, type: String? = nil, partition: String = "p") -> ConnectorRecord {
        var record = ConnectorRecord(.text(text), partition: RecordPartition(partition), offset: RecordOffset(1))
        record.type = type
        return record
    }

    @Test("Streams are named by the record; what one lacks is a reason to reject it")
    func templates() async throws {
        let server = try await RedisServer()
        try await withSink(Self.sink(server, "to-{type}")) { sink in
            let records = [
                Self.record("1", type: "a"), Self.record("2", type: "b", partition: "q"),
                Self.record("3", partition: "r"),
                Self.record("4", type: "a"), Self.record("5", type: "a", partition: "r"),
            ]
            let result = try await sink.put(RecordBatch(records))
            #expect(result.exceptions.map(\.index) == [2, 4])
            #expect(result.exceptions[0].verdict.error?.message.contains("a type") == true)
        }
        #expect(try await server.items(of: "to-a") == ["1", "4"])
        #expect(try await server.items(of: "to-b") == ["2"])
        await server.kill()
    }

    @Test(
        "A stream that is something else rejects its records; in a lane nothing behind is added",
        arguments: ["{type}", "{partition}"]
    )
    func wrongType(template: String) async throws {
        let server = try await RedisServer()
        try await server.run("SET", "bad", "text")
        try await withSink(Self.sink(server, template)) { sink in
            let lanes = template == "{type}" ? ["p", "p", "p", "q"] : ["good", "bad", "bad", "good"]
            let types = ["good", "bad", "good", "good"]
            let records = (0..<4).map { Self.record("\($0)", type: types[$0], partition: lanes[$0]) }
            let result = try await sink.put(RecordBatch(records))
            #expect(result.exceptions.map(\.index) == [1, 2])
            let error = result.exceptions.first?.verdict.error
            #expect(error?.code == .invalidRecord && error?.position == records[1].position)
            #expect(result.exceptions.last?.verdict.error == nil)
        }
        #expect(try await server.items(of: "good") == ["0", "3"])
        await server.kill()
    }

    @Test(
        "While the server's memory is full everything waits, and nothing of a batch was added",
        arguments: ["out", "{type}"]
    )
    func memory(template: String) async throws {
        let server = try await RedisServer()
        try await withSink(Self.sink(server, template)) { sink in
            try await server.run("CONFIG", "SET", "maxmemory", "1")
            let batch = RecordBatch([Self.record("1", type: "out"), Self.record("2", type: "out")])
            let full = await #expect(throws: ConnectorError.self) { try await sink.put(batch) }
            #expect(full?.code == .throttled && full?.retryAfter == .seconds(1))
            #expect(full?.message.contains("maxmemory") == true)
            try await server.run("CONFIG", "SET", "maxmemory", "0")
            #expect(try await sink.put(batch).isDelivered)
        }
        #expect(try await server.items(of: "out") == ["1", "2"])
        await server.kill()
    }

    @Test(
        "Of a put of several steps what the first ones have added is delivered, and nothing is added twice",
        arguments: ["out", "{type}"]
    )
    func steps(template: String) async throws {
        let server = try await RedisServer()
        let padding = String(repeating: "x", count: 8000)
        let records = (0..<2000).map { Self.record($0 < 1000 ? "\($0)" : "\($0) \(padding)", type: "out") }
        try await withSink(Self.sink(server, template)) { sink in
            // Room for the first step, and not for what the second one alone has to hold.
            let used = try await server.memory()
            try await server.run("CONFIG", "SET", "maxmemory", "\(used + 4_000_000)")
            let result = try await sink.put(RecordBatch(records))
            #expect(result.exceptions.map(\.index) == Array(1000..<2000))
            let full = await #expect(throws: ConnectorError.self) {
                try await sink.put(RecordBatch(Array(records[1000...])))
            }
            #expect(full?.code == .throttled)
            try await server.run("CONFIG", "SET", "maxmemory", "0")
            #expect(try await sink.put(RecordBatch(Array(records[1000...]))).isDelivered)
        }
        let numbers = try await server.items(of: "out").compactMap { $0.split(separator: " ").first }
        #expect(numbers == (0..<2000).map { "\($0)" })
        await server.kill()
    }

    @Test("A put that the runner makes fits into one step")
    func preferredBatch() throws {
        let sink = RedisStreamSink(stream: try StreamName("out"), of: RedisAddress(.host("127.0.0.1", port: 1)))
        #expect(sink.traits.preferredBatch.maxRecords == 1000)
        #expect(sink.traits.preferredBatch.maxBytes == 8 << 20)
    }

    @Test("A user who may write some streams only has the others' records rejected")
    func rights() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("user default on nopass ~* &* +@all\nuser writer on nopass ~mine* +@all\n", to: "acl")
        let server = try await RedisServer(["--aclfile", directory["acl"]])
        var address = server.address
        address.username = "writer"
        address.password = Secret("any")
        var options = RedisStreamSinkOptions()
        options.format = .raw
        let sink = RedisStreamSink(stream: try StreamName("{type}"), of: address, options: options)
        try await withSink(sink) { sink in
            let records = [
                Self.record("1", type: "mine"), Self.record("2", type: "yours", partition: "q"),
                Self.record("3", type: "mine"),
            ]
            let result = try await sink.put(RecordBatch(records))
            #expect(result.exceptions.map(\.index) == [1])
            #expect(result.exceptions.first?.verdict.error?.message.contains("give the user the right") == true)
        }
        #expect(try await server.items(of: "mine") == ["1", "3"])
        await server.kill()
    }

    @Test("A length is kept exactly or about, in a transaction and in the script", arguments: ["out", "{type}"])
    func length(template: String) async throws {
        let server = try await RedisServer()
        let batch = RecordBatch((0..<1500).map { Self.record("\($0)", type: "out") })
        try await withSink(Self.sink(server, template) { $0.maxLength = .about(1000) }) { sink in
            let result = try await sink.put(batch)
            #expect(result.isDelivered)
        }
        let about = try await server.run("XLEN", "out").integer ?? 0
        #expect((1000..<1500).contains(about))
        try await withSink(Self.sink(server, template) { $0.maxLength = .exactly(10) }) { sink in
            let result = try await sink.put(batch)
            #expect(result.isDelivered)
        }
        #expect(try await server.items(of: "out") == (1490..<1500).map { "\($0)" })
        await server.kill()
    }

    @Test("The server is given the script again after it has forgotten it")
    func scriptFlush() async throws {
        let server = try await RedisServer()
        try await withSink(Self.sink(server, "{type}")) { sink in
            for number in 0..<3 {
                #expect(try await sink.put(RecordBatch([Self.record("\(number)", type: "out")])).isDelivered)
                try await server.run("SCRIPT", "FLUSH")
            }
        }
        #expect(try await server.items(of: "out") == ["0", "1", "2"])
        await server.kill()
    }

    @Test(arguments: ["", "{", "}", "a{b", "{no such name}", "{Type}"])
    func `a template that is none is refused`(template: String) {
        #expect(throws: ConnectorError.self) { try StreamName(template) }
    }

    @Test("Two braces stand for one")
    func braces() throws {
        let name = try StreamName("{{x}}-{partition}")
        #expect(try name.name(for: Self.record("a")) == "{x}-p")
    }
}
