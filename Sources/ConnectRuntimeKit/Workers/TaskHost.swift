// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Runs what connectors want to run beside themselves, as child tasks of the pipeline's group.
final class TaskHost: Sendable {
    private struct Job: Sendable {
        let name: String
        let operation: @Sendable () async throws -> Void
    }

    private struct State: Sendable {
        var error: ConnectorError?
        var onFailure: (@Sendable (ConnectorError) -> Void)?
    }

    private let jobs: AsyncStream<Job>
    private let newJobs: AsyncStream<Job>.Continuation
    private let state = Lock(State())

    init() {
        (jobs, newJobs) = AsyncStream.makeStream()
    }

    func add(_ name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        newJobs.yield(Job(name: name, operation: operation))
    }

    /// Whom to tell when a task throws; told at once of what has happened before.
    func onFailure(_ body: @escaping @Sendable (ConnectorError) -> Void) {
        let error = state.withLock { state in
            state.onFailure = body
            return state.error
        }
        if let error { body(error) }
    }

    /// Runs until it is cancelled.
    @concurrent
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { [self] in await perform(job) }
            }
            group.cancelAll()
        }
    }

    private func perform(_ job: Job) async {
        do {
            try await job.operation()
        } catch is CancellationError {
        } catch {
            let failure = error.inCall("the task \"\(job.name)\"", of: "connector")
            let onFailure = state.withLock { state in
                state.error = state.error ?? failure
                return state.onFailure
            }
            onFailure?(failure)
        }
    }
}
