// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

/// A sink that writes what it is handed later, in order, with at most one flaw.
actor ModelPipeline: PipeliningSink {
    nonisolated let traits: SinkTraits
    private let storage: ModelStorage
    private let flaw: SinkFlaw?
    /// Whether a batch with a bad record fails, and each that was begun behind it.
    private let failsWhole: Bool
    private var failure: ConnectorError?
    private var rows: [String] = []
    /// The lanes that the batch stopped that has not ended.
    private var stoppedLanes: Set<RecordLane> = []

    init(_ storage: ModelStorage, _ flaw: SinkFlaw? = nil, failsWhole: Bool = false, isOrdered: Bool = true) {
        traits = SinkTraits(isOrdered: isOrdered)
        self.storage = storage
        self.flaw = flaw
        self.failsWhole = failsWhole
    }

    func begin(_ batch: RecordBatch) async throws -> PendingPut {
        try storage.checkConnection()
        if let error = failure(of: batch) { return PendingPut { try await self.fail(error) } }
        var verdicts: [Int: RecordVerdict] = [:]
        var stopped = flaw == .goesOnBehindPending ? [] : stoppedLanes
        var accepted: [String] = []
        for index in batch.indices {
            let (row, lane) = (batch[index].data.text ?? "", batch.lane(at: index))
            if stopped.contains(lane) {
                verdicts[index] = .notTried
            } else if row == "bad" {
                verdicts[index] = .reject(ConnectorError(.invalidRecord, "bad"))
                if traits.isOrdered { stopped.insert(lane) }
            } else {
                accepted.append(row)
            }
        }
        stoppedLanes = stopped
        if flaw == .secondComesFirst { rows = accepted + rows } else { rows += accepted }
        return PendingPut { [verdicts] in await self.result(verdicts) }
    }

    private func failure(of batch: RecordBatch) -> ConnectorError? {
        guard failsWhole else { return nil }
        if batch.contains(where: { $0.data.text == "bad" }) {
            failure = ConnectorError(.retryable, "behind a batch that failed")
            return ConnectorError(.invalidRecord, "one of the records is bad")
        }
        return flaw == .goesOnBehindPending ? nil : failure
    }

    private func fail(_ error: ConnectorError) throws -> PutResult {
        failure = nil
        throw error
    }

    private func result(_ verdicts: [Int: RecordVerdict]) -> PutResult {
        stoppedLanes = []
        return .verdicts(verdicts)
    }

    func flush() async throws {
        try storage.checkConnection()
        storage.state.withLock { $0.rows += rows }
        rows = []
    }
}
