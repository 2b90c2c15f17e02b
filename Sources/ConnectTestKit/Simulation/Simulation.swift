// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// One simulated life of a pipeline, with everything that the plan has in store for it.
package final class Simulation: Sendable {
    /// What came of a simulation.
    package struct Outcome: Sendable {
        package let plan: SimulationPlan
        package let violation: SimulationViolation?
        package let history: [SimulationEvent]
        package let jobs: Int
        package let processes: Int
        package let elapsed: Duration
    }

    private struct Running {
        let process: SimulatedProcess
        let pipeline: Pipeline
    }

    private struct State {
        var running: [Running] = []
        var incidents: [SimulationPlan.Incident]
        /// How many jobs there are until the next incident.
        var jobsLeft: Int
        var isOver = false
    }

    private enum Order { case start }

    private static let stall = Duration.seconds(600)
    private static let mostJobs = 300_000
    private static let mostProcesses = 100

    private let plan: SimulationPlan
    private let executor: SimulationExecutor
    private let world: SimulatedWorld
    private let state: Mutex<State>
    /// How long the history was when it was looked at last.
    private let seenEvents = Atomic(0)
    private let orders: AsyncStream<Order>
    private let order: AsyncStream<Order>.Continuation

    private init(_ plan: SimulationPlan) {
        self.plan = plan
        executor = SimulationExecutor(seed: plan.schedule &* 2 &+ 1, drift: .microseconds(plan.seed % 2 == 0 ? 0 : 300))
        world = SimulatedWorld(plan, clock: executor.clock)
        state = Mutex(State(incidents: plan.incidents, jobsLeft: plan.incidents.first?.jobs ?? .max))
        (orders, order) = AsyncStream.makeStream()
    }

    /// Runs a plan to its end, or to the first violation.
    package static func run(_ plan: SimulationPlan) -> Outcome {
        let simulation = Simulation(plan)
        return simulation.run()
    }

    private func run() -> Outcome {
        var jobs = 0
        let isDone = executor.run(
            beforeEachJob: { job in
                jobs = job
                self.step(job)
            },
            onStall: { self.giveUp("hangs: nothing is ready and nobody sleeps") }
        ) { await self.supervise() }
        return world.look { state in
            if !isDone { state.violate("G11", "what was cancelled did not end") }
            return Outcome(
                plan: plan,
                violation: state.violation,
                history: state.history,
                jobs: jobs,
                processes: state.processes.count,
                elapsed: executor.clock.elapsed
            )
        }
    }

    // MARK: The supervisor

    private func supervise() async {
        order.yield(.start)
        await withDiscardingTaskGroup { group in
            for await _ in orders { group.addTask { await self.live() } }
        }
    }

    /// One process from its beginning to its end.
    private func live() async {
        let process = SimulatedProcess(number: world.look { $0.beginProcess() }, world: world)
        let pipeline = pipeline(process)
        state.withLock { $0.running.append(Running(process: process, pipeline: pipeline)) }
        let result = await withTaskGroup(of: Result<DeliveryCounts, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await pipeline.run()) } catch { return .failure(error) }
            }
            group.addTask {
                await process.death()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        state.withLock { $0.running.removeAll { $0.process === process } }
        checkAudit(of: pipeline, process)
        await end(process, result)
    }

    private func end(_ process: SimulatedProcess, _ result: Result<DeliveryCounts, any Error>?) async {
        let isNewest = world.look { state in
            if case .success(let counts)? = result { state.check(counts, of: process.number) }
            state.endProcess(process.number, Self.describe(result))
            return state.processes.count == process.number
        }
        let isOver = state.withLock(\.isOver)
        let (isComplete, isLast, count) = world.look { ($0.isComplete, $0.newestAlive == nil, $0.processes.count) }
        if isOver || isComplete && isLast {
            if !isOver { world.look { $0.checkEnd() } }
            order.finish()
        } else if isComplete || !isNewest {
            // Another process is still at it, and sees the end for itself.
        } else if count >= Self.mostProcesses {
            world.look { $0.violate("G2", "there is no end to it") }
            order.finish()
        } else {
            try? await executor.clock.sleep(for: .milliseconds(500))
            order.yield(.start)
        }
    }

    /// At any time, and however a run ended, every record is accounted for.
    private func checkAudit(of pipeline: Pipeline, _ process: SimulatedProcess) {
        let audit = pipeline.audit
        guard let fault = audit.faults.first else { return }
        world.look { $0.violate("G14", "process \(process.number): \(fault)") }
    }

    private static func describe(_ result: Result<DeliveryCounts, any Error>?) -> String {
        switch result {
        case .success?: "run returned"
        case .failure(let error)?: "run threw \(error)"
        case nil: "gone"
        }
    }

    // MARK: Incidents

    private func step(_ job: Int) {
        let seen = world.look { state in
            let isNew = state.history.count != self.seenEvents.load(ordering: .relaxed)
            if isNew { self.seenEvents.store(state.history.count, ordering: .relaxed) }
            let isStalled = state.now - state.lastEvent > Self.stall.wholeNanoseconds
            return (state.violation != nil, isNew && !self.plan.isBounded && state.isComplete, isStalled)
        }
        if seen.0 { return endAll() }
        if seen.1 { stopAll() }
        if seen.2 { _ = giveUp("hangs") }
        if job >= Self.mostJobs { _ = giveUp("has no end") }
        let incident = state.withLock { state -> SimulationPlan.Incident.Kind? in
            guard !state.incidents.isEmpty, !state.running.isEmpty else { return nil }
            state.jobsLeft -= 1
            guard state.jobsLeft <= 0 else { return nil }
            let incident = state.incidents.removeFirst()
            state.jobsLeft = state.incidents.first?.jobs ?? .max
            return incident.kind
        }
        if let incident { happen(incident) }
    }

    private func happen(_ kind: SimulationPlan.Incident.Kind) {
        guard let newest = state.withLock(\.running).last else { return }
        checkAudit(of: newest.pipeline, newest.process)
        world.look { $0.note(0, .note("incident: \(kind.rawValue)")) }
        switch kind {
        case .crash:
            world.look { $0.endProcess(newest.process.number, "killed") }
            newest.process.kill()
        case .stop:
            world.look { $0.processes[newest.process.number - 1].isStopping = true }
            newest.pipeline.stop()
        case .takeOver:
            order.yield(.start)
        case .revoke, .lose:
            world.look { $0.processes[newest.process.number - 1].rebalance = kind }
        }
    }

    private func stopAll() {
        for running in state.withLock(\.running) { running.pipeline.stop() }
    }

    private func endAll() {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        guard isFirst else { return }
        world.look { state in
            for number in state.processes.indices { state.processes[number].isAlive = false }
        }
        for running in state.withLock(\.running) { running.process.kill() }
        order.finish()
    }

    private func giveUp(_ what: String) -> Bool {
        guard !state.withLock(\.isOver) else { return false }
        let calls = state.withLock(\.running).map { "process \($0.process.number) in \($0.pipeline.status.calls)" }
        world.look { $0.violate("G11", "it \(what): \(calls.joined(separator: ", "))") }
        endAll()
        return true
    }

    // MARK: What is simulated

    private func pipeline(_ process: SimulatedProcess) -> Pipeline {
        Pipeline(
            "simulated",
            from: Self.source(process),
            through: plan.hasFunction ? [SimulatedFunction(process: process)] : [],
            to: plan.sinks.indices.map { index in NamedSink(plan.sinks[index].name, Self.sink(process, index)) },
            offsets: plan.needsStore ? SimulatedOffsetStore(process: process) : nil,
            deadLetters: .store(SimulatedDeadLetters(process: process)),
            options: plan.options,
            clock: executor.clock.connectorClock,
            randomness: .seeded(plan.schedule)
        )
    }

    private static func source(_ process: SimulatedProcess) -> any Source {
        let reader = SimulatedReader(process)
        return switch process.world.plan.source {
        case .log: SimulatedSource(reader: reader)
        case .queue: SimulatedQueueSource(reader: reader)
        case .pruning, .upstreamKept, .group, .storedGroup: SimulatedCommittingSource(reader: reader)
        }
    }

    private static func sink(_ process: SimulatedProcess, _ index: Int) -> any Sink {
        let writer = SimulatedWriter(process: process, sink: index)
        let plan = process.world.plan.sinks[index]
        return switch plan.kind {
        case .plain where plan.isPipelined: SimulatedPipeliningSink(writer: writer)
        case .plain: SimulatedPlainSink(writer: writer)
        case .checkpointing: SimulatedCheckpointingSink(writer: writer)
        case .positionKeeping: SimulatedPositionKeepingSink(writer: writer)
        }
    }
}
