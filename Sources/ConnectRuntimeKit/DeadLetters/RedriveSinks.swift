// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The sinks that a redrive needs: each is started when the first record for it comes.
struct RedriveSinks {
    private let pipeline: Pipeline
    private let host: PipelineHost
    private let retrier: Retrier
    /// In the order in which they were started.
    private var workers: [SinkWorker] = []
    private var claims: (claims: RunClaims, claim: OffsetClaim)?

    init(_ pipeline: Pipeline, host: PipelineHost, retrier: Retrier) {
        self.pipeline = pipeline
        self.host = host
        self.retrier = retrier
    }

    /// The sink with a name, started.
    mutating func worker(_ name: String) async throws -> SinkWorker {
        if let worker = workers.first(where: { $0.name == name }) { return worker }
        guard let sink = pipeline.sinks.first(where: { $0.name == name }) else {
            throw ConnectorError(.fatal, "the pipeline has no sink \"\(name)\"")
        }
        var failures = Retrier.Failures()
        while true {
            let connector = try make(sink)
            let needsClaim = connector is any PositionKeepingSink || connector is any CheckpointingSink
            let token = needsClaim ? try await claim().token : ClaimToken(scope: scope, epoch: Epoch(0))
            let worker = SinkWorker(name: name, sink: connector, claim: token, retrier: retrier)
            // Entered first: whatever was asked to start is stopped.
            workers.append(worker)
            do {
                try await worker.start(context(worker))
                try await resume(worker)
                return worker
            } catch {
                workers.removeLast()
                await worker.stop()
                try await retrier.pause(after: error.inCall("start", of: name), &failures, "start", name)
            }
        }
    }

    private var scope: ClaimScope { ClaimScope(connector: pipeline.name) }

    private func make(_ sink: NamedSink) throws -> any Sink {
        do { return try sink.make() } catch { throw error.inCall("making", of: sink.name) }
    }

    private func context(_ worker: SinkWorker) throws -> ConnectorContext {
        let source: any Source
        do { source = try pipeline.makeSource() } catch { throw error.inCall("making", of: "source") }
        return ConnectorContext(
            pipeline: pipeline.name,
            name: worker.name,
            clock: pipeline.clock,
            eventDefaults: EventDefaults(pipeline: pipeline.name, source: source),
            host: ConnectorDoor(host, worker.name)
        )
    }

    // MARK: Sinks that keep positions or checkpoints

    /// Claims the pipeline's offsets, as a run does: no run may use these sinks meanwhile.
    private mutating func claim() async throws -> OffsetClaim {
        if let claims { return claims.claim }
        let source: any Source
        do { source = try pipeline.makeSource() } catch { throw error.inCall("making", of: "source") }
        let new = try RunClaims(pipeline, source: source.traits, sinks: pipeline.sinks.map { try make($0) })
        let claim = try await new.claim(by: .failIfOwned, retrier)
        claims = (new, claim)
        return claim
    }

    /// Cuts the output back to where the pipeline's positions speak of it, as a run does: what is behind that is repeated by
    /// the next run.
    private func resume(_ worker: SinkWorker) async throws {
        guard case .checkpointing(let sink) = worker.mode, let claims else { return }
        do {
            let stored = claims.claim.checkpoints[worker.name]
            try await sink.restore(stored)
            worker.noteBeginning(stored == nil ? try await sink.checkpoint() : stored)
        } catch {
            throw error.inCall("restore", of: worker.name)
        }
    }

    /// Prolongs the claim.
    func renew() async throws {
        guard let claims else { return }
        try await retrier.run("renewal", of: "offset store") {
            try await claims.claims.keeper(claims.claim, retrier).renew(holdsConnector: claims.claims.holdsConnector)
        }
    }

    /// Makes what was put durable; for a checkpointing sink also against the next start.
    func flush(_ name: String) async throws {
        guard let worker = workers.first(where: { $0.name == name }) else { return }
        do {
            try await worker.flush([])
            guard case .checkpointing(let sink) = worker.mode, let claims else { return }
            let checkpoint = try await sink.checkpoint()
            let changes = OffsetChanges(checkpoints: [name: checkpoint])
            try await retrier.run("save", of: "offset store") {
                try await claims.claims.save(changes, claims.claim.token)
            }
        } catch {
            throw error.inCall("flush", of: name)
        }
    }

    /// Stops the sinks, and gives the claim back.
    mutating func stop() async throws {
        for worker in workers.reversed() { await worker.stop() }
        workers = []
        guard let (claims, claim) = claims else { return }
        do {
            try await claims.release(claim.token)
        } catch {
            throw error.inCall("release", of: "offset store")
        }
    }
}
