// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Keeps letters in memory, and fails as it is told.
final class LetterBoxStore: DeadLetterStore {
    private struct State {
        var letters: [DeadLetter] = []
        var failuresLeft: Int
    }

    private let state: Mutex<State>

    init(failing count: Int = 0) { state = Mutex(State(failuresLeft: count)) }

    var letters: [DeadLetter] { state.withLock(\.letters) }

    func append(_ letters: [DeadLetter]) async throws {
        try state.withLock { state in
            if state.failuresLeft > 0 {
                state.failuresLeft -= 1
                throw ConnectorError(.retryable, "the disk is full")
            }
            state.letters += letters
        }
    }

    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] {
        let first = key.map { Int($0.number) + 1 } ?? 0
        return letters.enumerated().dropFirst(first).prefix(count).map {
            StoredDeadLetter(key: DeadLetterKey(UInt64($0.offset)), letter: $0.element)
        }
    }

    func replace(_ letters: [StoredDeadLetter]) async throws {}

    func remove(_ keys: [DeadLetterKey]) async throws {}
}
