// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// An offset store that does before each save what a test wants.
struct FailingStore: OffsetStore {
    private let base: InMemoryOffsetStore
    private let beforeSave: @Sendable () async throws -> Void

    init(_ base: InMemoryOffsetStore, beforeSave: @escaping @Sendable () async throws -> Void) {
        self.base = base
        self.beforeSave = beforeSave
    }

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim { try await base.claim(request) }
    func renew(_ claim: ClaimToken) async throws { try await base.renew(claim) }
    func release(_ claim: ClaimToken) async throws { try await base.release(claim) }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await beforeSave()
        try await base.save(changes, under: claim)
    }
}

/// Keeps dead letters in memory; does before each append what a test wants.
final class LetterStore: DeadLetterStore {
    private let state = Mutex<[DeadLetter]>([])
    private let beforeAppend: @Sendable ([DeadLetter]) async throws -> Void

    init(beforeAppend: @escaping @Sendable ([DeadLetter]) async throws -> Void = { _ in }) {
        self.beforeAppend = beforeAppend
    }

    var letters: [DeadLetter] { state.withLock { $0 } }
    /// The data of the records in the letters.
    var texts: [String] { letters.map(\.record.text) }

    func append(_ letters: [DeadLetter]) async throws {
        try await beforeAppend(letters)
        state.withLock { $0 += letters }
    }

    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter] {
        let first = Int(key.map { $0.number + 1 } ?? 0)
        return letters.enumerated().dropFirst(first).prefix(count).map {
            StoredDeadLetter(key: DeadLetterKey(UInt64($0)), letter: $1)
        }
    }

    func replace(_ letters: [StoredDeadLetter]) async throws {}

    func remove(_ keys: [DeadLetterKey]) async throws {}
}
