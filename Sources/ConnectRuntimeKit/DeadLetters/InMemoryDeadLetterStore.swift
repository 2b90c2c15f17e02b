// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Keeps dead letters as long as the process lives: for tests, and for looking at them.
///
/// Its letters are in memory, all of them: with a pipeline that goes on for long, use a ``FileDeadLetterStore``.
public final class InMemoryDeadLetterStore: DeadLetterStore {
    private struct State {
        /// In the order of their keys.
        var letters: [StoredDeadLetter] = []
        var lastNumber: UInt64 = 0

        func index(of key: DeadLetterKey) -> Int? {
            let index = letters.partitioningIndex { $0.key >= key }
            return index < letters.count && letters[index].key == key ? index : nil
        }
    }

    private let state = Lock(State())

    /// A store without letters.
    public init() {}

    /// Adds letters.
    public func append(_ letters: [DeadLetter]) async throws {
        state.withLock { state in
            for letter in letters {
                state.lastNumber += 1
                state.letters.append(StoredDeadLetter(key: DeadLetterKey(state.lastNumber), letter: letter))
            }
        }
    }

    /// The oldest letters behind a key, at most that many.
    public func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] {
        state.withLock { state in
            let start = key.map { key in state.letters.partitioningIndex { $0.key > key } } ?? 0
            return Array(state.letters[start...].prefix(max(count, 0)))
        }
    }

    /// Puts letters in the place of those with the same keys; keys that are not there any more are passed over.
    public func replace(_ letters: [StoredDeadLetter]) async throws {
        state.withLock { state in
            for letter in letters {
                if let index = state.index(of: letter.key) { state.letters[index] = letter }
            }
        }
    }

    /// Removes letters; keys that are not there any more are passed over.
    public func remove(_ keys: [DeadLetterKey]) async throws {
        let keys = Set(keys)
        state.withLock { $0.letters.removeAll { keys.contains($0.key) } }
    }

    /// How many letters there are.
    public var count: Int { state.withLock { $0.letters.count } }
}

extension Array {
    /// The first index at which a condition holds that holds from some element on.
    func partitioningIndex(where holds: (Element) -> Bool) -> Int {
        var range = 0..<count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = holds(self[middle]) ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
        }
        return range.lowerBound
    }
}
