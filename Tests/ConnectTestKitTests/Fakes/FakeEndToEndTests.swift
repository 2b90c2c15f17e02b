// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Five fakes that attack the contracts, end to end")
struct FakeEndToEndTests {
    // MARK: A push server with a reply per record

    @Test("push server: each client hears the outcome of its own record, after the commit (G1)")
    func pushServerReplies() async throws {
        let server = PushServer()
        let collected = Collected()
        let sink = CollectingSink(collected: collected) { batch in
            let bad = batch.indices.filter { batch[$0].data.text?.hasPrefix("bad") == true }
            return .verdicts(Dictionary(uniqueKeysWithValues: bad.map { ($0, .drop) }))
        }
        let pipeline = Pipeline("push", from: server, to: sink)
        let replies = try await withThrowingTaskGroup(of: (String, PushServer.Reply).self) { group in
            group.addTask {
                try await pipeline.run()
                return ("", .committed)
            }
            let bodies = texts("good", 50) + texts("bad", 10)
            for body in bodies { group.addTask { (body, await server.request(body)) } }
            var replies: [String: PushServer.Reply] = [:]
            while replies.count < bodies.count, let (body, reply) = try await group.next() { replies[body] = reply }
            server.close()
            try await group.waitForAll()
            return replies
        }
        #expect(replies.filter { $0.key.hasPrefix("good") }.values.allSatisfy { $0 == .committed })
        #expect(replies.filter { $0.key.hasPrefix("bad") }.values.allSatisfy { $0 == .refused })
        #expect(Set(collected.texts) == Set(texts("good", 50)))
    }

    @Test("push server: a client whose record was not committed is told to send it again (G2)")
    func pushServerFailure() async throws {
        let server = PushServer()
        let pipeline = Pipeline(
            "push",
            from: server,
            to: CollectingSink(collected: Collected()) { _ in throw ConnectorError(.fatal, "the disk is gone") }
        )
        async let reply = server.request("record")
        await #expect(throws: ConnectorError.self) { try await pipeline.run() }
        #expect(await reply == .unavailable)
    }

    // MARK: A consumer group

    @Test("consumer group: partitions that move between two members lose and repeat nothing")
    func consumerGroupRevoke() async throws {
        let logs = (0..<4).map { texts("p\($0)-", 500) }
        let group = ConsumerGroup(logs)
        let collected = Collected()
        let moves = Gate()
        group.rebalance([0: 1, 1: 1, 2: 1, 3: 1])
        let sink = CollectingSink(collected: collected) { batch in
            if collected.texts.count >= 300 { moves.open() }
            return .delivered
        }
        var options = DeliveryOptions()
        options.maxPollRecords = 50
        let first = Pipeline("group", from: ConsumerGroup.Member(1, of: group), to: sink, options: options)
        let second = Pipeline("group", from: ConsumerGroup.Member(2, of: group), to: sink, options: options)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await first.run() }
            tasks.addTask { try await second.run() }
            try await moves.pass()
            group.rebalance([0: 1, 1: 1, 2: 2, 3: 2])
            group.close()
            try await tasks.waitForAll()
        }
        #expect(collected.texts.sorted() == logs.flatMap { $0 }.sorted())
        #expect(group.committed == [0: 499, 1: 499, 2: 499, 3: 499])
    }

    @Test("consumer group: what was in flight of a lost partition is not committed by the one who lost it")
    func consumerGroupLost() async throws {
        let logs = [texts("a", 200), texts("b", 200)]
        let group = ConsumerGroup(logs)
        let collected = Collected()
        group.rebalance([0: 1, 1: 1])
        let expelled = Gate()
        let isHeld = Gate()
        var options = DeliveryOptions()
        options.maxPollRecords = 20
        let sink = CollectingSink(collected: collected) { batch in
            isHeld.open()
            try await expelled.pass()
            return .delivered
        }
        let first = Pipeline("group", from: ConsumerGroup.Member(1, of: group), to: sink, options: options)
        let successor = Collected()
        let second = Pipeline(
            "group",
            from: ConsumerGroup.Member(2, of: group),
            to: CollectingSink(collected: successor),
            options: options
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await first.run() }
            try await isHeld.pass()
            group.expel(member: 1, to: 2)
            group.close()
            expelled.open()
            tasks.addTask { try await second.run() }
            try await tasks.waitForAll()
        }
        #expect(successor.texts.sorted() == logs.flatMap { $0 }.sorted())
        #expect(group.committed == [0: 199, 1: 199])
    }

    // MARK: A transaction log

    @Test(
        "transaction log: a unit larger than the budget is read to its end and commits as a whole (G7)",
        arguments: [1, 7, 100]
    )
    func unitLargerThanBudget(pollSize: Int) async throws {
        let transactions = [texts("small", 3), texts("huge", 1000), texts("last", 5)]
        var options = DeliveryOptions()
        options.maxPollRecords = pollSize
        options.maxUncommittedRecords = 10
        options.maxInFlightRecords = 20
        let collected = Collected()
        let store = InMemoryOffsetStore()
        let pipeline = Pipeline(
            "log",
            from: TransactionLog(transactions),
            to: CollectingSink(collected: collected),
            offsets: store,
            options: options
        )
        try await pipeline.run()
        #expect(collected.texts == transactions.flatMap { $0 })
        #expect(try await storedOffset("log", store) == RecordOffset(2))
    }

    @Test("transaction log: a failure inside a unit commits nothing of it, and the unit is read again (G7)")
    func failureInsideUnit() async throws {
        let transactions = [texts("first", 3), texts("second", 30)]
        let store = InMemoryOffsetStore()
        let collected = Collected()
        var options = DeliveryOptions()
        options.maxPollRecords = 4
        let failing = CollectingSink(collected: Collected()) { batch in
            if batch.contains(where: { $0.data.text == "second20" }) { throw ConnectorError(.fatal, "no more") }
            return .delivered
        }
        let first = Pipeline("log", from: TransactionLog(transactions), to: failing, offsets: store, options: options)
        await #expect(throws: ConnectorError.self) { try await first.run() }
        #expect(try await storedOffset("log", store) == RecordOffset(0))
        let second = Pipeline(
            "log",
            from: TransactionLog(transactions),
            to: CollectingSink(collected: collected),
            offsets: store
        )
        try await second.run()
        #expect(collected.texts == transactions[1])
    }

    // MARK: A transactional table

    @Test("transactional table: a lost answer to COMMIT is no second insert (G4)", arguments: 1...12)
    func lostAnswer(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let losses = (0..<40).map { _ in Int.random(in: 0..<4, using: &generator) }
        let table = TransactionalTable { commit in
            switch losses[commit % losses.count] {
            case 0: .lostAfterCommit
            case 1: .lostBeforeCommit
            default: .arrives
            }
        }
        let transactions = (0..<20).map { texts("t\($0)-", 1 + $0 % 7) }
        let store = InMemoryOffsetStore()
        var runs = 0
        while table.rows.count < transactions.flatMap({ $0 }).count, runs < 200 {
            runs += 1
            var options = DeliveryOptions()
            options.maxPollRecords = 1 + runs % 5
            let pipeline = Pipeline(
                "table",
                from: TransactionLog(transactions),
                to: TransactionalTable.Writer(table),
                offsets: runs.isMultiple(of: 2) ? store : nil,
                options: options
            )
            _ = try? await pipeline.run()
        }
        #expect(table.rows == transactions.flatMap { $0 })
        let wholes = Set(transactions.map { $0.last ?? "" })
        #expect(table.transactions.allSatisfy { wholes.contains($0.last ?? "") }, "a transaction ended inside a unit")
    }

    @Test("transactional table: a put under an outdated epoch is refused (G12)")
    func fencedTable() async throws {
        let table = TransactionalTable()
        table.fence(ClaimScope(connector: "table"), epoch: Epoch(1000))
        let pipeline = Pipeline("table", from: TransactionLog([["a"]]), to: TransactionalTable.Writer(table))
        let error = await #expect(throws: ConnectorError.self) { try await pipeline.run() }
        #expect(error?.code == .fenced)
        #expect(table.rows.isEmpty)
    }

    // MARK: An upstream that prunes

    @Test(
        "pruning upstream: crashes at any put lose nothing, because only what is committed is pruned (G1, G2)",
        arguments: 0..<20
    )
    func pruningUpstream(failAt: Int) async throws {
        let entries = texts("entry", 400)
        let upstream = PruningUpstream(entries)
        let store = InMemoryOffsetStore()
        let collected = Collected()
        var options = DeliveryOptions()
        options.maxPollRecords = 10
        options.maxUncommittedRecords = 25
        let puts = Collected()
        let failing = CollectingSink(collected: collected) { batch in
            puts.append([ConnectorRecord("put")])
            if puts.texts.count > failAt { throw ConnectorError(.fatal, "crash") }
            return .delivered
        }
        let first = Pipeline(
            "prune",
            from: PruningUpstream.Reader(upstream),
            to: failing,
            offsets: store,
            options: options
        )
        await #expect(throws: ConnectorError.self) { try await first.run() }
        let sink = CollectingSink(collected: collected)
        let second = Pipeline(
            "prune",
            from: PruningUpstream.Reader(upstream),
            to: sink,
            offsets: store,
            options: options
        )
        try await second.run()
        #expect(Set(collected.texts) == Set(entries))
        #expect(collected.texts.count - entries.count <= options.maxUncommittedRecords + options.maxPollRecords)
        #expect(upstream.remaining == 0)
    }

    private func storedOffset(_ connector: String, _ store: InMemoryOffsetStore) async throws -> RecordOffset? {
        let claim = try await store.claim(ClaimRequest(scope: ClaimScope(connector: connector)))
        try await store.release(claim.token)
        return claim.positions.first?.position.offset
    }
}
