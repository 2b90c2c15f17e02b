// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// An offset store under a check.
struct OffsetStoreTrial: ConformanceTrial {
    let subject: OffsetStoreSubject
    let caller: Caller
    let store: any OffsetStore

    init(_ subject: OffsetStoreSubject, _ limits: ConformanceLimits) async throws {
        self.subject = subject
        caller = Caller(limits: limits)
        store = try await caller.ask("makeStore") { try await subject.makeStore() }
    }

    private init(_ subject: OffsetStoreSubject, _ caller: Caller, _ store: any OffsetStore) {
        self.subject = subject
        self.caller = caller
        self.store = store
    }

    func close() async { await subject.close() }

    /// The same with a store that was opened anew.
    func reopened() async throws -> OffsetStoreTrial {
        guard let reopen = subject.reopen else {
            throw Finding.notApplicable("the store's positions end with it, or the subject has no way to open it again")
        }
        return OffsetStoreTrial(subject, caller, try await caller.ask("reopen") { try await reopen() })
    }

    static func request(
        _ connector: String,
        _ partition: String? = nil,
        _ policy: ClaimPolicy = .failIfOwned
    ) -> ClaimRequest {
        let partition = partition.map { RecordPartition($0) }
        return ClaimRequest(scope: ClaimScope(connector: connector, partition: partition), policy: policy)
    }

    func claim(
        _ connector: String = "orders",
        _ partition: String? = nil,
        _ policy: ClaimPolicy = .failIfOwned
    ) async throws -> OffsetClaim {
        let request = Self.request(connector, partition, policy)
        return try await caller.call("claim") { [store] in try await store.claim(request) }
    }

    func save(_ changes: OffsetChanges, _ claim: OffsetClaim) async throws {
        try await caller.call("save") { [store] in try await store.save(changes, under: claim.token) }
    }

    func save(_ positions: [StoredPosition], _ claim: OffsetClaim) async throws {
        try await save(OffsetChanges(positions: positions), claim)
    }

    func release(_ claim: OffsetClaim) async throws {
        try await caller.call("release") { [store] in try await store.release(claim.token) }
    }

    /// What is stored, found by a claim that is released at once.
    func stored(_ connector: String = "orders", _ partition: String? = nil) async throws -> OffsetClaim {
        let found = try await claim(connector, partition, .takeOver)
        try await release(found)
        return found
    }

    /// Calls what has to be refused.
    func expectRefusal<Value: Sendable>(
        _ what: String,
        _ code: ConnectorError.Code,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws {
        let outcome = try await caller.attempt(what, body)
        if case .failure(let error as ConnectorError) = outcome, error.code == code { return }
        let seen = if case .failure(let error) = outcome { "the error '\(error)'" } else { "that it succeeded" }
        throw Finding.broken(
            expected: "\(what) to throw \(code)",
            seen: seen,
            advice: "keep the owner of each scope with its epoch, and compare them in the step that decides"
        )
    }

    /// Compares what a claim found with what was saved.
    func expect(_ claim: OffsetClaim, _ expected: [StoredPosition], _ advice: String) throws {
        guard Set(claim.positions) != Set(expected) || claim.positions.count != expected.count else { return }
        let missing = expected.first { !claim.positions.contains($0) }
        let foreign = claim.positions.first { !expected.contains($0) }
        let difference = [missing.map { "without \($0.summary)" }, foreign.map { "with \($0.summary)" }].compactMap(
            \.self
        )
        throw Finding.broken(
            expected: "\(expected.count) positions as they were saved",
            seen: "\(claim.positions.count), \(difference.joined(separator: ", "))",
            advice: advice
        )
    }

    func need(_ condition: Bool, _ reason: String) throws {
        if !condition { throw Finding.notApplicable(reason) }
    }
}

extension StoredPosition {
    /// A sequence number in a partition.
    static func at(_ offset: Int64, in partition: String = "a", sequence: UInt64? = nil) -> StoredPosition {
        let position = RecordPosition(partition: RecordPartition(partition), offset: RecordOffset(offset))
        return StoredPosition(position, sequence: sequence ?? UInt64(offset) + 1)
    }

    fileprivate var summary: String { "\(String(describing: position).prefix(60)) as number \(sequence)" }
}
