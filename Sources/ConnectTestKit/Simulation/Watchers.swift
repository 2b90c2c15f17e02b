// SPDX-License-Identifier: Apache-2.0

/// Tasks that wait until something has been counted so far, or they are cancelled.
struct Watchers {
    typealias Continuation = CheckedContinuation<Void, Never>

    private var lastID: UInt64 = 0
    private var waiting: [(id: UInt64, count: Int, continuation: Continuation)] = []
    /// Those that were cancelled before they began to wait.
    private var cancelled: Set<UInt64> = []

    mutating func newID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// Takes one in.
    ///
    /// - Returns: whether it waits: it does not if it was cancelled before.
    mutating func add(_ id: UInt64, _ count: Int, _ continuation: Continuation) -> Bool {
        if cancelled.remove(id) != nil { return false }
        waiting.append((id, count, continuation))
        return true
    }

    /// Those that have waited long enough, to be resumed.
    mutating func take(upTo count: Int) -> [Continuation] {
        defer { waiting.removeAll { $0.count <= count } }
        return waiting.filter { $0.count <= count }.map(\.continuation)
    }

    /// The one that is cancelled, to be resumed; `nil` where it does not wait yet, or no longer.
    mutating func cancel(_ id: UInt64) -> Continuation? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else {
            cancelled.insert(id)
            return nil
        }
        return waiting.remove(at: index).continuation
    }
}
