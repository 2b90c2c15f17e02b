// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles
import Synchronization

@testable import ConnectRuntimeKit

/// The stores that have to behave alike.
enum StoreKind: CaseIterable, Sendable {
    case memory, file

    /// Runs a test with a new store of this kind.
    func withStore(_ body: (any OffsetStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(InMemoryOffsetStore())
        case .file:
            try await withTemporaryDirectory { directory in
                try await body(FileOffsetStore(directory: directory + "/offsets"))
            }
        }
    }
}

/// Remembers the steps on files that a store takes, and lets some of them fail.
final class StepRecorder: Sendable {
    private struct State {
        var steps: [FileFaults.Step] = []
        var fault: @Sendable (Int, FileFaults.Step) -> FileFaults.Fault? = { _, _ in nil }
    }

    private let state = Mutex(State())

    var faults: FileFaults {
        FileFaults { step in
            self.state.withLock { state in
                state.steps.append(step)
                return state.fault(state.steps.count - 1, step)
            }
        }
    }

    var steps: [FileFaults.Step] { state.withLock { $0.steps } }

    var synchronizations: Int {
        steps.count { step in
            if case .synchronize = step { true } else { false }
        }
    }

    /// Forgets the steps so far, and lets those fail for which the closure gives a fault by number and kind.
    func start(_ fault: @escaping @Sendable (Int, FileFaults.Step) -> FileFaults.Fault? = { _, _ in nil }) {
        state.withLock { $0 = State(steps: [], fault: fault) }
    }
}

extension FileFaults.Step {
    var isSynchronization: Bool {
        if case .synchronize = self { true } else { false }
    }

    var isWrite: Bool {
        if case .write = self { true } else { false }
    }
}

extension ClaimRequest {
    static func of(
        _ connector: String,
        _ partition: String? = nil,
        _ policy: ClaimPolicy = .failIfOwned
    ) -> ClaimRequest {
        let partition = partition.map { RecordPartition($0) }
        return ClaimRequest(scope: ClaimScope(connector: connector, partition: partition), policy: policy)
    }
}

extension StoredPosition {
    static func at(_ offset: Int64, in partition: String = "", sequence: UInt64? = nil) -> StoredPosition {
        StoredPosition(
            RecordPosition(partition: RecordPartition(partition), offset: RecordOffset(offset)),
            sequence: sequence ?? UInt64(offset)
        )
    }
}

extension OffsetChanges {
    static func at(_ offset: Int64, in partition: String = "") -> OffsetChanges {
        OffsetChanges(positions: [.at(offset, in: partition)])
    }
}

/// The code of the error that a closure throws, if it is a connector's.
func code(of body: () async throws -> Void) async -> ConnectorError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? ConnectorError)?.code
    }
}

/// The error that a closure throws, if it is a connector's.
func connectorError(_ body: () async throws -> Void) async -> ConnectorError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ConnectorError
    }
}
