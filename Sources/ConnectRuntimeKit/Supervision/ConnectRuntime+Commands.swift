// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension ConnectRuntime {
    /// Lets a pipeline rest: what was polled is delivered and committed, its claim and its connections stay, and a
    /// suspended poll is not cancelled. One that does not run yet does not begin.
    ///
    /// - Parameters:
    ///   - name: which pipeline.
    ///   - deadline: how long to wait until it rests; by default a little longer than its `drainDeadline`. What was asked
    ///     for remains so when it has passed.
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` when there is no such pipeline or it has failed;
    ///   `deadlineExceeded` with the calls that are waited for; what the pipeline fails with meanwhile.
    public func pause(_ name: String, within deadline: Duration? = nil) async throws {
        let supervisor = try supervisor(name)
        var runs: UInt64 = 0
        try supervisor.take { supervision throws(ConnectorError) in
            runs = supervision.endedRuns
            try supervision.pause()
        }
        try await waitUntilResting(supervisor, .paused, after: runs, deadline)
    }

    /// Has a pipeline go on that was paused, stopped, or added so; does nothing to one that runs.
    ///
    /// - Throws: as ``pause(_:within:)``.
    public func resume(_ name: String, within deadline: Duration? = nil) async throws {
        let supervisor = try supervisor(name)
        try supervisor.take { supervision throws(ConnectorError) in try supervision.resume() }
        try await waitUntilRunning(supervisor, "running", deadline)
    }

    /// Stops a pipeline: it drains up to its `drainDeadline`, and its connectors stop. It can be resumed.
    ///
    /// - Throws: as ``pause(_:within:)``; a pipeline that has failed may be stopped.
    public func stop(_ name: String, within deadline: Duration? = nil) async throws {
        let supervisor = try supervisor(name)
        var runs: UInt64 = 0
        supervisor.take { supervision in
            runs = supervision.endedRuns
            supervision.stop()
        }
        try await waitUntilResting(supervisor, .stopped, after: runs, deadline)
    }

    /// Stops a pipeline and runs it anew, from its committed positions; also one that has failed, which then has all its
    /// restarts before it again.
    ///
    /// - Throws: as ``pause(_:within:)``.
    public func restart(_ name: String, within deadline: Duration? = nil) async throws {
        let supervisor = try supervisor(name)
        var runs: UInt64?
        supervisor.take { supervision in
            runs = supervision.isRunning ? supervision.endedRuns : nil
            supervision.restart()
        }
        try await waitUntilRunning(supervisor, "running again", after: runs, deadline)
    }

    /// Restarts every pipeline that has failed or waits for its restart, one beside the other.
    ///
    /// - Returns: the names of those that were restarted.
    /// - Throws: the first error of ``restart(_:within:)``.
    @discardableResult
    public func restartFailed(within deadline: Duration? = nil) async throws -> [String] {
        let failed = state.withLock(\.supervisors).filter {
            [.failed, .restarting].contains($0.supervision.state)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for supervisor in failed {
                group.addTask { try await self.restart(supervisor.name, within: deadline) }
            }
            try await group.waitForAll()
        }
        return failed.map(\.name)
    }

    // MARK: The whole runtime

    /// Asks the runtime to stop: every pipeline drains up to its `drainDeadline`. Returns at once; ``run()`` returns when
    /// all have stopped.
    public func stop() {
        state.withLock { $0.phase = max($0.phase, .stopping) }
        stopSignal.request()
        changed.ring()
    }

    /// Stops the runtime and waits until ``run()`` is about to return.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `deadlineExceeded` that names each pipeline that has not
    ///   stopped and the calls it waits for. ``run()`` then cannot return before they do.
    public func stop(within deadline: Duration) async throws {
        stop()
        guard try await !inTime(deadline, { [ended] in if ended.count == 0 { try await ended.wait(beyond: 0) } })
        else { return }
        try Task.checkCancellation()
        let hanging = health.pipelines.filter { ![.stopped, .failed].contains($0.status.state) }
        let texts = hanging.map { "\"\($0.pipeline)\" because of \($0.status.hanging)" }.joined(separator: "; ")
        throw ConnectorError(.deadlineExceeded, "pipelines have not stopped within \(deadline): \(texts)")
    }
}

extension ConnectRuntime {
    private func waitUntilRunning(
        _ supervisor: PipelineSupervisor,
        _ goal: String,
        after runs: UInt64? = nil,
        _ deadline: Duration?
    ) async throws {
        try await wait(for: supervisor, goal, deadline) { supervision in
            if let runs, supervision.endedRuns == runs { return false }
            if supervision.state == .failed || supervision.isBackingOff, let error = supervision.lastError {
                throw error
            }
            return supervision.state == .running || supervision.isCompleted || supervision.wish != .run
        }
    }

    /// Waits until the pipeline rests, or its run has come to its end.
    ///
    /// - Throws: what the run fails with.
    private func waitUntilResting(
        _ supervisor: PipelineSupervisor,
        _ goal: PipelineState,
        after runs: UInt64,
        _ deadline: Duration?
    ) async throws {
        let wish = supervisor.supervision.wish
        try await wait(for: supervisor, "\(goal)", deadline) { supervision in
            if supervision.endedRuns > runs, let error = supervision.lastError { throw error }
            return supervision.state == goal || supervision.wish != wish
        }
    }

    /// Waits until a pipeline has come as far as was asked for.
    private func wait(
        for supervisor: PipelineSupervisor,
        _ goal: String,
        _ deadline: Duration?,
        _ isReached: @escaping @Sendable (Supervision) throws -> Bool
    ) async throws {
        guard state.withLock({ $0.phase == .running }) else { return }
        let deadline = deadline ?? supervisor.pipeline.options.drainDeadline + .seconds(5)
        let isInTime = try await inTime(deadline) { try await supervisor.wait(until: isReached) }
        guard !isInTime else { return }
        try Task.checkCancellation()
        throw ConnectorError(
            .deadlineExceeded,
            "the pipeline \"\(supervisor.name)\" is not \(goal) after \(deadline), because of "
                + supervisor.pipeline.status.hanging
        )
    }

    /// Does something that must be done by a deadline; `false` when it was not.
    private func inTime(
        _ deadline: Duration,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask { [clock = setting.clock] in
                try? await clock.sleep(for: deadline)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }
}
