// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PipelineRun {
    /// What has come to its end while records were being moved.
    private enum Ended: Sendable {
        case source, sink, committer, helper
        case deadline
    }

    /// Moves records until everything that was polled is delivered and committed, or until that is given up.
    func deliver(
        _ source: SourceWorker,
        _ sinks: [SinkWorker],
        _ keeper: PositionKeeper,
        _ claims: RunClaims,
        _ letters: LetterPost?
    ) async throws {
        let handOver = source.handOver
        let committer = Committer(
            source: source.connector,
            sinks: sinks,
            positions: keeper,
            handOver: handOver,
            retrier: retrier
        )
        var hanging: [RunningCall]?
        await withTaskCancellationHandler {
            await withTaskGroup(of: Ended.self) { group in
                group.addTask {
                    await source.run(committer); return .source
                }
                group.addTask {
                    await self.put(sinks, handOver, letters, source.connector); return .sink
                }
                group.addTask {
                    await committer.run(); return .committer
                }
                group.addTask { await self.drainWhenAsked(handOver) }
                addHelpers(to: &group, sinks, handOver, keeper, claims)
                if let reporting = source.connector as? any LagReporting {
                    group.addTask {
                        await self.lag.run(reporting, handOver.clock, self.calls); return .helper
                    }
                }
                hanging = await finish(&group, handOver)
            }
        } onCancel: {
            handOver.step { $0.abort(&$1) }
        }
        do {
            try outcome(handOver, hanging: hanging)
            reportAudit(isDrained: true)
        } catch {
            reportAudit(isDrained: false)
            throw error
        }
    }

    /// Puts into all sinks, and writes dead letters, until there is nothing left to be put.
    @concurrent
    private func put(
        _ sinks: [SinkWorker],
        _ handOver: HandOver,
        _ letters: LetterPost?,
        _ source: any Source
    ) async {
        if sinks.count == 1, letters == nil, handOver.step({ state, _ in state.desks[0].maxPuts }) == 1 {
            return await sinks[0].run(0, handOver)
        }
        await withTaskGroup { group in
            for (index, sink) in sinks.enumerated() {
                for _ in 0..<handOver.step({ state, _ in state.desks[index].maxPuts }) {
                    group.addTask { await sink.run(index, handOver) }
                }
            }
            guard let letters else { return }
            let writer = LetterWriter(
                pipeline: pipeline.name,
                connectorType: source.typeName,
                sinkNames: sinks.map(\.name),
                post: letters,
                handOver: handOver,
                retrier: retrier
            )
            group.addTask { await writer.run() }
        }
    }

    /// How long what is committable may wait for the commit.
    func commitInterval(_ sinks: [SinkWorker]) -> Duration {
        sinks.map(\.connector.traits.minCommitInterval).reduce(pipeline.options.commitInterval, max)
    }

    private func addHelpers(
        to group: inout TaskGroup<Ended>,
        _ sinks: [SinkWorker],
        _ handOver: HandOver,
        _ keeper: PositionKeeper,
        _ claims: RunClaims
    ) {
        let timer = CommitTimer(handOver: handOver, interval: commitInterval(sinks))
        group.addTask {
            try? await timer.run(); return .helper
        }
        let due = DueTimer(handOver: handOver)
        group.addTask {
            await due.run(); return .helper
        }
        let watch = UncommittedWatch(handOver: handOver, limit: pipeline.options.maxUncommittedTime)
        group.addTask {
            try? await watch.run(); return .helper
        }
        if claims.holdsConnector, let takeover = keeper.takeoverWatch(handOver) {
            group.addTask {
                await takeover.run(); return .helper
            }
        }
    }

    /// Waits for the ends in their order; the calls that had not returned at the deadline, if it came before them.
    private func finish(_ group: inout TaskGroup<Ended>, _ handOver: HandOver) async -> [RunningCall]? {
        var hanging: [RunningCall]?
        while let ended = await group.next() {
            switch ended {
            case .source, .helper:
                break
            case .sink:
                handOver.step { $0.endSinks(&$1) }
            case .committer:
                group.cancelAll()
                handOver.step { $0.endSinks(&$1) }
            case .deadline:
                hanging = runningCalls
                handOver.step { $0.abort(&$1) }
                group.cancelAll()
            }
        }
        return hanging
    }

    /// Lets a stop drain the pipeline, up to the deadline.
    private func drainWhenAsked(_ handOver: HandOver) async -> Ended {
        await stop.wait()
        guard !Task.isCancelled else { return .helper }
        pipeline.enter(.draining)
        handOver.step { $0.drain(&$1) }
        do {
            try await pipeline.clock.sleep(for: pipeline.options.drainDeadline)
            return .deadline
        } catch {
            return .helper
        }
    }

    private func outcome(_ handOver: HandOver, hanging: [RunningCall]?) throws {
        if let error = handOver.step({ state, _ in state.firstError }) { throw error }
        if let hanging {
            throw ConnectorError(
                .deadlineExceeded,
                "the pipeline \"\(pipeline.name)\" was not drained within \(pipeline.options.drainDeadline)"
                    + (hanging.isEmpty
                        ? "" : ", because of the \(hanging.map(\.description).joined(separator: " and the "))")
                    + "; what was not committed is read again by the next run"
            )
        }
        if Task.isCancelled {
            throw ConnectorError(
                .cancelled,
                "the pipeline \"\(pipeline.name)\" was cancelled",
                cause: CancellationError()
            )
        }
    }
}
