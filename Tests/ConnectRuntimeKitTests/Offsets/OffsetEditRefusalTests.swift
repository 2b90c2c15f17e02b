// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Offsets that are not edited", .timeLimit(.minutes(10)))
struct OffsetEditRefusalTests: EditSuite {
    let world = EditWorld()

    // MARK: While somebody owns them

    @Test("S95: offsets of a running pipeline cannot be viewed or changed, and nothing comes of trying")
    func running() async throws {
        let pipeline = pipeline()
        async let counts = pipeline.run()
        input.append("0")
        try await output.waitForCount(1)
        for attempt in [
            { _ = try await pipeline.offsets() }, { try await pipeline.editOffsets([.single: RecordOffset(0)]) },
            { try await pipeline.resetOffsets() },
        ] as [() async throws -> Void] {
            let error = await connectorError(attempt)
            #expect(
                error?.code == .invalidConfiguration && error?.message.contains("is running; stop it first") == true
            )
        }
        input.append("1")
        input.finish()
        #expect(try await counts.committed == 2)
        #expect(try await offsets(pipeline) == ["": 1])
        #expect(events.all.allSatisfy { $0.kind != .offsetsEdited })
    }

    @Test(
        "S95: where another pipeline of the name runs, an edit is refused at once, whatever is done about claims otherwise",
        arguments: [ClaimPolicy.failIfOwned, .wait, .takeOver]
    )
    func ownedElsewhere(_ policy: ClaimPolicy) async throws {
        let owner = pipeline()
        async let counts = owner.run()
        input.append("0")
        try await output.waitForCount(1)
        let other = pipeline("p", .with { $0.claim = policy })
        for attempt in [
            { _ = try await other.offsets() }, { try await other.editOffsets([.single: RecordOffset(0)]) },
            { try await other.resetOffsets() },
        ] as [() async throws -> Void] {
            #expect(await connectorError(attempt)?.code == .retryable)
        }
        input.append("1")
        input.finish()
        #expect(try await counts.committed == 2, "the owner goes on")
    }

    @Test("S95: where one partition is owned nothing is changed; once it is free, all of them can be")
    func dynamicPartitions() async throws {
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, traits: SourceTraits(hasDynamicPartitions: true)),
            to: InMemorySink(output),
            offsets: store
        )
        let first = try await store.claim(.of("p", "a"))
        try await store.save(.at(3, in: "a"), under: first.token)
        let second = try await store.claim(.of("p", "b"))
        try await store.save(.at(5, in: "b"), under: second.token)
        try await store.release(first.token)
        #expect(await code { try await pipeline.resetOffsets([RecordPartition("a")]) } == .retryable)
        try await store.save(.at(6, in: "b"), under: second.token)
        try await store.release(second.token)
        try await pipeline.editOffsets([RecordPartition("a"): RecordOffset(1)])
        #expect(try await offsets(pipeline) == ["a": 1, "b": 6])
        let again = try await store.claim(.of("p", "a"))
        #expect(again.positions.map(\.position) == [.at(1, in: "a")], "the partition's own claim sees it")
    }

    // MARK: Who has a say

    @Test(
        "S95: source and sinks are asked, none of them is started, and each can refuse",
        arguments: ["", "source", "one", "two"]
    )
    func veto(_ refusing: String) async throws {
        let pipeline = Pipeline(
            "p",
            from: EditedSource(journal: journal, refuses: refusing == "source"),
            to: [
                NamedSink("one", EditedSink(name: "one", journal: journal, refuses: refusing == "one")),
                NamedSink("plain", ScriptedSink(journal: journal)),
                NamedSink("two", EditedSink(name: "two", journal: journal, refuses: refusing == "two")),
            ],
            offsets: store
        )
        let claim = try await store.claim(.of("p"))
        try await store.save(.at(5), under: claim.token)
        try await store.release(claim.token)
        let error = await connectorError { try await pipeline.editOffsets([.single: RecordOffset(1), b: nil]) }
        #expect(error?.message == (refusing.isEmpty ? nil : "\(refusing) refuses"))
        let asked = ["source": 1, "one": 2, "two": 3, "": 3][refusing] ?? 0
        #expect(journal.entries == ["source: 1", "one: 1", "two: 1"].prefix(asked).map { "\($0), b nil" })
        #expect(try await store.stored("p").map(\.position) == [.at(refusing.isEmpty ? 1 : 5)])
    }

    @Test("an offset that the source does not have is refused, so that the next run does not fail with it")
    func vetoOfLog() async throws {
        let pipeline = pipeline()
        try await delivered(pipeline)
        #expect(
            await code { try await pipeline.editOffsets([.single: RecordOffset(10), b: nil]) } == .invalidConfiguration
        )
        #expect(try await offsets(pipeline) == ["": 9, "b": 2])
    }

    @Test(
        "an edit that is cancelled while a connector thinks changes nothing, and gives the claim back",
        arguments: [true, false]
    )
    func cancelled(isHeeded: Bool) async throws {
        let asked = Gate()
        let source = EditedSource(
            journal: journal,
            onEdit: {
                asked.open()
                do { try await Gate().pass() } catch { if isHeeded { throw error } }
            }
        )
        let pipeline = Pipeline("p", from: source, to: InMemorySink(output), offsets: store)
        let error = await withTaskGroup(of: ConnectorError?.self) { group in
            group.addTask { await connectorError { try await pipeline.editOffsets([.single: RecordOffset(1)]) } }
            try? await asked.pass()
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error?.code == .cancelled)
        #expect(try await store.stored("p").isEmpty)
    }

    // MARK: Where they are kept

    @Test(
        "positions that are kept elsewhere are refused, with the place where they are",
        arguments: [
            (SourceTraits(positions: .upstream), true, "the upstream keeps them"),
            (SourceTraits(positions: .nobody), true, "nobody keeps any"),
            (SourceTraits(), false, "it has no offset store"),
        ]
    )
    func keptElsewhere(_ traits: SourceTraits, _ hasStore: Bool, _ reason: String) async throws {
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, traits: traits),
            to: InMemorySink(output),
            offsets: hasStore ? store : nil
        )
        for attempt in [
            { _ = try await pipeline.offsets() }, { try await pipeline.editOffsets([.single: RecordOffset(0)]) },
            { try await pipeline.resetOffsets() },
        ] as [() async throws -> Void] {
            let error = await connectorError(attempt)
            #expect(error?.code == .invalidConfiguration && error?.message.contains(reason) == true)
        }
        #expect(journal.entries.isEmpty)
    }

    @Test("what a sink keeps with its data is viewed as the store's copy, and cannot be changed here")
    func keptBySink() async throws {
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(input),
            to: InMemoryTransactionalSink(output),
            offsets: store
        )
        try await delivered(pipeline)
        let viewed = try await pipeline.offsets()
        #expect(viewed.isCopy && viewed.positions.count == 2)
        let error = await connectorError { try await pipeline.resetOffsets() }
        #expect(
            error?.code == .invalidConfiguration && error?.message.contains("the sink keeps them with its data") == true
        )
        #expect(try await nextRun(pipeline).isEmpty)
        #expect(try await !self.pipeline("other").offsets().isCopy)
    }

    // MARK: A store that fails

    @Test("a save that fails changes nothing, and the claim is given back")
    func saveFails() async throws {
        try await delivered(pipeline())
        let script = FaultScript { $0.method == .save ? .fails(ConnectorError(.fatal, "the disk is gone")) : nil }
        let broken = pipeline(offsets: FaultyOffsetStore(store, script))
        #expect(await connectorError { try await broken.resetOffsets() }?.message == "the disk is gone")
        #expect(try await offsets(pipeline()) == ["": 9, "b": 2])
        #expect(events.all.allSatisfy { $0.kind != .offsetsEdited })
    }

    @Test("a claim that cannot be given back is told, and so is that the change was made")
    func releaseFails() async throws {
        try await delivered(pipeline())
        let script = FaultScript(.release, [.fails(ConnectorError(.fatal, "gone"))])
        let error = await connectorError {
            try await pipeline(offsets: FaultyOffsetStore(store, script)).resetOffsets()
        }
        #expect(error?.message.contains("were reset, but the claim could not be given back") == true)
        let successor = try await store.claim(.of("p", nil, .takeOver))
        #expect(successor.positions.isEmpty)
    }

    @Test("an outage of the store is waited for; a takeover in between is not overwritten")
    func outages() async throws {
        try await delivered(pipeline())
        let script = FaultScript(.claim, [.disconnected])
        let slow = pipeline(offsets: FaultyOffsetStore(store, script))
        _ = try await clock.ticking { try await slow.editOffsets([.single: RecordOffset(3)]) }
        #expect(try await offsets(pipeline()) == ["": 3, "b": 2])
        let source = EditedSource(
            journal: journal,
            onEdit: { [store] in
                let thief = try await store.claim(.of("p", nil, .takeOver))
                try await store.release(thief.token)
            }
        )
        let late = Pipeline("p", from: source, to: InMemorySink(output), offsets: store)
        #expect(await code { try await late.resetOffsets() } == .fenced)
        #expect(try await offsets(pipeline()) == ["": 3, "b": 2])
    }
}
