// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

// MARK: Settled

extension WorldState {
    /// The books of a process after a put whose answer arrives.
    mutating func settle(
        _ process: Int,
        _ put: SimulatedPut,
        _ verdicts: [Int: RecordVerdict],
        andTheRest isApplied: Bool = true
    ) {
        for (index, ref) in put.refs.enumerated() {
            let kind = verdicts[index]?.kind ?? (isApplied ? .delivered : .notTried)
            guard kind == .delivered || kind == .drop || kind == .reject else { continue }
            let generation = processes[process - 1].generations[ref.partition]
            guard put.generations.isEmpty || put.generations[index] == generation else { continue }
            let key = LetterKey(ref: ref, sink: put.sink)
            if sinks[put.sink].kind == .checkpointing {
                processes[process - 1].sinceCheckpoint[put.sink].append((ref, kind))
            }
            switch kind {
            case .reject: giveUp(process, key)
            case .drop: settle(process, key, .dropped)
            default: settle(process, key, .delivered)
            }
        }
    }

    /// One part of an entry is done with in one sink; with the last one, the entry is settled.
    mutating func settle(_ process: Int, _ key: LetterKey, _ outcome: SettledAs) {
        let entry = key.ref.entry
        takeOutOfLane(process, key)
        guard processes[process - 1].unsettled[entry]?.remove(key) != nil else { return }
        if outcome != .delivered { processes[process - 1].outcomes[entry, default: [:]][key] = outcome }
        guard processes[process - 1].unsettled[entry]?.isEmpty ?? true else { return }
        // An entry that became several counts once.
        let outcome = processes[process - 1].outcomes[entry]?.values.max() ?? .delivered
        processes[process - 1].unsettled[entry] = nil
        processes[process - 1].settled[entry] = outcome
        processes[process - 1].counts.settled[outcome, default: 0] += 1
    }

    /// A part that was settled has to be put again.
    mutating func unsettle(_ process: Int, _ key: LetterKey) {
        let entry = key.ref.entry
        if let outcome = processes[process - 1].settled.removeValue(forKey: entry) {
            processes[process - 1].counts.settled[outcome, default: 0] -= 1
        }
        processes[process - 1].outcomes[entry]?[key] = nil
        processes[process - 1].unsettled[entry, default: []].insert(key)
    }

    private mutating func takeOutOfLane(_ process: Int, _ key: LetterKey) {
        guard let sink = key.sink else { return }
        processes[process - 1].lanes[sink][lane(of: key.ref)]?.removeAll { $0 == key.ref }
    }
}

// MARK: Given up

extension WorldState {
    /// A call failed for a record that may have been its last attempt.
    mutating func noteFailure(_ process: Int, _ key: LetterKey) {
        processes[process - 1].failures[key, default: 0] += 1
        guard let most = plan.options.retry.maxAttempts else { return }
        guard processes[process - 1].failures[key, default: 0] >= most else { return }
        noteLastFailure(process, key)
    }

    /// There is no other attempt for a record, as far as anybody can tell.
    private mutating func noteLastFailure(_ process: Int, _ key: LetterKey) {
        guard plan.options.onError != .stop else { return }
        rejected.insert(key)
        processes[process - 1].mayBeGivenUp.insert(key)
    }

    /// A put failed as a whole.
    mutating func noteFailure(_ process: Int, of put: SimulatedPut, _ error: any Error) {
        guard processes[process - 1].isAlive, let error = error as? ConnectorError else { return }
        let keys = put.refs.map { LetterKey(ref: $0, sink: put.sink) }
        if error.code == .retryable { for key in keys { noteFailure(process, key) } }
        guard error.code == .invalidRecord, !canBeParted(put) else { return }
        for key in keys {
            rejected.insert(key)
            processes[process - 1].mayBeGivenUp.insert(key)
        }
    }

    /// The source could not take note of a commit.
    mutating func noteFailedCommit(_ process: Int, _ error: any Error) {
        let failures = processes[process - 1].commitFailures
        guard failures < .max else { return }
        let policy = plan.options.policy(for: error)
        let isLast = policy.map { failures + 1 >= $0.maxAttempts ?? .max } ?? true
        processes[process - 1].commitFailures = isLast ? .max : failures + 1
    }

    private func canBeParted(_ put: SimulatedPut) -> Bool {
        guard sinks[put.sink].kind == .positionKeeping else { return put.refs.count > 1 }
        return put.refs.dropLast().contains { entry($0).endsUnit && $0.part == entry($0).parts - 1 }
    }

    /// A sink could not tell its place, or not be cut back: nobody outside knows for which records that counts.
    mutating func noteFailure(_ process: Int, ofSink sink: Int, _ error: any Error) {
        guard processes[process - 1].isAlive else { return }
        // Without a checkpoint the put behind it is none: all of it counts as failed.
        unsettle(process, sink)
        guard (error as? ConnectorError)?.code == .retryable else { return }
        for ref in processes[process - 1].lanes[sink].values.joined() {
            noteFailure(process, LetterKey(ref: ref, sink: sink))
        }
    }

    /// A record is not put any more: dropped, or on its way to the dead letters.
    mutating func giveUp(_ process: Int, _ key: LetterKey) {
        rejected.insert(key)
        takeOutOfLane(process, key)
        guard key.sink != nil else {
            if plan.dropsBadRecords { settleWhole(process, key.ref, .dropped) }
            return
        }
        // What is rejected is settled only when its dead letter is durable.
        if plan.dropsBadRecords { settle(process, key, .dropped) }
    }

    /// An entry is settled before it reached any sink.
    mutating func settleWhole(_ process: Int, _ ref: RecordRef, _ outcome: SettledAs) {
        for key in processes[process - 1].unsettled[ref.entry] ?? [] { settle(process, key, outcome) }
    }

    /// A dead letter is durable: what it speaks of is settled.
    mutating func bury(_ process: Int, _ ref: RecordRef, _ sink: Int?, _ parts: [Int]) {
        guard let sink else {
            bury(LetterKey(ref: ref.entry, sink: nil))
            return settleWhole(process, ref, .deadLettered)
        }
        for part in parts {
            let key = LetterKey(ref: RecordRef(partition: ref.partition, number: ref.number, part: part), sink: sink)
            bury(key)
            settle(process, key, .deadLettered)
        }
    }

    private mutating func bury(_ key: LetterKey) {
        letters.insert(key)
        if !rejected.contains(key) { violate("G8", "\(key.ref) is a dead letter, but nobody rejected it") }
    }
}
