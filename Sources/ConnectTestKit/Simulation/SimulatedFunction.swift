// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// The function of a simulated pipeline: filters, splits, routes and rejects as the plan says.
struct SimulatedFunction: RecordFunction {
    let process: SimulatedProcess

    func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
        guard let ref = RecordRef(record.data.text ?? "") else { return .record(record) }
        let number = process.number
        do {
            return try await process.perform(.function, [ref]) { state, _ in try state.apply(number, record, ref) }
        } catch {
            process.world.look { $0.noteFailure(number, ofFunction: ref, error) }
            throw error
        }
    }
}

extension WorldState {
    /// What a function makes of a record.
    fileprivate mutating func apply(_ process: Int, _ record: ConnectorRecord, _ ref: RecordRef) throws
        -> FunctionResult
    {
        let entry = entry(ref)
        if entry.fate == .filter {
            settleWhole(process, ref, .filtered)
            return .filtered
        }
        guard entry.fate != .fail else {
            throw ConnectorError(.invalidRecord, "nothing can be made of \(ref)")
        }
        guard entry.parts > 1 || entry.route != nil else { return .record(record) }
        let sinks = entry.route.map { $0.map { plan.sinks[$0].name } }
        return FunctionResult(
            parts(of: ref).map { part in
                var made = record
                made.data = .text(part.description)
                return FunctionResult.Part(made, for: sinks)
            }
        )
    }

    /// A function failed on a record: for good, unless the error may pass.
    fileprivate mutating func noteFailure(_ process: Int, ofFunction ref: RecordRef, _ error: any Error) {
        guard processes[process - 1].isAlive, plan.options.onError != .stop else { return }
        guard error is ConnectorError else { return }
        let key = LetterKey(ref: ref.entry, sink: nil)
        processes[process - 1].failures[key, default: 0] += 1
        if let policy = plan.options.policy(for: error) {
            guard let most = policy.maxAttempts, processes[process - 1].failures[key, default: 0] >= most else {
                return
            }
        }
        giveUp(process, key)
        for sink in sinks.indices {
            processes[process - 1].lanes[sink][lane(of: ref)]?.removeAll { $0.entry == ref.entry }
        }
    }
}

extension DeliveryOptions {
    /// How often a call is made again that failed in such a way; `nil` where it is not.
    func policy(for error: any Error) -> RetryPolicy? {
        switch (error as? ConnectorError)?.code {
        case .retryable?: retry
        case .throttled?, .notConnected?: outage
        default: nil
        }
    }
}

/// The dead letters of a simulated pipeline: durable when `append` has returned, and perhaps a moment before.
struct SimulatedDeadLetters: DeadLetterStore {
    let process: SimulatedProcess

    func append(_ letters: [DeadLetter]) async throws {
        let refs = letters.compactMap { RecordRef($0.record.data.text ?? "") ?? $0.record.position?.ref }
        try await process.perform(.append, refs) { state, fault in
            for (index, letter) in zip(refs.indices, letters) {
                if case .partial(let count)? = fault?.effect, index >= count {
                    throw ConnectorError(.retryable, "a part was appended")
                }
                let sink = letter.sink.flatMap { name in state.plan.sinks.firstIndex { $0.name == name } }
                state.bury(process.number, refs[index], sink, letter.parts)
            }
        }
    }

    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] { [] }

    func replace(_ letters: [StoredDeadLetter]) async throws {}
    func remove(_ keys: [DeadLetterKey]) async throws {}
}
