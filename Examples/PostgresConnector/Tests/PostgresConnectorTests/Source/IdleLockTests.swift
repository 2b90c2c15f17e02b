// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct IdleLockTests {
        private var options: TableSourceOptions {
            var options = TableSourceOptions(tables: ["t"], timestamp: "at")
            options.interval = .milliseconds(10)
            return options
        }

        private static let columns = "n bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()"

        @Test(.timeLimit(.minutes(1))) func anAdvisoryLockOfAnIdleSessionHoldsNothingUp() async throws {
            let target = try await newTable(Self.columns, "INSERT INTO t DEFAULT VALUES")
            try await withConnection(target) { idle in
                try await idle.run("SELECT pg_advisory_lock(1)", [], "a test")
                try await withReader(target, options) { reader in
                    let records = try await reader.poll(PollRequest(maxRecords: 10)).records
                    #expect(records.map(\.number) == [1])
                }
            }
        }

        @Test(.timeLimit(.minutes(1))) func anOffsetStoreInTheSameDatabaseHoldsNothingUp() async throws {
            let target = try await newTable(Self.columns, "INSERT INTO t DEFAULT VALUES")
            var storeOptions = PostgresOffsetStoreOptions()
            storeOptions.createTables = true
            let store = try PostgresOffsetStore(PostgresServer.shared.address(target), options: storeOptions)
            let claim = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "copy")))
            try await withReader(target, options) { reader in
                let records = try await reader.poll(PollRequest(maxRecords: 10)).records
                #expect(records.map(\.number) == [1])
            }
            try await store.release(claim.token)
        }

        @Test(arguments: ["SELECT 1", "SELECT pg_advisory_lock(1)"])
        func aTransactionWithLocksIsWaitedFor(statement: String) async throws {
            try await expectWaiting(for: ["BEGIN", statement, "INSERT INTO t DEFAULT VALUES"], until: "COMMIT")
        }

        @Test func aPreparedTransactionIsWaitedFor() async throws {
            let name = "late_\(UInt64.random(in: 0 ... .max))"
            try await expectWaiting(
                for: ["BEGIN", "INSERT INTO t DEFAULT VALUES", "PREPARE TRANSACTION '\(name)'"],
                until: "COMMIT PREPARED '\(name)'"
            )
        }

        /// Expects a row of a transaction to come, with one that was committed earlier, when the transaction has ended.
        private func expectWaiting(for statements: [String], until end: String) async throws {
            let target = try await newTable(Self.columns)
            let clock = ManualClock()
            try await withConnection(target) { late in
                for statement in statements { try await late.run(statement, [], "a test") }
                try await PostgresServer.shared.execute("INSERT INTO t DEFAULT VALUES", in: target)
                try await withReader(target, options, clock: clock.connectorClock) { reader in
                    let poll = Task { try await reader.poll(PollRequest(maxRecords: 10)) }
                    for _ in 0..<2 {
                        await clock.sleepers()
                        clock.advance(by: .milliseconds(10))
                    }
                    await clock.sleepers()
                    try await late.run(end, [], "a test")
                    clock.advance(by: .milliseconds(10))
                    #expect(try await poll.value.records.map(\.number) == [1, 2])
                }
            }
        }
    }
}
