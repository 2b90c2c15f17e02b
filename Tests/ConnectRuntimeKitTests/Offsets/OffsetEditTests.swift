// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Offsets viewed, edited and reset", .timeLimit(.minutes(2)))
struct OffsetEditTests {
    private let input = InMemoryLog()
    private let output = InMemoryLog()
    private let store = InMemoryOffsetStore()
    private let journal = Journal()
    private let events = EventRecorder()
    private let clock = ManualClock()
    private let b = RecordPartition("b")

    private func pipeline(
        _ name: String = "p",
        _ options: DeliveryOptions = DeliveryOptions(),
        offsets: (any OffsetStore)? = nil
    ) -> Pipeline {
        Pipeline(
            name,
            from: InMemorySource(input),
            to: InMemorySink(output),
            offsets: offsets ?? store,
            options: options,
            clock: clock.connectorClock,
            observer: .events { [events] in events.note($0) }
        )
    }

    /// Ten records in the only partition and three in `b`, all of them delivered and committed.
    private func delivered(_ pipeline: Pipeline) async throws {
        for number in 0..<10 { input.append("\(number)") }
        for number in 0..<3 { input.append("b\(number)", to: b) }
        input.finish()
        try await pipeline.run()
    }

    /// What a run brings after what there was.
    private func nextRun(_ pipeline: Pipeline) async throws -> [String] {
        let before = output.count
        try await pipeline.run()
        return Array(output.texts.dropFirst(before))
    }

    /// The offsets by partition.
    private func offsets(_ pipeline: Pipeline) async throws -> [String: Int64] {
        let stored = try await pipeline.offsets().positions
        return Dictionary(
            uniqueKeysWithValues: stored.map { ($0.position.partition.name, $0.position.offset.sequence ?? -1) }
        )
    }

    // MARK: While it is stopped

    @Test("S94: a pipeline that does not run reads on behind offsets that were edited", arguments: StoreKind.allCases)
    func edit(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let pipeline = pipeline(offsets: store)
            #expect(try await pipeline.offsets().positions.isEmpty, "before the first run")
            try await delivered(pipeline)
            #expect(try await offsets(pipeline) == ["": 9, "b": 2])
            let edits = try await pipeline.editOffsets([.single: RecordOffset(6), b: nil])
            #expect(edits.map(\.description) == ["the only partition: 9 → 6", "\"b\": 2 → nothing"])
            #expect(try await offsets(pipeline) == ["": 6])
            #expect(try await pipeline.offsets()[.single] == RecordOffset(6))
            #expect(try await nextRun(pipeline).sorted() == ["7", "8", "9", "b0", "b1", "b2"])
            #expect(try await offsets(pipeline) == ["": 9, "b": 2])
        }
    }

    @Test("S94: offsets can be edited before the first run")
    func editBeforeFirstRun() async throws {
        for number in 0..<10 { input.append("\(number)") }
        input.finish()
        let pipeline = pipeline()
        try await pipeline.editOffsets([.single: RecordOffset(7)])
        #expect(try await nextRun(pipeline) == ["8", "9"])
    }

    @Test("S94: a reset has all partitions begin anew, or some of them", arguments: [true, false])
    func reset(isAll: Bool) async throws {
        let pipeline = pipeline()
        try await delivered(pipeline)
        let edits = try await pipeline.resetOffsets(isAll ? nil : [b])
        #expect(edits.map(\.partition) == (isAll ? [.single, b] : [b]) && edits.allSatisfy { $0.new == nil })
        #expect(try await nextRun(pipeline).count == (isAll ? 13 : 3))
    }

    @Test("the number of an edited position is ahead of all that are stored, so the next run counts on from there")
    func sequences() async throws {
        let pipeline = pipeline()
        try await delivered(pipeline)
        let before = try await store.stored("p")
        try await pipeline.editOffsets([.single: RecordOffset(0), b: RecordOffset(0)])
        let edited = try await store.stored("p").map(\.sequence)
        #expect(edited.min() ?? 0 > before.map(\.sequence).max() ?? .max && Set(edited).count == 2)
        try await pipeline.run()
        #expect(try await store.stored("p").allSatisfy { $0.sequence > edited.max() ?? .max })
    }

    @Test("partitions that nothing is stored for can be set, and are told; resetting them changes nothing")
    func unknown() async throws {
        let pipeline = pipeline()
        input.append("0")
        let edits = try await pipeline.editOffsets([.single: RecordOffset(0), b: nil])
        #expect(edits.map(\.previous) == [nil, nil])
        let told = try await events.first { $0.kind == .offsetsEdited }
        #expect(told.level == .warning && told.attributes["unknown"] == ", b")
        #expect(try await offsets(pipeline) == ["": 0])
        try await pipeline.editOffsets([.single: RecordOffset(0)])
        #expect(events.all.filter { $0.kind == .offsetsEdited }.map(\.level) == [.warning, .info])
        #expect(try await pipeline.editOffsets([:]).isEmpty)
        #expect(try await self.pipeline("unknown").resetOffsets().isEmpty)
    }

    @Test("checkpoints of sinks stay")
    func checkpoints() async throws {
        let claim = try await store.claim(.of("p"))
        let checkpoint = SinkCheckpoint(SharedBytes([1, 2, 3]))
        try await store.save(OffsetChanges(positions: [.at(4)], checkpoints: ["sink": checkpoint]), under: claim.token)
        try await store.release(claim.token)
        try await pipeline().resetOffsets()
        let again = try await store.claim(.of("p"))
        #expect(again.positions.isEmpty && again.checkpoints == ["sink": checkpoint])
    }

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

    @Test("an edit that is cancelled while a connector thinks changes nothing, and gives the claim back")
    func cancelled() async throws {
        let asked = Gate()
        let source = EditedSource(
            journal: journal,
            onEdit: {
                asked.open()
                try await Gate().pass()
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

/// A source that has a say.
private struct EditedSource: Source, OffsetEditing {
    let journal: Journal
    var refuses = false
    var onEdit: @Sendable () async throws -> Void = {}

    func start(_ context: ConnectorContext) async throws { journal.note("started") }
    func poll(_ request: PollRequest) async throws -> SourceBatch { .end }

    func willEditOffsets(_ offsets: [RecordPartition: RecordOffset?]) async throws {
        journal.note("source: \(offsets.summary)")
        try await onEdit()
        if refuses { throw ConnectorError(.invalidConfiguration, "source refuses") }
    }
}

/// A sink that has a say.
private struct EditedSink: Sink, OffsetEditing {
    let name: String
    let journal: Journal
    let refuses: Bool

    func start(_ context: ConnectorContext) async throws { journal.note("started") }
    func put(_ batch: RecordBatch) async throws -> PutResult { .delivered }
    func flush() async throws {}

    func willEditOffsets(_ offsets: [RecordPartition: RecordOffset?]) async throws {
        journal.note("\(name): \(offsets.summary)")
        if refuses { throw ConnectorError(.invalidConfiguration, "\(name) refuses") }
    }
}

extension [RecordPartition: RecordOffset?] {
    fileprivate var summary: String {
        sorted { $0.key.name < $1.key.name }
            .map { "\($0.key.name)\($0.key.name.isEmpty ? "" : " ")\($0.value.map { "\($0)" } ?? "nil")" }
            .joined(separator: ", ")
    }
}
