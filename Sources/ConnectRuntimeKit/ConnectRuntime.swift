// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Runs many pipelines in one process, independent of one another, and looks after them.
///
/// ```swift
/// let runtime = ConnectRuntime([orders, invoices], observer: log)
/// try await runtime.run()
/// ```
///
/// A pipeline that fails is run again as the ``RestartPolicy`` says, from its committed positions, with connectors made
/// anew. A watchdog names the call that does not return; it keeps its own pipeline from going on, and no other. Each
/// pipeline can be paused, resumed, stopped and restarted by its name while the others work.
public final class ConnectRuntime: Sendable {
    /// What a pipeline does once it was added.
    public struct InitialState: Sendable, Hashable {
        let wish: Supervision.Wish
        /// Runs. The default.
        public static let running = InitialState(wish: .run)
        /// Waits to be resumed: nothing is claimed and no connector is started before.
        public static let paused = InitialState(wish: .pause)
        /// Waits to be resumed, and lets its offsets be changed.
        public static let stopped = InitialState(wish: .stop)
    }

    /// How it looks after its pipelines.
    public var options: RuntimeOptions { setting.options }

    /// Takes secrets out of texts about the pipelines that others are shown, such as the message of their last error.
    public let redaction: SecretRedaction

    let setting: RuntimeSetting
    let state = Lock(RuntimeState())
    let stopSignal = StopSignal()
    /// Tells that the runtime has come to its end.
    let ended = ChangeSignal()
    /// Rings when a pipeline was added or has no more to do, and when the runtime is to stop.
    let changed = Bell()

    /// A runtime with its first pipelines, which run once it does.
    ///
    /// - Parameters:
    ///   - pipelines: each with a name of its own.
    ///   - options: what is done about failures and calls that do not return.
    ///   - observer: is told what all pipelines do, beside their own observers.
    ///   - redaction: knows the secrets of the pipelines' connectors.
    ///   - clock: the time by which the runtime waits before a restart and looks for calls that do not return.
    ///   - randomness: the chance in the wait before a restart.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` where two pipelines have one name.
    public init(
        _ pipelines: [Pipeline] = [],
        options: RuntimeOptions = RuntimeOptions(),
        observer: any RuntimeObserver = .silent,
        redaction: SecretRedaction = SecretRedaction(),
        clock: ConnectorClock = .continuous,
        randomness: PipelineRandomness = .system
    ) throws {
        self.redaction = redaction
        setting = RuntimeSetting(options: options, observer: observer, clock: clock, randomness: randomness)
        for pipeline in pipelines { try add(pipeline) }
    }

    // MARK: Pipelines

    /// Adds a pipeline; where the runtime is running, the pipeline runs at once.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` when there is one of that name.
    public func add(_ pipeline: Pipeline, as initial: InitialState = .running) throws {
        let supervisor = PipelineSupervisor(pipeline, initial.wish, setting) { [changed] in changed.ring() }
        try state.withLock { state throws(ConnectorError) in try state.add(supervisor) }
        changed.ring()
    }

    /// Stops a pipeline and forgets it. Its committed positions stay in its store.
    ///
    /// - Parameters:
    ///   - name: which pipeline.
    ///   - deadline: how long to wait for it; by default a little longer than its `drainDeadline`.
    /// - Throws: as ``stop(_:within:)``; then the pipeline is still there.
    public func remove(_ name: String, within deadline: Duration? = nil) async throws {
        let supervisor = try supervisor(name)
        try await stop(name, within: deadline)
        supervisor.take { $0.close() }
        state.withLock { $0.remove(supervisor) }
    }

    /// The names of the pipelines, in the order in which they were added.
    public var names: [String] { state.withLock { $0.supervisors.map(\.name) } }

    func supervisor(_ name: String) throws(ConnectorError) -> PipelineSupervisor {
        let supervisors = state.withLock(\.supervisors)
        if let found = supervisors.first(where: { $0.name == name }) { return found }
        let known = supervisors.isEmpty ? "none" : supervisors.map { "\"\($0.name)\"" }.joined(separator: ", ")
        throw ConnectorError(.invalidConfiguration, "there is no pipeline \"\(name)\"; there are: \(known)")
    }

    // MARK: Running

    /// Runs the pipelines until the runtime is stopped or the task is cancelled, or until none is left that may do any
    /// more: each has come to its end, or has failed for good. A runtime runs once; where a stop was asked for before,
    /// it ends at once.
    ///
    /// A call of a connector that ignores cancellation and does not return keeps this method from returning, as every
    /// child task does. The observer is told of it (`call.stalled`, and after a stop `pipeline.overdue`), and
    /// ``stop(within:)`` throws: a host ends its process then.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` when pipelines have failed for good, naming all of them, once the others
    ///   have come to their end as well; `cancelled` when the task was cancelled.
    public func run() async throws {
        try state.withLock { state throws(ConnectorError) in try state.begin() }
        await supervise()
        state.withLock { $0.phase = .ended }
        ended.notify()
        guard !Task.isCancelled else {
            throw ConnectorError(.cancelled, "the runtime was cancelled", cause: CancellationError())
        }
        try state.withLock { state throws(ConnectorError) in try state.checkFailures() }
    }

    @concurrent
    private func supervise() async {
        await withTaskGroup { group in
            group.addTask { await self.lookForStalls() }
            group.addTask { await self.exportMetrics() }
            group.addTask { await self.tellOverdue() }
            await runPipelines()
            group.cancelAll()
        }
    }

    private func runPipelines() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (new, isOver) = state.withLock { ($0.takeNew(), $0.isOver(options)) }
                if isOver { break }
                for supervisor in new { group.addTask { await supervisor.run() } }
                await changed.wait()
            }
            for supervisor in state.withLock({ $0.close() }) { supervisor.take { $0.close() } }
        }
    }
}
