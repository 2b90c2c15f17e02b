// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The runner's side of a connector in a check: it has stored positions and takes note of what it is told.
final class ConformanceHost: ConnectorHost {
    private struct State {
        var assigned: Set<RecordPartition> = []
        var revoked: Set<RecordPartition> = []
        var lost: Set<RecordPartition> = []
        var tasks: [(name: String, call: LooseCall<Void>)] = []
        var onRevoke: @Sendable ([RecordPartition]) async throws -> Void = { _ in }
    }

    private let stored: [RecordPosition]
    private let executor: CallExecutor
    private let state = Mutex(State())

    /// A runner that has positions in its store, and runs tasks where the calls of a check are made.
    init(_ stored: [RecordPosition], _ executor: CallExecutor) {
        // A store keeps the names of partitions, and nothing of the values that the source made.
        self.stored = stored.map { position in
            RecordPosition(partition: RecordPartition(position.partition.name), offset: position.offset)
        }
        self.executor = executor
    }

    var context: ConnectorContext {
        ConnectorContext(
            pipeline: "conformance",
            name: "subject",
            clock: .continuous,
            eventDefaults: EventDefaults(pipeline: "conformance", connectorType: "conformance"),
            host: self
        )
    }

    /// Partitions that the source said it has been given, those it has given up, and those it has lost.
    var assigned: Set<RecordPartition> { state.withLock(\.assigned) }
    var revoked: Set<RecordPartition> { state.withLock(\.revoked) }
    var lost: Set<RecordPartition> { state.withLock(\.lost) }

    /// What is done before a call of `revoke` returns: what was read is committed.
    func onRevoke(_ action: @escaping @Sendable ([RecordPartition]) async throws -> Void) {
        state.withLock { $0.onRevoke = action }
    }

    /// Cancels what runs beside the connector, as a runner does after `stop`.
    ///
    /// - Returns: the names of the tasks that did not end in time, and the errors of those that failed.
    func endTasks(within limit: Duration) async -> [String] {
        let tasks = state.withLock(\.tasks)
        for task in tasks { task.call.cancel() }
        var complaints: [String] = []
        for (name, call) in tasks {
            switch await call.outcome(within: limit) {
            case nil: complaints.append("the task '\(name)' had not ended \(limit) after it was cancelled")
            case .failure(let error) where !error.isCancellation:
                complaints.append("the task '\(name)' threw '\(error)'")
            default: break
            }
        }
        return complaints
    }

    /// Whether the connector had something run beside it.
    var hasTasks: Bool { state.withLock { !$0.tasks.isEmpty } }

    func positions() async throws -> [RecordPosition] { stored }

    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        let call = LooseCall(on: executor, operation)
        state.withLock { $0.tasks.append((name, call)) }
    }

    func emit(_ event: ConnectorEvent) {}

    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] {
        state.withLock { state in
            state.assigned.formUnion(partitions)
            state.revoked.subtract(partitions)
        }
        return stored.filter { partitions.contains($0.partition) }
    }

    func revoke(_ partitions: [RecordPartition]) async throws {
        let action = state.withLock { state in
            state.assigned.subtract(partitions)
            state.revoked.formUnion(partitions)
            return state.onRevoke
        }
        try await action(partitions)
    }

    func partitionsChanged() {}

    func lost(_ partitions: [RecordPartition]) {
        state.withLock { state in
            state.assigned.subtract(partitions)
            state.lost.formUnion(partitions)
        }
    }
}
