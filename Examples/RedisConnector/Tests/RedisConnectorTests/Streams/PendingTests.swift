// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import RedisConnector

@Suite("Entries that were given out and not acknowledged", .serialized, .timeLimit(.minutes(10)))
struct PendingTests {
    private static func source(
        _ server: RedisServer,
        _ consumer: String,
        claimIdle: Duration? = nil,
        deleted: RedisStreamSourceOptions.Deleted = .rejected,
        block: Duration = .milliseconds(100)
    ) throws -> RedisStreamSource {
        var options = RedisStreamSourceOptions()
        options.consumer = consumer
        options.createGroup = .beginning
        options.claimIdle = claimIdle
        options.deleted = deleted
        options.block = block
        return try RedisStreamSource(streams: ["s"], group: "g", of: server.address, options: options)
    }

    @Test("An entry is acknowledged when its record is committed, and not before")
    func commit() async throws {
        let server = try await RedisServer()
        try await server.add(["a", "b", "c"], to: "s")
        try await withSource(Self.source(server, "c")) { source, _ in
            let records = try await source.read(3)
            #expect(try await server.pending("s") == 3)
            let second = try #require(records[1].position)
            try await source.commit([second])
            #expect(try await server.pending("s") == 1)
            try await source.commit([second])
            #expect(try await server.pending("s") == 1)
        }
        // The rest comes again, before anything new.
        try await server.add(["d"], to: "s")
        try await withSource(Self.source(server, "c")) { source, _ in
            let records = try await source.read(2)
            #expect(records.map(\.payload) == ["c", "d"])
        }
        await server.kill()
    }

    @Test("What a consumer left that does not come back is taken over once it is idle, and only then")
    func takeover() async throws {
        let server = try await RedisServer()
        try await server.add((0..<2500).map { "\($0)" }, to: "s")
        let dead = try Self.source(server, "dead")
        try await withSource(dead) { source, _ in
            let records = try await source.read(2500)
            try await source.commit([try #require(records[99].position)])
        }
        try await server.add(["new"], to: "s")
        try await withSource(Self.source(server, "heir", claimIdle: .seconds(3600))) { source, _ in
            let records = try await source.read(1)
            #expect(records.map(\.payload) == ["new"])
        }
        try await withSource(Self.source(server, "other", claimIdle: .milliseconds(200))) { source, host in
            let records = try await source.read(2401)
            let taken = records.map(\.payload).filter { $0 != "new" }
            #expect(taken == (100..<2500).map { "\($0)" })
            #expect(host.messages.contains { $0.contains("took over") })
            try await source.commit([try #require(records.last?.position)])
        }
        #expect(try await server.pending("s") == 0)
        await server.kill()
    }

    @Test("A consumer that lives keeps what it holds, however long that takes")
    func keeping() async throws {
        let server = try await RedisServer()
        try await server.add(["a", "b"], to: "s")
        let idle = Duration.seconds(3)
        try await withSource(Self.source(server, "slow", claimIdle: idle)) { source, _ in
            _ = try await source.read(2)
            try await withSource(Self.source(server, "greedy", claimIdle: idle)) { other, _ in
                let deadline = ContinuousClock.now + idle * 2
                while ContinuousClock.now < deadline {
                    // Where nothing comes for it, the poll would wait for ever.
                    try await server.add(["more"], to: "s")
                    let records = try await other.read(1)
                    #expect(records.map(\.payload) == ["more"])
                }
            }
        }
        await server.kill()
    }

    @Test("Entries that were given to a connection that was gone by then are found while the source runs")
    func strayed() async throws {
        let server = try await RedisServer()
        try await withSource(Self.source(server, "c", claimIdle: .milliseconds(600))) { source, _ in
            try await server.add(["a"], to: "s")
            #expect(try await source.read(1).map(\.payload) == ["a"])
            // Somebody reads with the consumer's name, as a connection does that the server takes for alive.
            try await server.add(["strayed"], to: "s")
            _ = try? await server.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">")
            try await server.add(["b"], to: "s")
            #expect(Set(try await source.read(2).map(\.payload)) == ["strayed", "b"])
        }
        await server.kill()
    }

    @Test("What was given out in a reply that got lost is read by the next connection, and nothing is read twice")
    func lostReply() async throws {
        let server = try await RedisServer()
        try await server.add(["a"], to: "s")
        try await withSource(Self.source(server, "c")) { source, _ in
            _ = try await source.read(1)
            // Given to this consumer, and read by nobody.
            try await server.add(["lost"], to: "s")
            try await server.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "s", ">")
            try await server.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try await server.add(["b"], to: "s")
            var records: [ConnectorRecord] = []
            while records.count < 2 {
                do {
                    records += try await source.read(1)
                } catch let error as ConnectorError where error.code == .notConnected {
                    continue
                }
            }
            #expect(records.map(\.payload) == ["lost", "b"])
        }
        await server.kill()
    }

    @Test("What was being waited for when the source began to read again is not read twice")
    func replayWhileReading() async throws {
        let server = try await RedisServer()
        try await withSource(Self.source(server, "c", block: .seconds(60))) { source, _ in
            async let first = source.read(1)
            try await eventually("the source waits") { try await server.blockedClients() == 1 }
            await source.readAgain()
            try await server.add(["a"], to: "s")
            #expect(try await first.map(\.payload) == ["a"])
            try await server.add(["b"], to: "s")
            #expect(try await source.read(1).map(\.payload) == ["b"])
        }
        await server.kill()
    }

    @Test(
        "A deleted entry is rejected with its position, or skipped; either way it is over once committed",
        arguments: [true, false]
    )
    func deleted(isRejected: Bool) async throws {
        let server = try await RedisServer()
        try await server.add(["a", "b", "c"], to: "s")
        try await withSource(Self.source(server, "c")) { source, _ in _ = try await source.read(3) }
        let entries = try await server.run("XRANGE", "s", "-", "+").elements
        for index in [0, 2] { try await server.run("XDEL", "s", try #require(entries[index].elements[0].text)) }
        let deleted = isRejected ? RedisStreamSourceOptions.Deleted.rejected : .skipped
        try await withSource(Self.source(server, "c", deleted: deleted)) { source, host in
            let batch = try await source.poll(PollRequest(maxRecords: 10))
            #expect(batch.records.map(\.payload) == ["b"])
            #expect(batch.rejected.map(\.index) == (isRejected ? [0, 1] : []))
            #expect(
                batch.rejected.allSatisfy { $0.error.code == .invalidRecord && $0.error.message.contains("trimmed") }
            )
            #expect(batch.progress.count == (isRejected ? 0 : 1))
            #expect(host.messages.filter { $0.contains("was deleted or trimmed") }.count == 2)
            let last = try #require(batch.rejected.last?.position ?? batch.progress.last)
            try await source.commit([last])
        }
        #expect(try await server.pending("s") == 0)
        await server.kill()
    }

    @Test("A deleted entry of a dead consumer is reported too")
    func deletedElsewhere() async throws {
        let server = try await RedisServer()
        try await server.add(["a", "b"], to: "s")
        try await withSource(Self.source(server, "dead")) { source, _ in _ = try await source.read(2) }
        let entries = try await server.run("XRANGE", "s", "-", "+").elements
        try await server.run("XDEL", "s", try #require(entries[0].elements[0].text))
        try await withSource(Self.source(server, "heir", claimIdle: .milliseconds(100))) { source, _ in
            var (records, rejected) = (0, 0)
            while records + rejected < 2 {
                let batch = try await source.poll(PollRequest(maxRecords: 10))
                records += batch.records.count
                rejected += batch.rejected.count
            }
            #expect(records == 1 && rejected == 1)
        }
        await server.kill()
    }

    @Test("An entry that is deleted while its consumer holds it is reported after a crash of that")
    func deletedWhileHeld() async throws {
        let server = try await RedisServer()
        try await server.add(["a", "b"], to: "s")
        try await withSource(Self.source(server, "c")) { source, _ in
            _ = try await source.read(2)
            try await server.deleteFirst(of: "s")
            let link = RedisLink(server.address, for: "test")
            try await eventually("both entries are kept") {
                try await source.group.keep("s", idle: .milliseconds(1), over: link).count == 2
            }
            await link.close()
        }
        try await withSource(Self.source(server, "c")) { source, _ in
            let batch = try await source.poll(PollRequest(maxRecords: 10))
            #expect(batch.records.map(\.payload) == ["b"])
            #expect(batch.rejected.map(\.index) == [0])
        }
        await server.kill()
    }

    @Test("An entry that the server gives up although its record is on its way is told of")
    func givenUpWhileHeld() async throws {
        let server = try await RedisServer()
        try await server.add(["a", "b"], to: "s")
        try await withSource(Self.source(server, "c", claimIdle: .milliseconds(300))) { source, host in
            _ = try await source.read(2)
            try await server.deleteFirst(of: "s")
            async let next = source.poll(PollRequest(maxRecords: 10))
            try await eventually("the operator is told") {
                host.messages.contains { $0.contains("while its record is on its way") }
            }
            try await server.add(["c"], to: "s")
            let batch = try await next
            #expect(batch.records.map(\.payload) == ["c"] && batch.rejected.isEmpty)
        }
        await server.kill()
    }

    @Test("A user who lacks a right for keeping what the source holds is told so")
    func keepingRefused() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("user default on nopass ~* &* +@all -xrange\n", to: "acl")
        let server = try await RedisServer(["--aclfile", directory["acl"]])
        try await server.add(["a"], to: "s")
        try await withSource(Self.source(server, "c", claimIdle: .milliseconds(30))) { source, host in
            _ = try await source.read(1)
            try await eventually("the operator is told") {
                host.messages.contains { $0.contains("give the user the right") }
            }
        }
        await server.kill()
    }

    /// In composed and in decomposed form: two names for Redis, equal as texts.
    private static let names = ["\u{E9}", "e\u{301}"]

    @Test("Streams whose names differ in their bytes are two streams")
    func namesOfStreams() async throws {
        let server = try await RedisServer()
        for (index, name) in Self.names.enumerated() { try await server.add(["\(index)"], to: name) }
        var options = RedisStreamSourceOptions()
        options.createGroup = .beginning
        let source = try RedisStreamSource(streams: Self.names, group: "g", of: server.address, options: options)
        try await withSource(source) { source, _ in
            let records = try await source.read(2).sorted { $0.payload < $1.payload }
            #expect(records.map(\.partition) == Self.names.map { RecordPartition($0) })
            try await source.commit(records.compactMap(\.position))
        }
        for name in Self.names { #expect(try await server.pending(name) == 0) }
        await server.kill()
    }

    @Test("A group whose name differs in its bytes is another group")
    func namesOfGroups() async throws {
        let server = try await RedisServer()
        try await server.run("XGROUP", "CREATE", "s", Self.names[0], "0", "MKSTREAM")
        for (index, name) in Self.names.enumerated() {
            let source = try RedisStreamSource(streams: ["s"], group: name, of: server.address)
            let error: ConnectorError?
            do {
                try await source.checkConnection(TestHost().context)
                error = nil
            } catch let thrown as ConnectorError {
                error = thrown
            }
            #expect(error?.code == (index == 0 ? nil : .invalidConfiguration))
        }
        await server.kill()
    }

    @Test("A group that is missing is an error at the start; one that is gone while it is read, another one")
    func missingGroup() async throws {
        let server = try await RedisServer()
        try await server.add(["a"], to: "s")
        let without = try RedisStreamSource(streams: ["s"], group: "g", of: server.address)
        let missing = await #expect(throws: ConnectorError.self) { try await withSource(without) { _, _ in } }
        #expect(missing?.code == .invalidConfiguration && missing?.message.contains("createGroup") == true)
        try await withSource(Self.source(server, "c")) { source, _ in
            _ = try await source.read(1)
            try await server.run("XGROUP", "DESTROY", "s", "g")
            let gone = await #expect(throws: ConnectorError.self) { try await source.read(1) }
            #expect(gone?.code == .corruptOffsets)
        }
        await server.kill()
    }

    @Test("A group begins where it is told to", arguments: ["beginning", "end", "behind"])
    func beginning(place: String) async throws {
        let server = try await RedisServer()
        for number in 1...3 { try await server.run("XADD", "s", "\(number)-0", "data", "\(number)") }
        let start = place == "behind" ? "2-0" : place
        let settings: SettingInput = [
            "address": SettingInput(server.text), "streams": ["s"], "group": "g", "consumer": "c",
            "createGroup": SettingInput(start),
        ]
        let expected = ["beginning": ["1", "2", "3", "4"], "end": ["4"], "behind": ["3", "4"]][place] ?? []
        try await withSource(try RedisStreamSource(settings: settings)) { source, _ in
            try await server.run("XADD", "s", "4-0", "data", "4")
            #expect(try await source.read(expected.count).map(\.payload) == expected)
            let lag = try await source.lag()
            #expect(lag.values.allSatisfy { $0 == 0 })
        }
        await server.kill()
    }
}

extension RedisStreamSource {
    /// Has everything that is pending read again, as after a connection that was lost with replies on it.
    fileprivate func readAgain() { for index in streams.indices { streams[index].beginReplay() } }
}
