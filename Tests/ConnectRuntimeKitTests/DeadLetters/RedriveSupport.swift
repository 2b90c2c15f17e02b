// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// What sinks got, over several runs: a record counts when it was flushed.
final class Deliveries: Sendable {
    private struct State {
        var unflushed: [String] = []
        var flushed: [String] = []
        var puts: [[String]] = []
    }

    private let state = Mutex(State())

    var flushed: [String] { state.withLock(\.flushed) }
    var puts: [[String]] { state.withLock(\.puts) }

    func put(_ texts: [String]) {
        state.withLock { state in
            state.unflushed += texts
            state.puts.append(texts)
        }
    }

    func flush() {
        state.withLock { state in
            state.flushed += state.unflushed
            state.unflushed = []
        }
    }

    /// What was not flushed is lost, as in a crash.
    func crash() { state.withLock { $0.unflushed = [] } }

    /// A sink that delivers here; the closure decides about each batch.
    func sink(
        _ traits: SinkTraits = SinkTraits(),
        journal: Journal = Journal(),
        onPut: @escaping @Sendable (RecordBatch) async throws -> PutResult = { _ in .delivered },
        onFlush: @escaping @Sendable () async throws -> Void = {}
    ) -> any Sink {
        ScriptedSink(
            journal: journal,
            traits: traits,
            onPut: { batch in
                let result = try await onPut(batch)
                let exceptions = Set(result.exceptions.map(\.index))
                self.put(batch.indices.filter { !exceptions.contains($0) }.map { batch[$0].data.text ?? "" })
                return result
            },
            onFlush: {
                try await onFlush()
                self.flush()
            }
        )
    }
}

/// Lets calls through until one of them, from which on everything fails, as in a process that ends there.
final class Fuse: Sendable {
    private let state: Mutex<(calls: Int, last: Int, isAfter: Bool)>

    /// Fails at a call, before or after it has had its effect.
    init(at last: Int, after isAfter: Bool) { state = Mutex((0, last, isAfter)) }

    var isBlown: Bool { state.withLock { $0.calls > $0.last } }

    func call<Result>(_ body: () async throws -> Result) async throws -> Result {
        let (isOver, isLast) = state.withLock { state in
            defer { state.calls += 1 }
            return (state.calls > state.last, state.calls == state.last)
        }
        let isAfter = state.withLock(\.isAfter)
        if isOver || isLast && !isAfter { throw ConnectorError(.fatal, "the process ended") }
        let result = try await body()
        if isLast { throw ConnectorError(.fatal, "the process ended") }
        return result
    }
}

/// A store behind a fuse; it remembers what was removed.
struct FusedStore: DeadLetterStore {
    let store: any DeadLetterStore
    let fuse: Fuse
    let removed = Removed()

    final class Removed: Sendable {
        private let state = Mutex<Set<DeadLetterKey>>([])
        var keys: Set<DeadLetterKey> { state.withLock { $0 } }
        func add(_ keys: [DeadLetterKey]) { state.withLock { $0.formUnion(keys) } }
    }

    func append(_ letters: [DeadLetter]) async throws { try await fuse.call { try await store.append(letters) } }

    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] {
        try await fuse.call { try await store.read(after: key, atMost: count) }
    }

    func replace(_ letters: [StoredDeadLetter]) async throws {
        try await fuse.call { try await store.replace(letters) }
    }

    func remove(_ keys: [DeadLetterKey]) async throws {
        try await fuse.call {
            try await store.remove(keys)
            removed.add(keys)
        }
    }
}

/// The events of a run.
final class EventLog: Sendable {
    private let state = Mutex<[RuntimeEvent]>([])
    var warnings: [RuntimeEvent] { state.withLock { $0.filter { $0.level == .warning } } }
    var events: [RuntimeEvent] { state.withLock { $0 } }
    var isEmpty: Bool { events.isEmpty }
    func first(_ kind: RuntimeEvent.Kind) -> RuntimeEvent? { events.first { $0.kind == kind } }
    func contains(_ kind: RuntimeEvent.Kind) -> Bool { first(kind) != nil }
    func note(_ event: RuntimeEvent) { state.withLock { $0.append(event) } }
}

extension Pipeline {
    /// A pipeline that is only redriven.
    static func redriven(
        through functions: [any RecordFunction] = [],
        to sinks: [NamedSink],
        offsets: (any OffsetStore)? = InMemoryOffsetStore(),
        letters: any DeadLetterStore,
        retry: RetryPolicy = .never,
        outage: RetryPolicy = .never,
        clock: ConnectorClock = .continuous,
        log: EventLog = EventLog()
    ) -> Pipeline {
        var options = DeliveryOptions()
        options.retry = retry
        options.outage = outage
        return Pipeline(
            "orders",
            from: ScriptedSource(journal: Journal()),
            through: functions,
            to: sinks,
            offsets: offsets,
            deadLetters: .store(letters),
            options: options,
            clock: clock,
            observer: .events { log.note($0) }
        )
    }
}

extension RedriveCounts {
    init(delivered: Int = 0, filtered: Int = 0, dropped: Int = 0, failedAgain: Int = 0, kept: Int = 0) {
        self.init()
        self.delivered = delivered
        self.filtered = filtered
        self.dropped = dropped
        self.failedAgain = failedAgain
        self.kept = kept
    }
}

/// An output that can be cut back.
final class CutOutput: Sendable {
    private let state = Mutex<[String]>([])
    var lines: [String] { state.withLock { $0 } }
    func append(_ line: String) { state.withLock { $0.append(line) } }
    func cut(to count: Int) { state.withLock { $0 = Array($0.prefix(count)) } }
}

/// A sink that cuts its output back to a checkpoint.
struct CutSink: CheckpointingSink {
    let output: CutOutput

    func put(_ batch: RecordBatch) async throws -> PutResult {
        for record in batch { output.append(record.data.text ?? "") }
        return .delivered
    }

    func flush() async throws {}

    func checkpoint() async throws -> SinkCheckpoint { SinkCheckpoint(SharedBytes([UInt8(output.lines.count)])) }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        output.cut(to: Int(checkpoint?.bytes.first ?? 0))
    }
}
