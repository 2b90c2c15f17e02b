// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// One run of a pipeline, from claiming its offsets to releasing them.
final class PipelineRun: Sendable {
    struct State: Sendable {
        var handOver: HandOver?
        /// Why the run may not go on: somebody else has its claim.
        var lostClaim: ConnectorError?
        /// Nothing is polled until the run is resumed.
        var isPaused = false
        /// What sinks say of records where the source left it open; known once the source is made.
        var eventDefaults: EventDefaults?
    }

    let pipeline: Pipeline
    /// Which run of the pipeline it is.
    let number: Int
    /// Whether somebody is interested in durations.
    let isMeasuring: Bool
    let calls: CallRegister
    let stop = StopSignal()
    let tasks = TaskHost()
    let lag = LagWatch()
    let host: PipelineHost
    let retrier: Retrier
    let state = Lock(State())

    init(_ pipeline: Pipeline, number: Int = 1) {
        self.pipeline = pipeline
        self.number = number
        isMeasuring = pipeline.observers.interests.contains(.durations)
        calls = CallRegister(pipeline.clock, run: number, isMeasuring: isMeasuring)
        host = PipelineHost(tasks: tasks, events: pipeline.events)
        retrier = Retrier(
            options: pipeline.options,
            clock: pipeline.clock,
            randomness: pipeline.randomness,
            stop: stop,
            events: pipeline.events,
            calls: calls,
            spans: SpanSender(pipeline.name, pipeline.clock, pipeline.observers)
        )
    }

    /// Runs everything as children of one group, so that nothing outlives the run.
    @concurrent
    func execute() async throws -> DeliveryCounts {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [tasks] in await tasks.run() }
                defer { group.cancelAll() }
                try await runConnectors()
            }
        } catch {
            await releaseLateClaims()
            throw error
        }
        await releaseLateClaims()
        return counts
    }

    /// Gives back what tasks of the connectors had claimed by the time that they were cancelled.
    private func releaseLateClaims() async {
        guard let keeper = host.keeper, keeper.hasPartitionClaims else { return }
        try? await calling("release", of: "offset store") { try await keeper.releaseAll() }
    }

    private func runConnectors() async throws {
        pipeline.enter(.starting)
        let source = try make("source", pipeline.makeSource)
        let defaults = EventDefaults(pipeline: pipeline.name, source: source)
        state.withLock { $0.eventDefaults = defaults }
        let sinks = try pipeline.sinks.map { (name: $0.name, sink: try make($0.name, $0.make)) }
        let plan = try DeliveryPlan(pipeline, source: source.traits, sinks: sinks)
        let claims = try RunClaims(pipeline, source: source.traits, sinks: sinks.map(\.sink))
        pipeline.noteClaims(areShared: claims.isShared)
        let claim = try await untilStopped { [retrier] in try await claims.claim(retrier) }
        report(plan)
        var failure: (any Error)?
        do {
            let keeper = claims.keeper(claim, retrier)
            try await renewing(keeper, claims) { try await self.runClaimed(source, sinks, claim, claims, keeper) }
        } catch {
            failure = error
        }
        do {
            try await calling("release", of: "offset store") { try await claims.release(claim.token) }
        } catch {
            failure = failure ?? error.inCall("release", of: "offset store")
        }
        if let failure { throw failure }
    }

    private func report(_ plan: DeliveryPlan) {
        pipeline.events.send(
            .deliveryGuarantee,
            .info,
            "the pipeline \"\(pipeline.name)\" delivers \(plan.guarantee == .exactlyOnce ? "exactly" : "at least") once",
            attributes: plan.reasons.isEmpty ? [:] : ["reasons": plan.reasons.joined(separator: "; ")]
        )
    }

    private func make<Made>(_ name: String, _ body: () throws -> Made) throws -> Made {
        do { return try body() } catch { throw error.inCall("making", of: name) }
    }

    /// Starts the sinks, then the source, lets them work, and stops in reverse whatever was started.
    @inline(never)
    private func runClaimed(
        _ source: any Source,
        _ sinks: [(name: String, sink: any Sink)],
        _ claim: OffsetClaim,
        _ claims: RunClaims,
        _ keeper: PositionKeeper
    ) async throws {
        var started: [SinkWorker] = []
        var failure: (any Error)?
        do {
            for (index, (name, sink)) in sinks.enumerated() {
                let make = pipeline.sinks[index].make
                started.append(
                    try await starting(SinkWorker(name: name, sink: sink, claim: claim.token, retrier: retrier)) {
                        try SinkWorker(name: name, sink: make(), claim: claim.token, retrier: self.retrier)
                    }
                )
            }
            let letters = try await startLetters()
            do {
                try await runSource(source, started, claims, claim, keeper, letters)
            } catch {
                failure = error
            }
            await calling("stop", of: "dead letters") { await letters?.stop() }
        } catch {
            failure = error
        }
        pipeline.enter(.draining)
        for sink in started.reversed() { await calling("stop", of: sink.name) { await sink.stop() } }
        if let failure { throw failure }
    }

    /// Starts a worker; where that fails in a way that may pass, another instance is made and started.
    @inline(never)
    private func starting<Worker: ConnectorWorker>(
        _ first: Worker,
        again make: @Sendable () throws -> Worker
    ) async throws -> Worker {
        var worker = first
        var failures = Retrier.Failures()
        while true {
            let attempt = worker
            do {
                try await calling("start", of: attempt.name) {
                    try await self.untilStopped { try await attempt.start(self.context(attempt.name)) }
                }
                return attempt
            } catch {
                await calling("stop", of: attempt.name) { await attempt.stop() }
                try await retrier.pause(
                    after: error.inCall("start", of: attempt.name),
                    &failures,
                    "start",
                    attempt.name
                )
                worker = try self.make(attempt.name, make)
            }
        }
    }

    @inline(never)
    private func startLetters() async throws -> LetterPost? {
        guard pipeline.options.onError.action == .deadLetter, let letters = pipeline.deadLetters else { return nil }
        switch letters.place {
        case .store(let store):
            // One that cannot be used is told now, and not when the first letter has to be written.
            try await calling("start", of: "dead letters") {
                try await self.untilStopped {
                    _ = try await self.retrier.run("read", of: "dead letters") {
                        try await store.read(after: nil, atMost: 1)
                    }
                }
            }
            return LetterPost(store)
        case .sink(let make):
            let name = "dead letters"
            return LetterPost(
                try await starting(LetterSink(name: name, connector: self.make(name, make))) {
                    LetterSink(name: name, connector: try make())
                }
            )
        }
    }

    /// Takes up the positions with which the output was stored last.
    @inline(never)
    private func resume(_ sinks: [SinkWorker], _ claim: OffsetClaim, _ claims: RunClaims) async throws
        -> [StoredPosition]
    {
        var beginnings: [String: SinkCheckpoint] = [:]
        for sink in sinks {
            guard case .checkpointing(let connector) = sink.mode else { continue }
            do {
                let stored = claim.checkpoints[sink.name]
                try await connector.restore(stored)
                sink.noteBeginning(stored)
                guard stored == nil else { continue }
                // The beginning is a checkpoint too: without it, output that is there after a crash would belong to no state.
                let beginning = try await connector.checkpoint()
                beginnings[sink.name] = beginning
                sink.noteBeginning(beginning)
            } catch {
                throw error.inCall("restore", of: sink.name)
            }
        }
        if !beginnings.isEmpty { try await claims.save(OffsetChanges(checkpoints: beginnings), claim.token) }
        // The positions kept with the data win over those of the store.
        guard let keeper = sinks.first(where: \.keepsPositions), case .positionKeeping(let connector) = keeper.mode
        else {
            return claim.positions
        }
        return try await connector.positions(in: claim.token.scope)
    }

    @inline(never)
    private func runSource(
        _ source: any Source,
        _ sinks: [SinkWorker],
        _ claims: RunClaims,
        _ claim: OffsetClaim,
        _ keeper: PositionKeeper,
        _ letters: LetterPost?
    ) async throws {
        // Before anything is cut back: what is behind may be the next owner's by now.
        if let lostClaim = state.withLock(\.lostClaim) { throw lostClaim }
        let positions = try await calling("positions", of: "sinks") {
            try await self.untilStopped { try await self.resume(sinks, claim, claims) }
        }
        let handOver = makeHandOver(source, sinks, positions)
        let (isPaused, lostClaim) = state.withLock { state in
            state.handOver = handOver
            return (state.isPaused, state.lostClaim)
        }
        if let lostClaim { throw lostClaim }
        if isPaused { handOver.step { $0.pause(&$1) } }
        host.connect(
            PipelineHost.Link(
                handOver: handOver,
                keeper: keeper,
                positionKeeper: sinks.first(where: \.keepsPositions),
                drainDeadline: pipeline.options.drainDeadline
            ),
            positions: positions
        )
        tasks.onFailure { handOver.fail($0, sinkIsUsable: true) }
        var failure: (any Error)?
        do {
            let worker = try await starting(sourceWorker(source, sinks, handOver)) {
                self.sourceWorker(try self.pipeline.makeSource(), sinks, handOver)
            }
            try await run(worker, sinks, keeper, claims, letters, positions)
        } catch {
            failure = error
        }
        // Also of a source whose start has failed: it may have had partitions assigned before.
        keeper.close()
        if keeper.hasPartitionClaims {
            try? await calling("release", of: "offset store") { try await keeper.releaseAll() }
        }
        if let failure { throw failure }
    }

    /// Delivers what a source that was started reads, then stops it.
    @inline(never)
    private func run(
        _ source: SourceWorker,
        _ sinks: [SinkWorker],
        _ keeper: PositionKeeper,
        _ claims: RunClaims,
        _ letters: LetterPost?,
        _ positions: [StoredPosition]
    ) async throws {
        var failure: (any Error)?
        do {
            await tellCommitted(source, keeper, positions)
            pipeline.enter(.running)
            try await deliver(source, sinks, keeper, claims, letters)
        } catch {
            failure = error
        }
        pipeline.enter(.draining)
        await calling("stop", of: "source") { await source.stop() }
        if let failure { throw failure }
    }

    @inline(never)
    private func sourceWorker(_ source: any Source, _ sinks: [SinkWorker], _ handOver: HandOver) -> SourceWorker {
        let pool = (source as? any PartitionedSource).map { PartitionPool($0, pipeline.options) }
        if let pool { host.connect(pool) }
        return SourceWorker(
            connector: source,
            pool: pool,
            sinks: sinks,
            stage: FunctionStage(
                functions: pipeline.functions,
                sinks: sinks.map(\.name),
                tolerance: pipeline.options.onError,
                retrier: retrier,
                halt: StopSignal(),
                keepsUnits: sinks.contains(where: \.keepsPositions)
            ),
            retrier: retrier,
            handOver: handOver,
            context: context("source")
        )
    }

    @inline(never)
    private func makeHandOver(
        _ source: any Source,
        _ sinks: [SinkWorker],
        _ positions: [StoredPosition]
    ) -> HandOver {
        let traits = source.traits
        let isPartitioned = source is any PartitionedSource
        let ledger = Ledger(
            style: traits.acknowledgement.kind,
            remembersAppliedPositions: sinks.contains(where: \.keepsPositions),
            isEachRecordAUnit: traits.positions == .nobody,
            initial: positions
        )
        let commitsInPauses = sinks.allSatisfy { $0.connector.traits.minCommitInterval == .zero }
        var state = HandOverState(
            options: isPartitioned ? pipeline.options.besideReaders : pipeline.options,
            traits: HandOverState.Traits(
                commitsPromptly: traits.acknowledgement == .individual && commitsInPauses
                    || commitInterval(sinks) == .zero,
                reportsCommit: traits.acknowledgement == .individual || traits.positions != .offsetStore,
                commitsInPauses: commitsInPauses,
                canHoldBackPartitions: traits.canHoldBackPartitions || isPartitioned,
                losesPartitions: traits.hasDynamicPartitions,
                gathersUnits: sinks.contains(where: \.keepsPositions),
                isInStep: sinks.count > 1 && sinks.contains(where: \.keepsCheckpoints)
            ),
            ledger: ledger,
            desks: sinks.map { SinkDesk($0, pipeline.options, isPolledMeanwhile: source is any FlowObserving) },
            clock: pipeline.clock,
            randomness: pipeline.randomness
        )
        if isMeasuring {
            state.meter = DeliveryMeter()
            for sink in sinks.indices { state.desks[sink].meter = MeterReading.SinkReading() }
        }
        if retrier.spans.isActive { state.traces = TraceLinks() }
        return HandOver(state, clock: pipeline.clock)
    }

    /// After a restart the source is told again what was committed: the last time may have failed.
    @inline(never)
    private func tellCommitted(
        _ worker: SourceWorker,
        _ keeper: PositionKeeper,
        _ positions: [StoredPosition]
    ) async {
        guard let source = worker.connector as? any CommittingSource, !positions.isEmpty else { return }
        do {
            try await calling("commit", of: "source") { try await source.commit(positions.map(\.position)) }
        } catch {
            keeper.noteUnreported(positions)
            pipeline.events.send(
                .commitUnreported,
                .warning,
                "the source could not take note of what was committed before",
                error: error
            ) {
                $0.connector = worker.name
            }
        }
    }

    private func context(_ name: String) -> ConnectorContext {
        ConnectorContext(
            pipeline: pipeline.name,
            name: name,
            clock: pipeline.clock,
            eventDefaults: state.withLock(\.eventDefaults)
                ?? EventDefaults(pipeline: pipeline.name, connectorType: "source"),
            host: ConnectorDoor(host, name)
        )
    }
}
