// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

/// Applies batches in the order of their coming, as a broker does, and answers for them later. Behind a record that has to be
/// put again it applies nothing of the lane, also not of the next batch.
final class PipeSink: PipeliningSink {
    /// The verdicts of a batch by index, or the error that it fails with.
    typealias Word = Result<[Int: RecordVerdict], ConnectorError>

    fileprivate struct State {
        var begun = 0
        /// By batch without an answer, the lanes that are stopped by it.
        var stopped: [Int: Set<RecordLane>] = [:]
        var rows: [String] = []
        var mostAtOnce = 0
        var flushes = 0
        var violation: String?
    }

    let traits: SinkTraits
    private let ready: Gate
    private let word: @Sendable (Int, RecordBatch) -> Word
    private let answer: @Sendable (Int) async throws -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - ready: is passed before the first batch is taken.
    ///   - answer: waits until a batch may be answered for.
    ///   - word: what becomes of the batch with that number, as far as nothing before it is in its way.
    init(
        traits: SinkTraits = SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: 2)),
        ready: Gate = Gate(isOpen: true),
        answer: @escaping @Sendable (Int) async throws -> Void = { _ in },
        _ word: @escaping @Sendable (Int, RecordBatch) -> Word
    ) {
        self.traits = traits
        self.ready = ready
        self.answer = answer
        self.word = word
    }

    /// What was applied, in order.
    var rows: [String] { state.withLock(\.rows) }
    func rows(of name: String) -> [String] { rows.filter { $0.hasPrefix(name) } }
    var mostAtOnce: Int { state.withLock(\.mostAtOnce) }
    /// Whether a batch is without an answer.
    var isAnswerAwaited: Bool { state.withLock { !$0.stopped.isEmpty } }
    var flushes: Int { state.withLock(\.flushes) }
    /// What was called at a wrong time.
    var violation: String? { state.withLock(\.violation) }

    func begin(_ batch: RecordBatch) async throws -> PendingPut {
        try await ready.pass()
        let (number, result) = state.withLock { state in
            let number = state.begun
            state.begun += 1
            let (result, stopped) = state.apply(batch, word(number, batch))
            state.stopped[number] = stopped
            state.mostAtOnce = max(state.mostAtOnce, state.stopped.count)
            return (number, result)
        }
        return PendingPut { [self] in
            try await answer(number)
            state.withLock { $0.stopped[number] = nil }
            return try result.get()
        }
    }

    func flush() async throws {
        state.withLock { state in
            state.flushes += 1
            if !state.stopped.isEmpty { state.violation = "a flush while puts are on their way" }
        }
    }
}

extension PipeSink.State {
    /// What becomes of a batch, and the lanes that it stops.
    fileprivate mutating func apply(
        _ batch: RecordBatch,
        _ word: PipeSink.Word
    ) -> (Result<PutResult, any Error>, Set<RecordLane>) {
        let stoppedBefore = stopped.values.reduce(into: Set()) { $0.formUnion($1) }
        var stopped: Set<RecordLane> = []
        var verdicts: [Int: RecordVerdict] = [:]
        for index in batch.indices {
            let lane = batch.lane(at: index)
            guard case .success(let given) = word else {
                stopped.insert(lane)
                continue
            }
            if stoppedBefore.contains(lane) || stopped.contains(lane) {
                verdicts[index] = .notTried
                stopped.insert(lane)
            } else if let verdict = given[index] {
                verdicts[index] = verdict
                if verdict.kind == .retry || verdict.kind == .notTried { stopped.insert(lane) }
            } else {
                rows.append(batch[index].text)
            }
        }
        return (word.map { _ in .verdicts(verdicts) }.mapError { $0 }, stopped)
    }
}

/// Notes what is called, and may fail to begin a batch.
final class ReconnectingPipeSink: PipeliningSink, Reconnecting {
    private let base: PipeSink
    private let beforeBeginning: @Sendable (Int) throws -> Void
    private let state = Mutex<[String]>([])

    var traits: SinkTraits { base.traits }
    var calls: [String] { state.withLock { $0 } }

    init(_ base: PipeSink, beforeBeginning: @escaping @Sendable (Int) throws -> Void = { _ in }) {
        self.base = base
        self.beforeBeginning = beforeBeginning
    }

    func begin(_ batch: RecordBatch) async throws -> PendingPut {
        let number = state.withLock { calls in
            calls.append("begin")
            return calls.count - 1
        }
        try beforeBeginning(number)
        return try await base.begin(batch)
    }

    func reconnect() async throws {
        state.withLock { $0.append(base.isAnswerAwaited ? "reconnect too early" : "reconnect") }
    }

    func flush() async throws { try await base.flush() }
}

/// Knows at once what becomes of a batch.
struct AnsweringSink: PipeliningSink {
    let answer: @Sendable (RecordBatch) async throws -> PutResult

    var traits: SinkTraits { SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: 2)) }

    func begin(_ batch: RecordBatch) async throws -> PendingPut {
        let result = try await answer(batch)
        return PendingPut { result }
    }

    func flush() async throws {}
}
