// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Letters that are redriven together: what has to be put for each, what came of it, and what that changes in the store.
struct RedrivePage: Sendable {
    /// A record that a sink has to take.
    struct Item: Sendable {
        enum Outcome: Sendable {
            case delivered
            case dropped
            case failed(ConnectorError)
        }

        /// The letter's place in the page.
        let letter: Int
        /// Which of the records that the functions made.
        let part: Int
        let record: ConnectorRecord
        var failures = Retrier.Failures()
        var outcome: Outcome?
    }

    private enum Decision: Sendable {
        case kept
        case filtered
        case functionFailed(ConnectorError, attempts: Int)
        case put
    }

    /// What becomes of the letters in the store.
    struct Changes: Sendable {
        var added: [DeadLetter] = []
        var replaced: [StoredDeadLetter] = []
        var removed: [DeadLetterKey] = []
        var counts = RedriveCounts()
    }

    private let letters: [StoredDeadLetter]
    private let known: [String]
    private var decisions: [Decision]
    private var items: [String: [Item]] = [:]

    init(_ letters: [StoredDeadLetter], sinks: [String]) {
        self.letters = letters
        known = sinks
        decisions = letters.map { _ in .kept }
    }

    /// The sinks that something is for, in the pipeline's order.
    var sinks: [String] { known.filter { items[$0] != nil } }

    /// What a sink has to take, in the order of the letters.
    func items(for sink: String) -> [Item] { items[sink] ?? [] }

    /// Whether there is a record and a place to put it.
    func isDeliverable(_ index: Int, _ notices: inout RedriveNotices) -> Bool {
        let letter = letters[index].letter
        if letter.stage == .poll {
            notices.note("they hold input that could not become a record, and only a changed source can read it again")
            return false
        }
        if let sink = letter.sink, !known.contains(sink) {
            notices.note("the pipeline has no sink \"\(sink)\" any more; give it one of that name, or remove them")
            return false
        }
        return true
    }

    /// Notes what the functions made of a letter's record.
    mutating func plan(
        _ index: Int,
        _ result: Result<FunctionResult.Storage, FunctionStage.Failed>,
        _ notices: inout RedriveNotices
    ) {
        let parts: [FunctionResult.Part]
        switch result {
        case .failure(let failed):
            decisions[index] = .functionFailed(failed.error, attempts: failed.attempts)
            return
        case .success(.one(let record)): parts = [FunctionResult.Part(record)]
        case .success(.parts(let made)): parts = made
        }
        let letter = letters[index].letter
        let wanted = known.map { sink in
            parts.indices.filter { part in
                (letter.sink == nil || letter.sink == sink) && (letter.parts.isEmpty || letter.parts.contains(part))
                    && parts[part].sinks?.contains(sink) ?? true
            }
        }
        if parts.allSatisfy({ $0.sinks?.isEmpty == true }) {
            decisions[index] = .filtered
        } else if letter.sink != nil, wanted.joined().count < max(Set(letter.parts).count, 1) {
            notices.note("the functions no longer make the parts that failed, or send them elsewhere; look at them")
        } else {
            decisions[index] = .put
            for (sink, numbers) in zip(known, wanted) {
                for part in numbers {
                    items[sink, default: []].append(Item(letter: index, part: part, record: parts.part(part).record))
                }
            }
        }
    }

    /// Notes what came of everything for a sink.
    mutating func note(_ settled: [Item], for sink: String) { items[sink] = settled }

    // MARK: The store

    /// What changes in the store when everything delivered is flushed.
    func changes(at now: RecordTimestamp) -> Changes {
        var changes = Changes()
        var items: [[(sink: String, item: Item)]] = letters.map { _ in [] }
        for sink in sinks {
            for item in self.items(for: sink) { items[item.letter].append((sink, item)) }
        }
        for (index, stored) in letters.enumerated() {
            switch decisions[index] {
            case .kept: changes.counts.kept += 1
            case .filtered:
                changes.counts.filtered += 1
                changes.removed.append(stored.key)
            case .functionFailed(let error, let attempts):
                var letter = stored.letter
                letter.fail(at: .function, error, attempts: attempts, now)
                changes.counts.failedAgain += 1
                changes.replaced.append(StoredDeadLetter(key: stored.key, letter: letter))
            case .put:
                settle(stored, items[index], now, &changes)
            }
        }
        return changes
    }

    private func settle(
        _ stored: StoredDeadLetter,
        _ items: [(sink: String, item: Item)],
        _ now: RecordTimestamp,
        _ changes: inout Changes
    ) {
        var failed: [DeadLetter] = []
        for (sink, item) in items {
            guard case .failed(let error)? = item.outcome else { continue }
            var letter = stored.letter
            let others = failed.last?.sink == sink ? failed.removeLast() : nil
            letter.sink = sink
            letter.parts = (others?.parts ?? []) + [item.part]
            letter.fail(at: .put, error, attempts: item.failures.count, now)
            letter.attempts = max(letter.attempts, others?.attempts ?? 0)
            failed.append(letter)
        }
        guard let first = failed.first else {
            let isDropped = items.contains { _, item in
                if case .dropped? = item.outcome { true } else { false }
            }
            changes.counts.dropped += isDropped ? 1 : 0
            changes.counts.delivered += isDropped ? 0 : 1
            changes.removed.append(stored.key)
            return
        }
        changes.counts.failedAgain += 1
        changes.replaced.append(StoredDeadLetter(key: stored.key, letter: first))
        changes.added += failed.dropFirst()
    }
}

extension DeadLetter {
    /// Brings the letter up to date after a failure.
    fileprivate mutating func fail(at stage: Stage, _ error: ConnectorError, attempts: Int, _ now: RecordTimestamp) {
        self.stage = stage
        errorCode = error.code.description
        errorMessage = error.message
        self.attempts += attempts
        lastFailure = max(now, firstFailure)
    }
}
