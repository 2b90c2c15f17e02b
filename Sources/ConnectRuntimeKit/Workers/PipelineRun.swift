// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// One run of a pipeline, from claiming its offsets to releasing them.
final class PipelineRun: Sendable {
    struct State: Sendable {
        var phase = PipelineStatus.Phase.starting
        var handOver: HandOver?
        /// The call of the run itself that has not returned.
        var call: String?
    }

    let pipeline: Pipeline
    let stop = StopSignal()
    let tasks = TaskHost()
    let host: PipelineHost
    let state = Lock(State())

    init(_ pipeline: Pipeline) {
        self.pipeline = pipeline
        host = PipelineHost(tasks: tasks, onEvent: pipeline.onEvent)
    }

    /// Runs everything as children of one group, so that nothing outlives the run.
    @concurrent
    func execute() async throws -> DeliveryCounts {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [tasks] in await tasks.run() }
            defer { group.cancelAll() }
            try await runConnectors()
            return counts
        }
    }

    private func runConnectors() async throws {
        let source = try make("source", pipeline.makeSource)
        let sink = try make("sink", pipeline.makeSink)
        let claims = try RunClaims(pipeline, source: source.traits, sink: sink)
        let claim = try await calling("claim of the offset store") {
            try await self.untilStopped { try await claims.claim() }
        }
        let worker = SinkWorker(name: "sink", sink: sink, claim: claim.token)
        var failure: (any Error)?
        do {
            try await runStarted(source, worker, claim, claims)
        } catch {
            failure = error
        }
        do {
            try await calling("release of the offset store") { try await claims.release(claim.token) }
        } catch {
            failure = failure ?? error.inCall("release", of: "offset store")
        }
        enter(.stopped)
        if let failure { throw failure }
    }

    private func make<Made>(_ name: String, _ body: () throws -> Made) throws -> Made {
        do { return try body() } catch { throw error.inCall("making", of: name) }
    }

    /// Starts the sink, then the source, lets them work, and stops in reverse whatever was started.
    private func runStarted(
        _ source: any Source,
        _ sink: SinkWorker,
        _ claim: OffsetClaim,
        _ claims: RunClaims
    ) async throws {
        var failure: (any Error)?
        do {
            try await calling("start of the sink") {
                try await self.untilStopped { try await self.startSink(sink, claim, claims) }
            }
            let positions = try await calling("positions of the sink") {
                try await self.untilStopped { try await self.positions(sink, claim) }
            }
            try await runSource(source, sink, claims, claim, positions)
        } catch {
            failure = error
        }
        enter(.stopping)
        await calling("stop of the sink") { await sink.stop() }
        if let failure { throw failure }
    }

    private func startSink(_ sink: SinkWorker, _ claim: OffsetClaim, _ claims: RunClaims) async throws {
        try await sink.start(context(sink.name, sink.connector))
        guard case .checkpointing(let connector) = sink.mode else { return }
        do {
            let stored = claim.checkpoints[sink.name]
            try await connector.restore(stored)
            guard stored == nil else { return }
            // The beginning is a checkpoint too: without it, output that is there after a crash would belong to no state.
            let beginning = try await connector.checkpoint()
            try await claims.save(OffsetChanges(checkpoints: [sink.name: beginning]), claim.token)
        } catch {
            throw error.inCall("restore", of: sink.name)
        }
    }

    /// The positions kept with the data win over those of the store.
    private func positions(_ sink: SinkWorker, _ claim: OffsetClaim) async throws -> [StoredPosition] {
        guard case .positionKeeping(let connector) = sink.mode else { return claim.positions }
        return try await connector.positions(in: claim.token.scope)
    }

    private func runSource(
        _ source: any Source,
        _ sink: SinkWorker,
        _ claims: RunClaims,
        _ claim: OffsetClaim,
        _ positions: [StoredPosition]
    ) async throws {
        let keeper = claims.keeper(claim, sinkName: sink.name)
        let handOver = makeHandOver(source.traits, sink, positions)
        state.withLock { $0.handOver = handOver }
        host.connect(
            PipelineHost.Link(
                handOver: handOver,
                keeper: keeper,
                sink: sink,
                drainDeadline: pipeline.options.drainDeadline
            ),
            positions: positions
        )
        tasks.onFailure { handOver.fail($0, sinkIsUsable: true) }
        let worker = SourceWorker(
            connector: source,
            sink: sink,
            handOver: handOver,
            context: context("source", source)
        )
        var failure: (any Error)?
        do {
            try await calling("start of the source") {
                try await self.untilStopped { try await self.start(worker, keeper, positions) }
            }
            enter(.running)
            try await deliver(worker, sink, keeper, claims)
        } catch {
            failure = error
        }
        enter(.stopping)
        await calling("stop of the source") { await worker.stop() }
        try? await keeper.release(keeper.heldPartitions)
        if let failure { throw failure }
    }

    private func makeHandOver(
        _ traits: SourceTraits,
        _ sink: SinkWorker,
        _ positions: [StoredPosition]
    ) -> HandOver {
        let ledger = Ledger(
            style: traits.acknowledgement.kind,
            remembersAppliedPositions: sink.keepsPositions,
            isEachRecordAUnit: traits.positions == .nobody,
            initial: positions
        )
        let state = HandOverState(
            options: pipeline.options,
            commitsPromptly: traits.acknowledgement == .individual,
            commitsInPauses: sink.connector.traits.minCommitInterval == .zero,
            ledger: ledger
        )
        return HandOver(state, clock: pipeline.clock)
    }

    /// After a restart the source is told again what was committed: the last time may have failed.
    private func start(
        _ worker: SourceWorker,
        _ keeper: PositionKeeper,
        _ positions: [StoredPosition]
    ) async throws {
        try await worker.start(worker.context)
        guard let source = worker.connector as? any CommittingSource, !positions.isEmpty else { return }
        do {
            try await source.commit(positions.map(\.position))
        } catch {
            keeper.noteUnreported(positions)
            worker.context.emit(
                ConnectorEvent(.warning, "the source could not take note of what was committed before", error: error)
            )
        }
    }

    private func context(_ name: String, _ connector: any Connector) -> ConnectorContext {
        ConnectorContext(
            pipeline: pipeline.name,
            name: name,
            clock: pipeline.clock,
            eventDefaults: EventDefaults(pipeline: pipeline.name, connectorType: "\(type(of: connector))"),
            host: host
        )
    }
}
