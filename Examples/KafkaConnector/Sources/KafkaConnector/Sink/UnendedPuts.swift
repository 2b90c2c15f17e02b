// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The puts whose messages are on their way, and what their order asks of the next one.
final class UnendedPuts: Sendable {
    struct Put: Sendable {
        let lease: ProducerLeases.Lease
        let messages: SentMessages

        var isComplete: Bool { messages.reports.isComplete }
    }

    private struct State {
        /// In their order, until the runner knows what became of them.
        var pending: [Put] = []
        /// Nobody waits for them any more.
        var abandoned: [Put] = []
    }

    private let leases: ProducerLeases
    /// Whether the lanes of a put may be those of one before; else they are different ones.
    private let areInOneOrder: Bool
    private let state = Mutex(State())

    init(_ leases: ProducerLeases, areInOneOrder: Bool) {
        self.leases = leases
        self.areInOneOrder = areInOneOrder
    }

    /// - Returns: whether nothing that it has to stay behind is still on its way.
    func add(_ put: Put) -> Bool {
        guard areInOneOrder else { return true }
        return state.withLock { state in
            state.pending.append(put)
            return state.pending.count == 1
        }
    }

    /// Whether no other put is behind it.
    func isNewest(_ put: Put) -> Bool {
        state.withLock { $0.pending.last.map { $0.messages.reports === put.messages.reports } ?? true }
    }

    /// The lanes of which nothing may be sent, because something before it was not sent by a put that has not ended.
    ///
    /// - Returns: `nil` where nothing may be sent at all, because messages of such a put have failed.
    func lanesToLeaveOut(of producer: KafkaProducer) async throws -> Set<RecordLane>? {
        let pending = state.withLock(\.pending)
        for put in pending where put.lease.producer !== producer {
            try await put.lease.producer.waitForReports { put.isComplete }
        }
        guard !pending.contains(where: { !$0.messages.reports.failures.isEmpty }) else { return nil }
        return pending.reduce(into: []) { $0.formUnion($1.messages.stoppedLanes) }
    }

    /// Nobody waits for a put any more; its producer is given back once its messages are reported.
    func end(_ put: Put) async {
        let isComplete = state.withLock { state in
            state.pending.removeAll { $0.messages.reports === put.messages.reports }
            if !put.isComplete { state.abandoned.append(put) }
            return put.isComplete
        }
        if isComplete { await leases.giveBack(put.lease) }
    }

    /// Waits for the messages of puts that were given up: they must not come behind those of the next one.
    func settleAbandoned() async throws {
        while let put = state.withLock({ $0.abandoned.first }) {
            try await put.lease.producer.waitForReports { put.isComplete }
            await giveBack(put)
        }
    }

    /// Gives all producers back; what is not reported is given up with them.
    func close() async {
        while let put = state.withLock({ $0.abandoned.first }) { await giveBack(put) }
    }

    private func giveBack(_ put: Put) async {
        let isLeft = state.withLock { state in
            let count = state.abandoned.count
            state.abandoned.removeAll { $0.messages.reports === put.messages.reports }
            return state.abandoned.count < count
        }
        if isLeft { await leases.giveBack(put.lease) }
    }
}
