// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The connection of an offset store, which is open as long as something is claimed or a claim waits.
actor OffsetSession {
    private let tables: OffsetTables
    private let connection: PostgresConnection
    private let lease: Duration
    private let createsTables: Bool
    /// The session's number in the tables, while it is open; before it those that claims may still have of sessions that broke.
    private var numbers: [Int] = []
    private var claims: Set<ClaimToken> = []
    private var uses = 0
    private let turns = Turns()

    init(_ options: PostgresOffsetStoreOptions, _ target: ConnectionTarget) {
        tables = OffsetTables(schema: options.schema)
        lease = options.lease
        createsTables = options.createTables
        connection = PostgresConnection(target)
    }

    private static let owner: String = {
        var name = [UInt8](repeating: 0, count: 256)
        let status = name.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { gethostname($0.assumingMemoryBound(to: CChar.self), 255) } ?? -1
        }
        let host = status == 0 ? String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) : "an unknown host"
        return "process \(getpid()) on \(host)"
    }()

    // MARK: The calls of a store

    /// Who is in the way of a claim.
    struct Owner: Error {
        let words: String
    }

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        try await use("claiming the offsets of \(request.scope)") { task in
            guard let number = numbers.last else { throw ConnectorError(.fatal, "\(task): the session has no number") }
            let statements = tables.claim(request, session: number, owner: Self.owner, lease: lease)
            let results = try await connection.run(statements, task)
            guard let epoch = results[3].rows.first?.first??.epoch else { throw Self.owner(results[4]) }
            let token = ClaimToken(scope: request.scope.detached, epoch: epoch)
            claims.insert(token)
            return OffsetClaim(
                token: token,
                lease: lease,
                positions: try results[5].rows.map(Self.position),
                checkpoints: try Dictionary(results[6].rows.map(Self.checkpoint)) { $1 }
            )
        }
    }

    func renew(_ claim: ClaimToken) async throws {
        try await use("renewing the claim of the offsets of \(claim.scope)") { task in
            let found = try await connection.run([tables.renewal(claim, lease: lease)], task)
            try check(found, claim)
        }
    }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await use("saving the offsets of \(claim.scope)") { task in
            let found = try await connection.run([tables.saving(changes, under: claim, lease: lease)], task)
            try check(found, claim)
        }
    }

    func release(_ claim: ClaimToken) async throws {
        guard claims.contains(claim) else { return }
        // Where this fails, the claim ends with the session, and that with the last claim.
        claims.remove(claim)
        try await use("releasing the offsets of \(claim.scope)") { task in
            _ = try await connection.run([tables.release(claim)], task)
        }
    }

    private func check(_ results: [PostgresResult], _ claim: ClaimToken) throws {
        guard results.first?.rows.isEmpty != false else { return }
        claims.remove(claim)
        throw ConnectorError(
            .fenced,
            "the claim of the offsets of \(claim.scope) with epoch \(claim.epoch) is lost: another owner took over, or it "
                + "was released; claim them again"
        )
    }

    /// Keeps the session open between the calls of a claim that waits.
    func keepOpen() { uses += 1 }

    /// Ends that.
    func endKeeping() async {
        uses -= 1
        if uses == 0, claims.isEmpty { await end() }
    }

    // MARK: The connection

    /// Does something with an open session, and closes it where nothing needs it any more.
    private func use<Result>(_ task: String, _ body: (String) async throws -> Result) async throws -> Result {
        uses += 1
        let outcome: Swift.Result<Result, any Error>
        do {
            try await begin(task)
            outcome = .success(try await body(task))
        } catch let failure as PostgresFailure {
            outcome = .failure(patient(error(failure, task)))
        } catch {
            outcome = .failure(patient(error))
        }
        uses -= 1
        if uses == 0, claims.isEmpty { await end() }
        return try outcome.get()
    }

    /// What passes by itself, so that nobody takes it for the answer that somebody else owns the scope.
    private func patient(_ error: any Error) -> any Error {
        guard var passing = error as? ConnectorError, passing.code == .retryable else { return error }
        passing.code = .throttled
        return passing
    }

    private func error(_ failure: PostgresFailure, _ task: String) -> ConnectorError {
        var error = failure.error(task)
        // Nothing in these statements is a record's.
        if error.code == .invalidRecord { error.code = .fatal }
        if !createsTables, ["42P01", "3F000"].contains(failure.state) {
            error.message =
                "\(task) failed: the schema \"\(tables.schema)\" has not all tables of the offset store; "
                + "set createTables, or have somebody with the right to do so begin once with it"
        }
        return error
    }

    private func begin(_ task: String) async throws {
        try await turns.begin()
        defer { turns.end() }
        if !numbers.isEmpty, await connection.isOpen { return }
        do {
            try await connection.open()
            try await beginSession(task)
        } catch {
            // In this session the claims would be those of one that nobody holds.
            await connection.close()
            throw error
        }
    }

    private func beginSession(_ task: String) async throws {
        if createsTables, try await connection.run([tables.presence], task).first?.rows != [["t"]] {
            try await connection.run(tables.creation, task)
        }
        let result = try await connection.run([tables.beginning], task)
        guard let next = result.first?.rows.first?.first??.integer else {
            throw ConnectorError(.fatal, "\(task): the server gave the session no number")
        }
        let former = numbers
        // Whether they have moved is not known where the answer is lost.
        numbers.append(next)
        // The claims of the session that broke go on, unless somebody was faster.
        if !former.isEmpty { try await connection.run([tables.moving(former, to: next, lease: lease)], task) }
        numbers = [next]
    }

    private func end() async {
        await turns.beginRegardless()
        defer { turns.end() }
        // Somebody may have come meanwhile.
        guard uses == 0, claims.isEmpty else { return }
        numbers = []
        await connection.close()
    }
}

// MARK: Rows

extension OffsetSession {
    private static func owner(_ result: PostgresResult) -> Owner {
        guard let row = result.rows.first, row.count == 3 else { return Owner(words: "by somebody") }
        let part = row[2].map { "partition \"\(StoredText.name(stored: $0))\"" } ?? "all partitions"
        return Owner(words: "\(row[1] ?? "somebody") claimed \(part) with epoch \(row[0] ?? "")")
    }

    private static func position(_ row: [String?]) throws -> StoredPosition {
        guard row.count == 3, let partition = row[0], let offset = row[1], let sequence = row[2].flatMap({ UInt64($0) })
        else { throw ConnectorError(.corruptOffsets, "the table of positions has a row without a sequence number") }
        let place = RecordPosition(
            partition: RecordPartition(StoredText.name(stored: partition)),
            offset: try StoredText.offset(stored: offset)
        )
        return StoredPosition(place, sequence: sequence)
    }

    private static func checkpoint(_ row: [String?]) throws -> (String, SinkCheckpoint) {
        guard row.count == 3, let sink = row[0], let bytes = row[1].flatMap({ SQL.bytes(hex: $0) }),
            let version = row[2]?.integer
        else { throw ConnectorError(.corruptOffsets, "the table of checkpoints has a row that cannot be read") }
        return (StoredText.name(stored: sink), SinkCheckpoint(SharedBytes(bytes), version: version))
    }
}

extension String {
    fileprivate var integer: Int? { Int(self) }
    fileprivate var epoch: Epoch? { UInt64(self).map { Epoch($0) } }
}

extension ClaimScope {
    /// With a partition of just its name, so that nothing of the source is kept alive.
    fileprivate var detached: ClaimScope {
        ClaimScope(connector: connector, partition: partition.map { RecordPartition($0.name) })
    }
}
