// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Synchronization

/// The system behind the model sinks.
final class ModelStorage: Sendable {
    struct State: Sendable {
        var isReachable = true
        /// Rows that a reader sees.
        var rows: [String] = []
        /// Rows that were written behind them and are not durable yet.
        var written: [String] = []
        var positions: [ClaimScope: [RecordPartition: StoredPosition]] = [:]
        var epochs: [ClaimScope: Epoch] = [:]
        var losesNextAnswer = false
        var tidying: [@Sendable () -> Void] = []
    }

    let state = Mutex(State())
    let forever = Gate()

    /// The subject of a sink that writes here.
    func subject(_ makeSink: @escaping @Sendable () async throws -> any Sink) -> SinkSubject {
        var subject = SinkSubject(makeSink: makeSink, durable: { self.state.withLock(\.rows) })
        subject.badRecord = { ConnectorRecord("bad") }
        subject.setReachable = { isReachable in self.state.withLock { $0.isReachable = isReachable } }
        subject.loseNextAnswer = { self.state.withLock { $0.losesNextAnswer = true } }
        subject.wrongSettings["table"] = { throw ConnectorError(.invalidConfiguration, "there is no table") }
        subject.close = {
            self.forever.open()
            for tidy in self.state.withLock(\.tidying) { tidy() }
        }
        return subject
    }

    func checkConnection() throws {
        guard state.withLock(\.isReachable) else { throw ConnectorError(.notConnected, "no route") }
    }
}

/// One thing that is wrong with a model sink.
enum SinkFlaw: String, Sendable {
    case stopsOnlyWhatWasStarted, startIgnoresCancellation, stopHangsWhenCancelled, leaksTask, leaksDescriptor
    case emptiesAtStart, reverses, losesRecord, repeatsRecord, flushesLater, emptyPutThrows, secondFlushThrows
    case cutsLargeBatch, textOnly, skipsAbsent, mixesConcurrentPuts, putIgnoresCancellation, cancelledPutIsHalf
    case cancelledPutIsFatal, cancelledPutMiscounts, flushIgnoresCancellation, indexIsOneTooHigh, wrongCode,
        badIsDelivered, goesOnBehindBad
    case saysNotTriedButWrites, outageIsFatal, outageIsSilent, losesAfterOutage, throwsFatalForBad
    case checkpointIsLate, restoreDoesNothing, restoreCutsAll, takesForeignCheckpoint, goesAhead
    case restoreIgnoresCancellation, restoreInRunningDoesNothing
    case forgetsPositions, mixesScopes, expectsNothing, repeatsAreFine, ignoresEpoch, halfTransaction, ignoresEmpty
    case lostAnswerIsFatal, positionsOfMemory, flushLosesWhenCancelled
    case secondComesFirst, goesOnBehindPending, isDurableOnFlushOnly, missingPositionIsFine
}

/// A sink that writes rows, with at most one flaw.
actor ModelSink: Sink {
    nonisolated let traits: SinkTraits
    private let storage: ModelStorage
    private let flaw: SinkFlaw?
    private var pending: [String] = []
    private var isStarted = false
    private var hasFlushed = false
    private var hasFailed = false
    private var inPut = 0

    init(_ storage: ModelStorage, _ flaw: SinkFlaw? = nil, concurrent: Int = 1, isOrdered: Bool = true) {
        self.storage = storage
        self.flaw = flaw
        traits = SinkTraits(
            maxConcurrentPuts: concurrent,
            isOrdered: isOrdered,
            isDurableOnPut: flaw == .isDurableOnFlushOnly
        )
    }

    func start(_ context: ConnectorContext) async throws {
        isStarted = true
        if flaw == .startIgnoresCancellation, Task.isCancelled { await storage.forever.passIgnoringCancellation() }
        if flaw == .emptiesAtStart { storage.state.withLock { $0.rows = [] } }
        if flaw == .leaksTask {
            let task = Task { while (try? await Task.sleep(for: .seconds(1))) != nil { isStarted = true } }
            storage.state.withLock { $0.tidying.append { task.cancel() } }
        }
        if flaw == .leaksDescriptor {
            let upstream = ModelUpstream()
            upstream.openDescriptor()
            storage.state.withLock { $0.tidying.append { upstream.tidyUp() } }
        }
        context.addTask(named: "client") { try await context.clock.sleep(for: .seconds(1000)) }
    }

    func stop() async {
        if flaw == .stopsOnlyWhatWasStarted, !isStarted { await storage.forever.passIgnoringCancellation() }
        if flaw == .stopHangsWhenCancelled, Task.isCancelled { await storage.forever.passIgnoringCancellation() }
        if flaw == .flushesLater { publish() }
        pending = []
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        if flaw == .putIgnoresCancellation, Task.isCancelled { await storage.forever.passIgnoringCancellation() }
        if flaw == .emptyPutThrows, batch.isEmpty { throw ConnectorError(.fatal, "nothing to put") }
        if flaw != .outageIsSilent { try checkConnection() }
        inPut += 1
        defer { inPut -= 1 }
        if flaw == .mixesConcurrentPuts, inPut > 1 { throw ConnectorError(.fatal, "a put is running") }
        if traits.maxConcurrentPuts > 1 { try await Task.sleep(for: .milliseconds(1)) }
        var rows: [String] = []
        for (index, record) in batch.enumerated() {
            if index.isMultiple(of: 4), Task.isCancelled, index > 0 || flaw != nil {
                if flaw == .cancelledPutIsHalf { pending += rows + ["half of \(record.data.text ?? "")"] }
                if flaw == .cancelledPutMiscounts { return .verdicts([batch.count: .notTried]) }
                if flaw == .cancelledPutIsFatal { throw ConnectorError(.fatal, "the put failed") }
                throw CancellationError()
            }
            if let result = judge(record, index, batch, rows) { return try result.get() }
            if flaw == .skipsAbsent, record.data.isAbsent { continue }
            rows.append(record.data.text ?? "")
        }
        spoil(&rows)
        pending += rows
        return .delivered
    }

    /// What is said of a batch with a bad record in it.
    private func judge(
        _ record: ConnectorRecord,
        _ index: Int,
        _ batch: RecordBatch,
        _ rows: [String]
    ) -> Result<PutResult, any Error>? {
        if flaw == .textOnly, record.data.text == nil { return .failure(ConnectorError(.fatal, "no text")) }
        guard record.data.text == "bad", flaw != .badIsDelivered else { return nil }
        if flaw == .throwsFatalForBad { return .failure(ConnectorError(.fatal, "bad")) }
        pending += rows
        let code: ConnectorError.Code = flaw == .wrongCode ? .retryable : .invalidRecord
        let verdict = RecordVerdict.reject(ConnectorError(code, "bad"))
        if flaw == .indexIsOneTooHigh { return .success(.stopped(at: index + 1, of: batch.count, verdict)) }
        let rest = batch.dropFirst(index + 1).map { $0.data.text ?? "" }
        if flaw == .goesOnBehindBad || !traits.isOrdered {
            pending += rest
            return .success(.verdicts([index: verdict]))
        }
        if flaw == .saysNotTriedButWrites { pending += rest }
        return .success(.stopped(at: index, of: batch.count, verdict))
    }

    /// Flaws of whole batches, of a size that only one check has.
    private func spoil(_ rows: inout [String]) {
        if flaw == .cutsLargeBatch { rows = Array(rows.prefix(1000)) }
        guard rows.count == 20, !Task.isCancelled else { return }
        if flaw == .reverses { rows.reverse() }
        if flaw == .losesRecord { rows.removeLast() }
        if flaw == .repeatsRecord { rows.append(rows[0]) }
    }

    private func checkConnection() throws {
        do {
            try storage.checkConnection()
            if hasFailed, flaw == .losesAfterOutage {
                hasFailed = false
                storage.state.withLock { _ = $0.rows.popLast() }
            }
        } catch {
            hasFailed = true
            if flaw == .outageIsFatal { throw ConnectorError(.fatal, "no route") }
            throw error
        }
    }

    func flush() async throws {
        if flaw == .flushIgnoresCancellation, Task.isCancelled { await storage.forever.passIgnoringCancellation() }
        if flaw == .flushLosesWhenCancelled, Task.isCancelled {
            pending = []
            throw CancellationError()
        }
        if flaw == .outageIsSilent, !storage.state.withLock(\.isReachable) { return }
        try checkConnection()
        if flaw == .secondFlushThrows, pending.isEmpty, hasFlushed { throw ConnectorError(.fatal, "nothing to flush") }
        hasFlushed = true
        if flaw != .flushesLater { publish() }
    }

    private func publish() {
        storage.state.withLock { $0.rows += pending }
        pending = []
    }
}

/// A sink whose output can be cut back, with at most one flaw.
actor ModelCheckpointSink: CheckpointingSink {
    private let storage: ModelStorage
    private let flaw: SinkFlaw?
    private var isOpen = false

    init(_ storage: ModelStorage, _ flaw: SinkFlaw? = nil) {
        self.storage = storage
        self.flaw = flaw
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        try storage.checkConnection()
        for (index, record) in batch.enumerated() {
            if record.data.text == "bad" {
                return .stopped(at: index, of: batch.count, .reject(ConnectorError(.invalidRecord, "bad")))
            }
            if index > 0 { try Task.checkCancellation() }
            storage.state.withLock { $0.written.append(record.data.text ?? "") }
        }
        return .delivered
    }

    func flush() async throws {
        try storage.checkConnection()
        storage.state.withLock { state in
            state.rows += state.written
            state.written = []
        }
    }

    func checkpoint() async throws -> SinkCheckpoint {
        let count = storage.state.withLock { state in
            flaw == .checkpointIsLate ? state.rows.count : state.rows.count + state.written.count
        }
        return SinkCheckpoint(SharedBytes(utf8: "rows \(count)"))
    }

    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        if flaw == .restoreIgnoresCancellation, Task.isCancelled { await storage.forever.passIgnoringCancellation() }
        try storage.checkConnection()
        defer { isOpen = true }
        if flaw == .restoreInRunningDoesNothing, isOpen { return }
        guard let checkpoint else { return try cut(to: 0) }
        let words = String(decodingUTF8: checkpoint.bytes).split(separator: " ")
        guard words.count == 2, words[0] == "rows", let count = Int(words[1]) else {
            if flaw == .takesForeignCheckpoint { return try cut(to: 0) }
            throw ConnectorError(.corruptOffsets, "this is no checkpoint of the rows")
        }
        try cut(to: count)
    }

    private func cut(to count: Int) throws {
        if flaw == .restoreDoesNothing { return }
        try storage.state.withLock { state in
            let all = state.rows + state.written
            guard all.count >= count || flaw == .goesAhead else {
                throw ConnectorError(.corruptOffsets, "\(all.count) rows are left of \(count)")
            }
            state.rows = flaw == .restoreCutsAll ? [] : Array(all.prefix(count))
            state.written = []
        }
    }
}

/// A sink that keeps positions with its rows, with at most one flaw.
actor ModelTableSink: PositionKeepingSink {
    private let storage: ModelStorage
    private let flaw: SinkFlaw?
    private var own: [RecordPartition: StoredPosition] = [:]

    init(_ storage: ModelStorage, _ flaw: SinkFlaw? = nil) {
        self.storage = storage
        self.flaw = flaw
    }

    private func key(_ scope: ClaimScope) -> ClaimScope {
        flaw == .mixesScopes ? ClaimScope(connector: "") : scope
    }

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
        try storage.checkConnection()
        if flaw == .positionsOfMemory { return scope.connector == "another" ? [] : Array(own.values) }
        return storage.state.withLock { Array(($0.positions[key(scope)] ?? [:]).values) }
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        throw ConnectorError(.fatal, "the table was written without positions")
    }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        try storage.checkConnection()
        if flaw == .ignoresEmpty, batch.isEmpty { return .delivered }
        if let bad = batch.firstIndex(where: { $0.data.text == "bad" }) {
            if flaw == .halfTransaction {
                storage.state.withLock { $0.rows += batch[..<bad].map { $0.data.text ?? "" } }
            }
            return .stopped(at: bad, of: batch.count, .reject(ConnectorError(.invalidRecord, "bad")))
        }
        let losesAnswer = try storage.state.withLock { state in
            try apply(batch.map { $0.data.text ?? "" }, advance, &state)
            defer { state.losesNextAnswer = false }
            return state.losesNextAnswer
        }
        for step in advance.steps { own[step.new.position.partition] = step.new }
        if losesAnswer { throw ConnectorError(flaw == .lostAnswerIsFatal ? .fatal : .notConnected, "no answer") }
        return .delivered
    }

    private func apply(_ rows: [String], _ advance: PositionAdvance, _ state: inout ModelStorage.State) throws {
        let scope = key(advance.scope)
        guard advance.epoch >= state.epochs[scope] ?? advance.epoch || flaw == .ignoresEpoch else {
            throw ConnectorError(.fenced, "epoch \(advance.epoch) is outdated")
        }
        var kept = state.positions[scope] ?? [:]
        for step in advance.steps {
            let found = kept[step.new.position.partition]
            let isRepeat = flaw == .repeatsAreFine && found == step.new
            let isMissing = flaw == .missingPositionIsFine && found == nil
            guard found == step.expected || flaw == .expectsNothing || isRepeat || isMissing else {
                throw ConnectorError(.fenced, "the position of \(step.new.position.partition) is another one")
            }
            kept[step.new.position.partition] = step.new
        }
        state.epochs[scope] = advance.epoch
        if flaw != .forgetsPositions { state.positions[scope] = kept }
        state.rows += rows
    }
}
