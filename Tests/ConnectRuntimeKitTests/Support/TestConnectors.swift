// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization

/// Notes what happens, in order.
final class Journal: Sendable {
    private let state = Mutex<[String]>([])
    var entries: [String] { state.withLock { $0 } }
    func note(_ entry: String) { state.withLock { $0.append(entry) } }
    func count(_ entry: String) -> Int { entries.filter { $0 == entry }.count }
}

/// A source made of closures; it notes every call.
struct ScriptedSource: CommittingSource {
    let journal: Journal
    var traits = SourceTraits()
    var onStart: @Sendable (ConnectorContext) async throws -> Void = { _ in }
    var onPoll: @Sendable (PollRequest) async throws -> SourceBatch = { _ in .end }
    var onCommit: @Sendable ([RecordPosition]) async throws -> Void = { _ in }

    func start(_ context: ConnectorContext) async throws {
        journal.note("source.start")
        try await onStart(context)
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        journal.note("source.poll")
        return try await onPoll(request)
    }

    func commit(_ positions: [RecordPosition]) async throws {
        let names = positions.map { "\($0.partition.name):\($0.offset)" }.sorted().joined(separator: ",")
        journal.note("source.commit \(names)")
        try await onCommit(positions)
    }

    func stop() async { journal.note("source.stop") }
}

/// A sink made of closures; it notes every call.
struct ScriptedSink: Sink {
    let journal: Journal
    var traits = SinkTraits()
    var onStart: @Sendable (ConnectorContext) async throws -> Void = { _ in }
    var onPut: @Sendable (RecordBatch) async throws -> PutResult = { _ in .delivered }
    var onFlush: @Sendable () async throws -> Void = {}

    func start(_ context: ConnectorContext) async throws {
        journal.note("sink.start")
        try await onStart(context)
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        journal.note("sink.put \(batch.map { $0.data.text ?? "" }.joined(separator: ","))")
        return try await onPut(batch)
    }

    func flush() async throws {
        journal.note("sink.flush")
        try await onFlush()
    }

    func stop() async { journal.note("sink.stop") }
}

/// Gives the batches one after the other, then what comes after them.
final class Script: Sendable {
    private let state: Mutex<[SourceBatch]>
    private let afterwards: @Sendable () async throws -> SourceBatch

    init(_ batches: [SourceBatch], afterwards: @escaping @Sendable () async throws -> SourceBatch = { .end }) {
        state = Mutex(batches)
        self.afterwards = afterwards
    }

    func next() async throws -> SourceBatch {
        let next = state.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let next { return next }
        return try await afterwards()
    }
}

/// Records with the offsets of a range.
func records(_ offsets: ClosedRange<Int64>, partition: RecordPartition = .single) -> [ConnectorRecord] {
    offsets.map { ConnectorRecord(.text("\($0)"), partition: partition, offset: RecordOffset($0)) }
}

extension InMemoryOffsetStore {
    /// What is stored for a connector.
    func stored(_ connector: String) async throws -> [StoredPosition] {
        let claim = try await claim(ClaimRequest(scope: ClaimScope(connector: connector)))
        try await release(claim.token)
        return claim.positions
    }
}

/// What a run of a pipeline fails with.
func failure(of pipeline: Pipeline) async -> ConnectorError? {
    do {
        try await pipeline.run()
        return nil
    } catch {
        return error as? ConnectorError
    }
}
