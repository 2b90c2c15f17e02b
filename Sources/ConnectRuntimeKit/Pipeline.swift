// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A source, functions, sinks and an offset store: moves records from the source to the sinks and commits what was
/// delivered.
///
/// ```swift
/// try await Pipeline("ticks", from: TickSource(every: .seconds(1)), to: FileSink(path: "ticks"), offsets: store).run()
/// ```
///
/// The connectors are made anew for each run. After a crash at any moment the next run goes on from what was committed:
/// at least once with any sink, exactly once with a ``/OpenConnect/CheckpointingSink`` or a
/// ``/OpenConnect/PositionKeepingSink``.
public final class Pipeline: Sendable {
    /// The name, under which the positions are stored.
    public let name: String
    /// How much may be on its way, and when it is committed.
    public let options: DeliveryOptions

    let makeSource: @Sendable () throws -> any Source
    let sinks: [NamedSink]
    let functions: [any RecordFunction]
    let store: (any OffsetStore)?
    let deadLetters: DeadLetters?
    let clock: ConnectorClock
    let randomness: PipelineRandomness
    let observers: ObserverList
    let events: EventSender
    private let state = Lock(Life())

    /// A pipeline with several sinks, all of which get every record unless a function chooses among them.
    ///
    /// - Parameters:
    ///   - name: identifies the pipeline in its offset store, over restarts.
    ///   - source: makes the source, at each run.
    ///   - functions: filter, change, split and route the records, in their order.
    ///   - sinks: at least one, each with a name of its own.
    ///   - offsets: keeps the positions; needed unless the source or the sink keeps them.
    ///   - deadLetters: where bad records go; needed where the options send them there.
    ///   - options: how much may be on its way, when it is committed, and what is done about failures.
    ///   - clock: the time that the pipeline lives by.
    ///   - randomness: the chance that the pipeline lives by.
    ///   - observer: is told what an operator should know. Called from any task; must not block.
    public init(
        _ name: String,
        from source: @autoclosure @escaping @Sendable () throws -> any Source,
        through functions: [any RecordFunction] = [],
        to sinks: [NamedSink],
        offsets: (any OffsetStore)? = nil,
        deadLetters: DeadLetters? = nil,
        options: DeliveryOptions = DeliveryOptions(),
        clock: ConnectorClock = .continuous,
        randomness: PipelineRandomness = .system,
        observer: any RuntimeObserver = .silent
    ) {
        self.name = name
        self.options = options
        self.functions = functions
        self.sinks = sinks
        self.deadLetters = deadLetters
        self.clock = clock
        self.randomness = randomness
        observers = ObserverList(observer)
        events = EventSender(name, observers)
        store = offsets
        makeSource = source
    }

    /// A pipeline with one sink, whose name is `sink`. The parameters are those of the pipeline with several.
    public convenience init(
        _ name: String,
        from source: @autoclosure @escaping @Sendable () throws -> any Source,
        through functions: [any RecordFunction] = [],
        to sink: @autoclosure @escaping @Sendable () throws -> any Sink,
        offsets: (any OffsetStore)? = nil,
        deadLetters: DeadLetters? = nil,
        options: DeliveryOptions = DeliveryOptions(),
        clock: ConnectorClock = .continuous,
        randomness: PipelineRandomness = .system,
        observer: any RuntimeObserver = .silent
    ) {
        self.init(
            name,
            from: try source(),
            through: functions,
            to: [NamedSink("sink", try sink())],
            offsets: offsets,
            deadLetters: deadLetters,
            options: options,
            clock: clock,
            randomness: randomness,
            observer: observer
        )
    }

    /// Runs until the source ends, ``stop()`` is called, something fails, or the task is cancelled.
    ///
    /// A stop drains: what was polled is delivered and committed, up to the deadline of the options. Cancelling the
    /// task does not: what was not committed is read again by the next run.
    ///
    /// - Returns: what was moved.
    /// - Throws: ``/OpenConnect/ConnectorError``: the first thing that failed, after everything was stopped.
    ///   `deadlineExceeded` when a stop did not get done in time; `cancelled` when the task was cancelled.
    @discardableResult
    public func run() async throws -> DeliveryCounts {
        try await run { _ in }
    }

    /// Runs, and tells each state that the run comes to.
    @discardableResult
    func run(_ onState: @escaping @Sendable (PipelineState) -> Void) async throws -> DeliveryCounts {
        let run = try state.withLock { state throws(ConnectorError) in
            guard state.run == nil else {
                throw ConnectorError(.invalidConfiguration, "the pipeline \"\(name)\" is running already")
            }
            state.runs += 1
            let run = PipelineRun(self, number: state.runs)
            state.run = run
            state.onState = onState
            return run
        }
        do {
            let counts = try await run.execute()
            end(run, .stopped)
            return counts
        } catch {
            end(run, run.isFailed(by: error) ? .failed : .stopped, error)
            throw error
        }
    }

    private func end(_ run: PipelineRun, _ newest: PipelineState, _ error: (any Error)? = nil) {
        state.withLock { state in
            state.lastCounts = run.counts
            state.lastAudit = run.audit
            var reading = run.reading
            reading.abandoned = reading.counts.inFlight
            state.ended.merge(reading)
            state.run = nil
        }
        defer { state.withLock { $0.onState = nil } }
        enter(newest, error)
    }

    /// Whether the newest run was that of a member of a group, which others may take partitions over from.
    var sharesClaims: Bool { state.withLock(\.sharesClaims) }

    func noteClaims(areShared: Bool) { state.withLock { $0.sharesClaims = areShared } }

    /// Notes the state that the pipeline is in, and tells the observer where it is another one.
    func enter(_ newest: PipelineState, _ error: (any Error)? = nil) {
        let (isNew, onState) = state.withLock { state in
            defer { state.state = newest }
            if newest == .restarting, state.state != newest { state.restarts += 1 }
            return (state.state != newest, state.onState)
        }
        guard isNew else { return }
        events.send(
            .pipelineState,
            level(of: newest, error),
            "the pipeline \"\(name)\" is \(newest)",
            error: error
        ) {
            $0.state = newest
        }
        onState?(newest)
    }

    /// What fails after a stop was asked for is no failure of the pipeline, but it may have kept records from being
    /// committed, which the next run reads again.
    private func level(of newest: PipelineState, _ error: (any Error)?) -> ConnectorEvent.Level {
        guard newest != .failed else { return .error }
        guard let error, !(error is CancellationError), (error as? ConnectorError)?.code != .cancelled else {
            return .info
        }
        return .warning
    }

    /// Asks a running pipeline to drain and stop. Returns at once; ``run()`` returns when it is done.
    public func stop() {
        state.withLock(\.run)?.stop.request()
    }

    /// Lets polling rest, until ``resume()``. What was polled is delivered and committed; the claim and the connections
    /// stay. A poll that is suspended is not cancelled: what it returns is kept until polling goes on.
    ///
    /// - Returns: when everything is at rest; `false` when that will not be, because the pipeline does not run or does so
    ///   no longer, goes on meanwhile, or the calling task is cancelled. What was asked for remains so.
    @discardableResult
    public func pause() async -> Bool {
        guard let run = state.withLock(\.run) else { return false }
        run.pause()
        return await run.restInPause()
    }

    /// Lets polling go on.
    public func resume() {
        state.withLock(\.run)?.resume()
    }

    /// What became of every record of this run or, when the pipeline is stopped, of the one before.
    ///
    /// Takes as long as it takes to look at every record in flight; meanwhile none moves.
    public var audit: DeliveryAudit {
        let life = state.withLock { $0 }
        return life.run?.audit ?? life.lastAudit
    }

    /// Whether a run has not come to its end.
    var isRunning: Bool { state.withLock { $0.run != nil } }

    /// What the pipeline is doing.
    public var status: PipelineStatus {
        let life = state.withLock { $0 }
        return PipelineStatus(
            state: life.state,
            counts: life.run?.counts ?? life.lastCounts,
            calls: life.run?.runningCalls ?? []
        )
    }
}

extension Pipeline {
    /// What there is to know for the metrics, taken so that counters never go back when a run ends meanwhile.
    var observed:
        (
            state: PipelineState, restarts: Int, reading: MeterReading, gauges: MeterGauges,
            lag: [RecordPartition: Int64]?
        )
    {
        let life = state.withLock { $0 }
        var reading = life.ended
        guard let run = life.run else { return (life.state, life.restarts, reading, MeterGauges(), nil) }
        reading.merge(run.reading)
        return (life.state, life.restarts, reading, run.gauges, run.lag.read())
    }

    /// How long ago something was committed, or was found to have moved.
    func timeSinceProgress(_ counts: DeliveryCounts, _ lastCommit: ConnectorClock.Instant?) -> Duration? {
        let now = clock.now
        return state.withLock { state in
            guard state.runs > 0 else { return nil }
            if counts != state.seenCounts || state.lastProgress == nil {
                state.seenCounts = counts
                state.lastProgress = now
            } else if let lastCommit {
                state.lastProgress = max(state.lastProgress ?? lastCommit, lastCommit)
            }
            return now.since(state.lastProgress ?? now)
        }
    }
}

private struct Life: Sendable {
    var state = PipelineState.created
    var run: PipelineRun?
    var onState: (@Sendable (PipelineState) -> Void)?
    /// How many runs there were.
    var runs = 0
    var lastCounts = DeliveryCounts()
    var lastAudit = DeliveryAudit.empty
    /// What the runs before this one have counted and measured.
    var ended = MeterReading()
    var restarts = 0
    /// Whether others of a group work beside the newest run.
    var sharesClaims = false
    /// What was seen to have moved last, and when.
    var seenCounts = DeliveryCounts()
    var lastProgress: ConnectorClock.Instant?
}
