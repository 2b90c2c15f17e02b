// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension Pipeline {
    /// Looks whether the pipeline would work: makes its connectors, has those that can look for their system do so
    /// (``/OpenConnect/ConnectionChecking``), and opens its stores. Nothing is polled or put, and no position is changed.
    ///
    /// Offsets that somebody else owns are no fault: the pipeline may be running elsewhere.
    ///
    /// - Throws: `CancellationError` when cancelled. Everything else is a finding.
    public func check() async throws -> PipelineCheck {
        var inspection = PipelineInspection(self)
        return try await inspection.execute()
    }
}

/// Looks at the parts of a pipeline, one after the other.
private struct PipelineInspection {
    let pipeline: Pipeline
    private var findings: [PipelineCheck.Finding] = []

    init(_ pipeline: Pipeline) { self.pipeline = pipeline }

    mutating func execute() async throws -> PipelineCheck {
        let source = make("source", pipeline.makeSource)
        let sinks = pipeline.sinks.compactMap { named in make(named.name, named.make).map { (named.name, $0) } }
        var plan: DeliveryPlan?
        if let source, sinks.count == pipeline.sinks.count {
            do {
                _ = try RunClaims(pipeline, source: source.traits, sinks: sinks.map(\.1))
                plan = try DeliveryPlan(pipeline, source: source.traits, sinks: sinks.map { (name: $0.0, sink: $0.1) })
            } catch {
                fail("pipeline", "cannot be put together", error)
            }
        }
        let positions = try await positions()
        if let source { try await look(at: source, "source", positions) }
        for (name, sink) in sinks { try await look(at: sink, name, []) }
        try await lookAtLetters()
        return PipelineCheck(
            pipeline: pipeline.name,
            guarantee: plan?.guarantee,
            reasons: plan?.reasons ?? [],
            findings: findings
        )
    }

    private mutating func make<Made>(_ part: String, _ body: () throws -> Made) -> Made? {
        do {
            return try body()
        } catch {
            fail(part, "cannot be made", error)
            return nil
        }
    }

    private mutating func fail(_ part: String, _ message: String, _ error: any Error) {
        let error = (error as? ConnectorError) ?? ConnectorError(.fatal, "\(error)", cause: error)
        findings.append(PipelineCheck.Finding(part: part, message: message, error: error))
    }

    private mutating func pass(_ part: String, _ message: String) {
        findings.append(PipelineCheck.Finding(part: part, message: message, error: nil))
    }

    /// The positions from which the source would go on.
    private mutating func positions() async throws -> [RecordPosition] {
        guard let store = pipeline.store else { return [] }
        let request = ClaimRequest(scope: ClaimScope(connector: pipeline.name), policy: .failIfOwned)
        do {
            let claim = try await store.claim(request)
            try await store.release(claim.token)
            let count = claim.positions.count
            pass("offset store", count == 0 ? "is empty: the source begins anew" : "holds \(count) position(s)")
            return claim.positions.map { $0.position }
        } catch let error as ConnectorError where error.code == .retryable {
            pass("offset store", "is in use: \(error.message)")
        } catch {
            try Task.checkCancellation()
            fail("offset store", "cannot be used", error)
        }
        return []
    }

    private mutating func look(at connector: any Connector, _ part: String, _ positions: [RecordPosition]) async throws
    {
        guard let checking = connector as? any ConnectionChecking else {
            return pass(part, "has no check of its own")
        }
        do {
            try await checking.checkConnection(context(part, connector, CheckHost(stored: positions)))
            pass(part, "is reached")
        } catch {
            try Task.checkCancellation()
            fail(part, "does not work", error)
        }
    }

    private func context(_ part: String, _ connector: any Connector, _ host: CheckHost) -> ConnectorContext {
        ConnectorContext(
            pipeline: pipeline.name,
            name: part,
            clock: pipeline.clock,
            eventDefaults: EventDefaults(pipeline: pipeline.name, connectorType: connector.typeName),
            host: host
        )
    }

    private mutating func lookAtLetters() async throws {
        guard let letters = pipeline.deadLetters else { return }
        switch letters.place {
        case .store(let store):
            do {
                _ = try await store.read(after: nil, atMost: 1)
                pass("dead letters", "can be written, and redriven")
            } catch let error as ConnectorError where error.code == .retryable {
                pass("dead letters", "are in use: \(error.message)")
            } catch {
                try Task.checkCancellation()
                fail("dead letters", "cannot be used", error)
            }
        case .sink(let make):
            guard let sink = self.make("dead letters", make) else { return }
            try await look(at: sink, "dead letters", [])
            pass("dead letters", "go to a sink, from which they cannot be redriven")
        }
    }
}

/// The host of a connector that is only asked whether it works.
private struct CheckHost: ConnectorHost {
    let stored: [RecordPosition]

    func positions() async throws -> [RecordPosition] { stored }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {}
    func emit(_ event: ConnectorEvent) {}
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}
}
