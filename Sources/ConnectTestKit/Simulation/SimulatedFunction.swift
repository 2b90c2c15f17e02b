// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// The function of a simulated pipeline: filters, splits, routes and rejects as the plan says.
struct SimulatedFunction: RecordFunction {
    let process: SimulatedProcess

    func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
        guard let ref = RecordRef(record.data.text ?? "") else { return .record(record) }
        return try await process.perform(.function, [ref]) { state, _ in
            let entry = state.entry(ref)
            if entry.fate == .filter { return .filtered }
            guard entry.fate != .fail else {
                state.rejected.insert(ref)
                throw ConnectorError(.invalidRecord, "nothing can be made of \(ref)")
            }
            let sinks = entry.route.map { $0.map { state.plan.sinks[$0].name } }
            return FunctionResult(
                state.parts(of: ref).map { part in
                    var made = record
                    made.data = .text(part.description)
                    return FunctionResult.Part(made, for: sinks)
                }
            )
        }
    }
}

/// The dead letters of a simulated pipeline: durable when `append` has returned, and perhaps a moment before.
struct SimulatedDeadLetters: DeadLetterStore {
    let process: SimulatedProcess

    func append(_ letters: [DeadLetter]) async throws {
        let refs = letters.compactMap { RecordRef($0.record.data.text ?? "") }
        try await process.perform(.append, refs) { state, fault in
            for (index, letter) in zip(refs.indices, letters) {
                if case .partial(let count)? = fault?.effect, index >= count {
                    throw ConnectorError(.retryable, "a part was appended")
                }
                let sink = letter.sink.flatMap { name in state.plan.sinks.firstIndex { $0.name == name } }
                state.bury(process.number, refs[index], sink)
            }
        }
    }

    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] { [] }

    func replace(_ letters: [StoredDeadLetter]) async throws {}
    func remove(_ keys: [DeadLetterKey]) async throws {}
}

extension WorldState {
    /// A dead letter is durable: what it speaks of is settled.
    mutating func bury(_ process: Int, _ ref: RecordRef, _ sink: Int?) {
        letters.insert(LetterKey(ref: ref.entry, sink: sink))
        if !rejected.contains(ref.entry) { violate("G8", "\(ref) is a dead letter, but nobody rejected it") }
        guard let left = processes[process - 1].unsettled[ref.entry] else { return }
        guard let sink else { return settle(process, ref.entry) }
        let parts = parts(of: ref).count
        let lane = lane(of: ref)
        processes[process - 1].lanes[sink][lane]?.removeAll { $0.entry == ref.entry }
        processes[process - 1].unsettled[ref.entry] = left <= parts ? nil : left - parts
    }
}
