// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct OffsetStoreTests {
        private static let scope = ClaimScope(connector: "orders")

        private func options() -> PostgresOffsetStoreOptions {
            var options = PostgresOffsetStoreOptions()
            options.createTables = true
            options.standbyInterval = .milliseconds(10)
            return options
        }

        private func store(_ target: ConnectionTarget, _ options: PostgresOffsetStoreOptions) throws
            -> PostgresOffsetStore
        {
            try PostgresOffsetStore(PostgresServer.shared.address(target), options: options)
        }

        private func position(_ offset: Int64) -> OffsetChanges {
            let position = RecordPosition(offset: RecordOffset(offset))
            return OffsetChanges(positions: [StoredPosition(position, sequence: UInt64(offset))])
        }

        private func endSessions(of target: ConnectionTarget) async throws {
            let name = target.keywords["dbname"] ?? ""
            let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '\(name)'"
            try await PostgresServer.shared.execute(end)
        }

        @Test func claimsGoOnInANewConnection() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let store = try store(target, options())
            let claim = try await store.claim(ClaimRequest(scope: Self.scope))
            try await endSessions(of: target)
            #expect(
                await connectorError { try await store.save(position(1), under: claim.token) }?.code == .notConnected
            )
            try await store.save(position(1), under: claim.token)
            // The new connection holds it as the old one did.
            let other = try self.store(target, options())
            let error = await connectorError { try await other.claim(ClaimRequest(scope: Self.scope)) }
            #expect(error?.code == .retryable)
            #expect(error?.message.contains("process") == true)
            try await store.release(claim.token)
            let next = try await other.claim(ClaimRequest(scope: Self.scope))
            #expect(next.positions.map(\.sequence) == [1])
            try await other.release(next.token)
        }

        @Test func claimsGoOnAfterAConnectionThatWasCutShort() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let (owner, other) = (try store(target, options()), try store(target, options()))
            let claim = try await owner.claim(ClaimRequest(scope: Self.scope))
            try await endSessions(of: target)
            #expect(await connectorError { try await owner.renew(claim.token) }?.code == .notConnected)
            try await withConnection(target) { holder in
                for statement in ["BEGIN", "LOCK TABLE openconnect.claims IN EXCLUSIVE MODE"] {
                    try await holder.run(statement, [], "a test")
                }
                let renewal = Task { try await owner.renew(claim.token) }
                let waiting =
                    "SELECT count(*) FROM pg_locks WHERE relation = 'openconnect.claims'::regclass AND NOT granted"
                #expect(try await eventually { try await holder.run(waiting, [], "a test").rows == [["1"]] })
                renewal.cancel()
                #expect(await failure { try await renewal.value } is CancellationError)
                try await holder.run("ROLLBACK", [], "a test")
            }
            try await owner.renew(claim.token)
            #expect(await connectorError { try await other.claim(ClaimRequest(scope: Self.scope)) }?.code == .retryable)
            try await owner.save(position(1), under: claim.token)
            try await owner.release(claim.token)
        }

        @Test func claimsGoOnWhereTheAnswerToTheirMoveIsLost() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let proxy = try Proxy(to: try PostgresServer.shared.port)
            defer { proxy.close() }
            var address = try PostgresServer.shared.address(target)
            address.port = Int(proxy.port)
            let owner = try PostgresOffsetStore(address, options: options())
            let claim = try await owner.claim(ClaimRequest(scope: Self.scope))
            proxy.breakAll()
            #expect(await connectorError { try await owner.renew(claim.token) }?.code == .notConnected)
            // The claim has the number of the second session then, which the owner cannot know.
            proxy.loseNextAnswer(to: "claims SET session")
            #expect(await connectorError { try await owner.renew(claim.token) }?.code == .notConnected)
            try await owner.save(position(1), under: claim.token)
            try await expectOneSession(in: target)
            let other = try store(target, options())
            #expect(await connectorError { try await other.claim(ClaimRequest(scope: Self.scope)) }?.code == .retryable)
            try await owner.release(claim.token)
            let next = try await other.claim(ClaimRequest(scope: Self.scope))
            #expect(next.positions.map(\.sequence) == [1])
            try await other.release(next.token)
        }

        /// Waits for the ends of the sessions that the server has not noticed yet.
        private func expectOneSession(in target: ConnectionTarget) async throws {
            let locks =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = "
                + "(SELECT oid FROM pg_database WHERE datname = current_database())"
            #expect(try await eventually { try await PostgresServer.shared.execute(locks, in: target) == [["1"]] })
        }

        @Test func aSaveWhoseAnswerIsLostTookPlaceAndIsRepeated() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let proxy = try Proxy(to: try PostgresServer.shared.port)
            defer { proxy.close() }
            var address = try PostgresServer.shared.address(target)
            address.port = Int(proxy.port)
            let owner = try PostgresOffsetStore(address, options: options())
            let claim = try await owner.claim(ClaimRequest(scope: Self.scope))
            proxy.loseNextAnswer(to: "positions (connector")
            #expect(
                await connectorError { try await owner.save(position(1), under: claim.token) }?.code == .notConnected
            )
            let stored = "SELECT position FROM openconnect.positions"
            #expect(try await PostgresServer.shared.execute(stored, in: target) == [["sequence:1"]])
            try await owner.save(position(1), under: claim.token)
            try await owner.release(claim.token)
        }

        @Test func whoeverComesFirstAfterAnOutageIsTheOwner() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let (first, second) = (try store(target, options()), try store(target, options()))
            let claim = try await first.claim(ClaimRequest(scope: Self.scope))
            try await endSessions(of: target)
            let successor = try await second.claim(ClaimRequest(scope: Self.scope))
            _ = await connectorError { try await first.renew(claim.token) }
            #expect(await connectorError { try await first.renew(claim.token) }?.code == .fenced)
            #expect(await connectorError { try await first.save(position(9), under: claim.token) }?.code == .fenced)
            try await second.release(successor.token)
        }

        @Test func aLeaseThatIsOverEndsTheClaimButNotBefore() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let (first, second) = (try store(target, options()), try store(target, options()))
            let claim = try await first.claim(ClaimRequest(scope: Self.scope))
            #expect(
                await connectorError { try await second.claim(ClaimRequest(scope: Self.scope)) }?.code == .retryable
            )
            try await PostgresServer.shared.execute("UPDATE openconnect.claims SET expires = now()", in: target)
            // Whoever renews in time stays the owner, even when the lease was over for a moment.
            try await first.renew(claim.token)
            #expect(
                await connectorError { try await second.claim(ClaimRequest(scope: Self.scope)) }?.code == .retryable
            )
            try await PostgresServer.shared.execute("UPDATE openconnect.claims SET expires = now()", in: target)
            let successor = try await second.claim(ClaimRequest(scope: Self.scope))
            #expect(successor.lease == .seconds(10))
            #expect(await connectorError { try await first.save(position(9), under: claim.token) }?.code == .fenced)
            try await second.release(successor.token)
        }

        @Test func manyStandbysAreOwnersOneAfterTheOther() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<8 {
                    let store = try store(target, options())
                    group.addTask {
                        let claim = try await store.claim(ClaimRequest(scope: Self.scope, policy: .wait))
                        let count = claim.positions.first?.position.offset.sequence ?? 0
                        try await store.save(position(count + 1), under: claim.token)
                        try await store.release(claim.token)
                        return claim.token.epoch.number
                    }
                }
                var epochs: [UInt64] = []
                for try await epoch in group { epochs.append(epoch) }
                #expect(epochs.sorted() == Array(1...8))
            }
            let rows = try await PostgresServer.shared.execute("SELECT position FROM openconnect.positions", in: target)
            #expect(rows == [["sequence:8"]])
        }

        @Test func missingTablesAreTold() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let store = try store(target, PostgresOffsetStoreOptions())
            let error = await connectorError { try await store.claim(ClaimRequest(scope: Self.scope)) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("set createTables") == true)
        }

        @Test func aLockInTheWayIsNoOwner() async throws {
            var target = try await PostgresServer.shared.newDatabase()
            let other = try store(target, options())
            try await other.release(other.claim(ClaimRequest(scope: Self.scope)).token)
            try await withConnection(target) { connection in
                let lock = ["BEGIN", "LOCK TABLE openconnect.claims"].map { PostgresStatement($0) }
                for statement in lock { try await connection.run([statement], "locking") }
                target.timeout = .milliseconds(100)
                let store = try store(target, options())
                let error = await connectorError { try await store.claim(ClaimRequest(scope: Self.scope)) }
                #expect(error?.code == .throttled, "`retryable` would say that somebody owns the scope")
                #expect(error?.message.contains("raise the setting 'timeout'") == true)
                try await connection.run("ROLLBACK", [], "unlocking")
                try await store.release(store.claim(ClaimRequest(scope: Self.scope)).token)
            }
        }

        @Test(arguments: ["nonsense", "sequence:x", "fields:1:{", ""])
        func aRowThatIsForeignIsNoStartFromZero(text: String) async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let store = try store(target, options())
            let claim = try await store.claim(ClaimRequest(scope: Self.scope))
            try await store.save(position(1), under: claim.token)
            let change = "UPDATE openconnect.positions SET position = '\(text)'"
            try await PostgresServer.shared.execute(change, in: target)
            let error = await connectorError {
                try await store.claim(ClaimRequest(scope: Self.scope, policy: .takeOver))
            }
            #expect(error?.code == .corruptOffsets)
        }

        @Test func settingsMakeAStore() throws {
            _ = try PostgresOffsetStore(settings: ["url": "postgresql://orders@db/orders", "lease": "30s"])
            let wrong: [SettingInput] = [
                ["lease": "0s"], ["tls": "maybe"], ["port": 0], ["key": "a"], ["url": "x=' pw"],
            ]
            for settings in wrong {
                #expect(throws: (any Error).self) { try PostgresOffsetStore(settings: settings) }
            }
        }
    }
}
