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

/// The connection of an offset store, which is open as long as something is claimed or a call is under way.
actor OffsetSession {
    /// What a claim found.
    enum Claiming: Sendable {
        case granted(OffsetClaim)
        /// Who is in the way.
        case owned(String)
    }

    private let link: RedisLink
    private let keys: OffsetKeys
    private let lease: Duration
    private var claims: Set<ClaimToken> = []
    private var uses = 0

    init(_ address: RedisAddress, _ options: RedisOffsetStoreOptions) {
        link = RedisLink(address, for: "offsets")
        keys = OffsetKeys(prefix: options.prefix)
        lease = options.lease
    }

    private static let owner: SharedBytes = {
        var name = [UInt8](repeating: 0, count: 256)
        let status = name.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { gethostname($0.assumingMemoryBound(to: CChar.self), 255) } ?? -1
        }
        let host = status == 0 ? String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) : "an unknown host"
        return SharedBytes(utf8: "process \(getpid()) on \(host)")
    }()

    /// Does something, and closes the connection afterwards where nothing needs it any more.
    func using<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        uses += 1
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        uses -= 1
        if uses == 0, claims.isEmpty { await link.rest() }
        return try outcome.get()
    }

    func claim(_ request: ClaimRequest) async throws -> Claiming {
        let scope = request.scope
        let policy = request.policy == .takeOver ? "takeOver" : "wait"
        let partition = SharedBytes(utf8: scope.partition?.name ?? "")
        let arguments = [keys.scope(scope), partition, SharedBytes(utf8: policy), leaseText, Self.owner]
        let task = "claiming the offsets of \(scope)"
        let reply = try await OffsetScripts.claim.run(over: link, keys.all(scope), arguments, task).elements
        guard reply.count == 4, let word = reply[0].text else { throw Self.strange(task) }
        if word == "owned" {
            let part = reply[1].text.map(OffsetKeys.words(forScope:)) ?? ""
            return .owned("\(reply[3].text ?? "somebody") claimed \(part) with epoch \(reply[2].text ?? "")")
        }
        guard let epoch = reply[1].text.flatMap({ UInt64($0) }) else { throw Self.strange(task) }
        let token = ClaimToken(scope: scope.detached, epoch: Epoch(epoch))
        claims.insert(token)
        return .granted(
            OffsetClaim(
                token: token,
                lease: lease,
                positions: try reply[2].pairs.map { try keys.position($0.0, $0.1) },
                checkpoints: try Dictionary(
                    reply[3].pairs.compactMap { try keys.checkpoint($0.0, $0.1, of: scope) },
                    uniquingKeysWith: { $1 }
                )
            )
        )
    }

    func renew(_ claim: ClaimToken) async throws {
        let task = "renewing the claim of the offsets of \(claim.scope)"
        try check(try await OffsetScripts.renew.run(over: link, keys.all(claim.scope), ownership(claim), task), claim)
    }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        let task = "saving the offsets of \(claim.scope)"
        let arguments = ownership(claim) + keys.words(of: changes, in: claim.scope)
        try check(try await OffsetScripts.save.run(over: link, keys.all(claim.scope), arguments, task), claim)
    }

    func release(_ claim: ClaimToken) async throws {
        guard claims.remove(claim) != nil else { return }
        let task = "releasing the offsets of \(claim.scope)"
        _ = try await OffsetScripts.release.run(over: link, keys.all(claim.scope), ownership(claim), task)
    }

    private var leaseText: SharedBytes { SharedBytes(utf8: String(lease.milliseconds)) }

    private func ownership(_ claim: ClaimToken) -> [SharedBytes] {
        [keys.scope(claim.scope), SharedBytes(utf8: String(claim.epoch.number)), leaseText]
    }

    private func check(_ reply: RedisReply, _ claim: ClaimToken) throws {
        guard reply.integer != 1 else { return }
        claims.remove(claim)
        throw ConnectorError(
            .fenced,
            "the claim of the offsets of \(claim.scope) with epoch \(claim.epoch) is lost: another owner took over, or it "
                + "was released; claim them again"
        )
    }

    private static func strange(_ task: String) -> ConnectorError {
        ConnectorError(.fatal, "\(task): the server's answer cannot be read; Redis 5 or later is needed")
    }
}

extension ClaimScope {
    /// With a partition of just its name, so that nothing of the source is kept alive.
    fileprivate var detached: ClaimScope {
        ClaimScope(connector: connector, partition: partition.map { RecordPartition($0.name) })
    }
}
