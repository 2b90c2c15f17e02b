// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import Synchronization

/// Waits for the delivery reports of the messages of one put.
///
/// librdkafka carries a pointer with each message: to the message's slot here. The object lives until every message is
/// settled, also where nobody waits for that any more.
final class PutReports: Sendable {
    /// What a message's pointer leads to.
    struct Slot {
        let reports: Unmanaged<PutReports>
        let index: Int32
        /// Chooses the partition of a message without a key.
        let lane: UInt32
        /// Keeps the value alive where librdkafka has not copied it.
        let value: SharedBytes
    }

    private struct State {
        var missing: Int
        var failures: [Int: rd_kafka_resp_err_t] = [:]
        var waiter: CheckedContinuation<Void, any Error>?
    }

    nonisolated(unsafe) private let slots: UnsafeMutableBufferPointer<Slot>
    private let state: Mutex<State>
    private let room: Doorbell

    /// For a number of messages, each of which has to be settled, and for who sends them, who has to be so too.
    ///
    /// - Parameter room: rung when messages were settled, and the producer has room for others.
    static func expecting(_ count: Int, room: Doorbell) -> PutReports {
        let reports = PutReports(count: count, room: room)
        _ = Unmanaged.passRetained(reports)
        return reports
    }

    private init(count: Int, room: Doorbell) {
        self.room = room
        slots = .allocate(capacity: count)
        state = Mutex(State(missing: count + 1))
        let empty = Slot(reports: .passUnretained(self), index: 0, lane: 0, value: SharedBytes())
        slots.initialize(repeating: empty)
    }

    deinit {
        slots.deinitialize()
        slots.deallocate()
    }

    /// The pointer for the message at an index.
    ///
    /// - Parameter value: what has to live until the message is reported.
    func slot(_ index: Int, lane: UInt32, keeping value: SharedBytes) -> UnsafeMutableRawPointer {
        slots[index] = Slot(
            reports: .passUnretained(self),
            index: Int32(truncatingIfNeeded: index),
            lane: lane,
            value: value
        )
        return UnsafeMutableRawPointer(slots.baseAddress.unsafelyUnwrapped + index)
    }

    /// Settles a number of messages, those that failed with their errors by index.
    func settle(_ count: Int, failures: [Int: rd_kafka_resp_err_t] = [:]) {
        let (isLast, waiter) = state.withLock { state in
            state.missing -= count
            if !failures.isEmpty { state.failures.merge(failures) { first, _ in first } }
            guard state.missing == 0 else { return (false, CheckedContinuation<Void, any Error>?.none) }
            defer { state.waiter = nil }
            return (true, state.waiter)
        }
        waiter?.resume()
        room.ring()
        if isLast { Unmanaged.passUnretained(self).release() }
    }

    var isComplete: Bool { state.withLock { $0.missing == 0 } }

    /// Suspends until every message is settled.
    ///
    /// - Returns: the errors of those that failed, by index.
    /// - Throws: `CancellationError` when the task is cancelled; the messages are on their way nevertheless.
    func all() async throws -> [Int: rd_kafka_resp_err_t] {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.missing == 0 { return .success(()) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiter = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
        return state.withLock(\.failures)
    }

    /// Passes an event with delivery reports on to the puts that wait for them.
    static func distribute(_ event: OpaquePointer) {
        var current: Unmanaged<PutReports>?
        var count = 0
        var failures: [Int: rd_kafka_resp_err_t] = [:]
        while let message = rd_kafka_event_message_next(event) {
            guard let slot = message.pointee._private?.assumingMemoryBound(to: Slot.self).pointee else { continue }
            if let previous = current, previous.toOpaque() != slot.reports.toOpaque() {
                previous.takeUnretainedValue().settle(count, failures: failures)
                (count, failures) = (0, [:])
            }
            current = slot.reports
            count += 1
            if !message.pointee.err.isNone { failures[Int(slot.index)] = message.pointee.err }
        }
        current?.takeUnretainedValue().settle(count, failures: failures)
    }
}
