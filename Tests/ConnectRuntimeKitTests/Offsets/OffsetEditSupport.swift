// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

/// What pipelines whose offsets are edited live in.
struct EditWorld: Sendable {
    let input = InMemoryLog()
    let output = InMemoryLog()
    let store = InMemoryOffsetStore()
    let journal = Journal()
    let events = EventRecorder()
    let clock = ManualClock()
}

/// A suite of tests in such a world.
protocol EditSuite {
    var world: EditWorld { get }
}

extension EditSuite {
    var input: InMemoryLog { world.input }
    var output: InMemoryLog { world.output }
    var store: InMemoryOffsetStore { world.store }
    var journal: Journal { world.journal }
    var events: EventRecorder { world.events }
    var clock: ManualClock { world.clock }
    var b: RecordPartition { RecordPartition("b") }

    func pipeline(
        _ name: String = "p",
        _ options: DeliveryOptions = DeliveryOptions(),
        offsets: (any OffsetStore)? = nil
    ) -> Pipeline {
        let world = world
        return Pipeline(
            name,
            from: InMemorySource(world.input),
            to: InMemorySink(world.output),
            offsets: offsets ?? store,
            options: options,
            clock: clock.connectorClock,
            observer: .events { world.events.note($0) }
        )
    }

    /// Ten records in the only partition and three in `b`, all of them delivered and committed.
    func delivered(_ pipeline: Pipeline) async throws {
        for number in 0..<10 { input.append("\(number)") }
        for number in 0..<3 { input.append("b\(number)", to: b) }
        input.finish()
        try await pipeline.run()
    }

    /// What a run brings after what there was.
    func nextRun(_ pipeline: Pipeline) async throws -> [String] {
        let before = output.count
        try await pipeline.run()
        return Array(output.texts.dropFirst(before))
    }

    /// The offsets by partition.
    func offsets(_ pipeline: Pipeline) async throws -> [String: Int64] {
        let stored = try await pipeline.offsets().positions
        return Dictionary(
            uniqueKeysWithValues: stored.map { ($0.position.partition.name, $0.position.offset.sequence ?? -1) }
        )
    }
}

/// A source that has a say.
struct EditedSource: Source, OffsetEditing {
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
struct EditedSink: Sink, OffsetEditing {
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
