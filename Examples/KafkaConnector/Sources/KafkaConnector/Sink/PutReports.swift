// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import OpenConnect
import Synchronization

/// The delivery reports of the messages of one put.
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

        /// The slot that a message's pointer leads to.
        @inline(__always)
        static func at(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Slot>? {
            pointer?.assumingMemoryBound(to: Slot.self)
        }
    }

    /// What is reported of a message that was not delivered.
    struct Failure {
        let code: rd_kafka_resp_err_t
        /// Whether nothing else was in its batch: a broker refuses a batch as a whole.
        let isAlone: Bool
    }

    private struct State {
        var missing: Int
        var failures: [Int: Failure] = [:]
    }

    nonisolated(unsafe) private let slots: UnsafeMutableBufferPointer<Slot>
    private let state: Mutex<State>
    /// Keeps values alive, which librdkafka does not copy: those that are payloads of the batch, and others.
    private let batch: RecordBatch
    /// Only changed by who sends the messages.
    nonisolated(unsafe) private var kept: [SharedBytes] = []

    /// For the messages of a batch, each of which has to be settled, and for who sends them, who has to be so too.
    static func expecting(_ batch: RecordBatch) -> PutReports {
        let reports = PutReports(batch)
        _ = Unmanaged.passRetained(reports)
        return reports
    }

    private init(_ batch: RecordBatch) {
        self.batch = batch
        slots = .allocate(capacity: batch.count)
        state = Mutex(State(missing: batch.count + 1))
    }

    deinit {
        slots.deallocate()
    }

    /// The pointer for the message at an index, whose value stays as it is until its report where the batch holds it.
    func slot(_ index: Int, lane: UInt32) -> UnsafeMutableRawPointer {
        let slot = slots.baseAddress.unsafelyUnwrapped + index
        slot.initialize(to: Slot(reports: .passUnretained(self), index: Int32(truncatingIfNeeded: index), lane: lane))
        return UnsafeMutableRawPointer(slot)
    }

    /// Keeps a value alive until all messages are reported.
    func keep(_ value: SharedBytes) { kept.append(value) }

    /// Settles a number of messages, those that failed with their errors by index.
    func settle(_ count: Int, failures: [Int: Failure] = [:]) {
        let isLast = state.withLock { state in
            state.missing -= count
            if !failures.isEmpty { state.failures.merge(failures) { first, _ in first } }
            return state.missing == 0
        }
        if isLast { Unmanaged.passUnretained(self).release() }
    }

    var isComplete: Bool { state.withLock { $0.missing == 0 } }
    /// What is said of messages that have failed so far, by index.
    var failures: [Int: Failure] { state.withLock(\.failures) }

    /// Passes an event with the delivery reports of a batch on to the puts that wait for them.
    static func distribute(_ event: OpaquePointer) {
        var current: Unmanaged<PutReports>?
        var count = 0
        var failures: [Int: Failure] = [:]
        let isAlone = rd_kafka_event_message_count(event) == 1
        while let message = rd_kafka_event_message_next(event) {
            guard let slot = Slot.at(message.pointee._private) else { continue }
            let reports = slot.pointee.reports
            if let previous = current, previous.toOpaque() != reports.toOpaque() {
                previous.takeUnretainedValue().settle(count, failures: failures)
                (count, failures) = (0, [:])
            }
            current = reports
            count += 1
            guard !message.pointee.err.isNone else { continue }
            failures[Int(slot.pointee.index)] = Failure(code: message.pointee.err, isAlone: isAlone)
        }
        current?.takeUnretainedValue().settle(count, failures: failures)
    }
}
