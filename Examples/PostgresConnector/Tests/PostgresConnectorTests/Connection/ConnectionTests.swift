// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Glibc
import OpenConnect
import Synchronization
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct ConnectionTests {
        @Test func parametersComeBackAsTheyWere() async throws {
            let bytes = SharedBytes([0, 255, 39, 92, 10])
            try await withConnection(PostgresServer.shared.target()) { connection in
                let result = try await connection.run(
                    "SELECT $1::text AS a, $2::bytea AS b, $3::text AS c, $4::bigint AS d",
                    [
                        PostgresParameter("größer, '大きい'\\"), PostgresParameter(bytes: bytes), nil,
                        PostgresParameter(-7),
                    ],
                    "a test"
                )
                #expect(result.columns == ["a", "b", "c", "d"])
                #expect(result.rows == [["größer, '大きい'\\", "\\x00ff275c0a", nil, "-7"]])
            }
        }

        @Test func aRoundTripIsOneTransaction() async throws {
            try await withConnection(PostgresServer.shared.newDatabase()) { connection in
                try await connection.run("CREATE TABLE t (n int)", [], "a test")
                let statements = ["INSERT INTO t VALUES (1)", "SELECT 1 / 0", "INSERT INTO t VALUES (2)"]
                let error = await failure {
                    try await connection.run(statements.map { PostgresStatement($0) }, "a test")
                }
                #expect((error as? PostgresFailure)?.state == "22012")
                #expect(try await connection.run("SELECT count(*) FROM t", [], "a test").rows == [["0"]])
            }
        }

        @Test func largeStatementsAndResultsPass() async throws {
            let text = String(repeating: "x", count: 20_000_000)
            try await withConnection(PostgresServer.shared.target()) { connection in
                let result = try await connection.run("SELECT $1 || $1", [PostgresParameter(text)], "a test")
                #expect(result.rows.first?.first??.utf8.count == 40_000_000)
            }
        }

        @Test func waitingSessionsBlockNoThread() async throws {
            // Many more than the threads that tasks run on.
            let target = try await PostgresServer.shared.newDatabase()
            try await withConnection(target) { holder in
                try await holder.run("SELECT pg_advisory_lock(1)", [], "a test")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<24 {
                        group.addTask {
                            try await withConnection(target) {
                                _ = try await $0.run("SELECT pg_advisory_lock_shared(1)", [], "a test")
                            }
                        }
                    }
                    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    #expect(try await eventually { try await holder.run(waiting, [], "a test").rows == [["24"]] })
                    try await holder.run("SELECT pg_advisory_unlock(1)", [], "a test")
                    try await group.waitForAll()
                }
            }
        }

        @Test func callsTakeTurns() async throws {
            try await withConnection(PostgresServer.shared.target()) { connection in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            try await connection.run("SELECT $1::int", [PostgresParameter(number)], "a test").rows
                                == [["\(number)"]]
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }

        @Test func noticesAreTold() async throws {
            let seen = Mutex<[String]>([])
            let target = try PostgresServer.shared.target()
            try await withConnection(target, notices: { notice in seen.withLock { $0.append(notice.message) } }) {
                _ = try await $0.run("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$", [], "a test")
            }
            #expect(seen.withLock { $0 } == ["mind the gap"])
        }

        @Test func noDescriptorStaysOpen() async throws {
            func count() -> Int { (0..<Int32(2048)).count { fcntl($0, F_GETFD) != -1 } }
            let target = try PostgresServer.shared.target()
            // Other tests open and close connections meanwhile, a few at a time.
            let before = count()
            for _ in 0..<300 { try await withConnection(target) { _ in } }
            #expect(count() < before + 200)
        }
    }
}

// MARK: The end of calls

extension WithServer.ConnectionTests {
    private static let sleep = "SELECT pg_sleep(1000)"

    private func expectUsable(_ connection: PostgresConnection, by backend: Int32) async throws {
        #expect(try await connection.run("SELECT 1", [], "a test").rows == [["1"]])
        #expect(await connection.backend == backend)
    }

    private func untilActive(_ backend: Int32) async throws {
        let active =
            "SELECT 1 FROM pg_stat_activity WHERE pid = \(backend) AND state = 'active' AND wait_event = 'PgSleep'"
        #expect(try await eventually { try await PostgresServer.shared.execute(active) == [["1"]] })
    }

    @Test func aCancelledCallEndsOnTheServerToo() async throws {
        let target = try await PostgresServer.shared.newDatabase()
        try await withConnection(target) { connection in
            let backend = await connection.backend
            let task = Task { try await connection.run(Self.sleep, [], "a test") }
            try await untilActive(backend)
            task.cancel()
            #expect(await failure { try await task.value } is CancellationError)
            try await expectUsable(connection, by: backend)
        }
    }

    @Test func aCallThatWaitsForItsTurnCanBeCancelled() async throws {
        try await withConnection(PostgresServer.shared.target()) { connection in
            let first = Task { try await connection.run(Self.sleep, [], "a test") }
            let second = Task { try await connection.run("SELECT 1", [], "a test") }
            second.cancel()
            #expect(await failure { try await second.value } is CancellationError)
            first.cancel()
            #expect(await failure { try await first.value } is CancellationError)
        }
    }

    @Test func aDeadlineEndsACall() async throws {
        var target = try PostgresServer.shared.target()
        target.timeout = .milliseconds(50)
        try await withConnection(target) { connection in
            let backend = await connection.backend
            let error = await connectorError { try await connection.run(Self.sleep, [], "reading rows") }
            #expect(error?.code == .retryable)
            #expect(error?.message.contains("reading rows took longer than 0.05 seconds") == true)
            try await expectUsable(connection, by: backend)
        }
    }

    @Test func aServerThatDoesNotReactIsGivenUp() async throws {
        let connection = PostgresConnection(try PostgresServer.shared.target())
        try await connection.open()
        let backend = await connection.backend
        let task = Task { try await connection.run(Self.sleep, [], "a test") }
        try await untilActive(backend)
        kill(backend, SIGSTOP)
        task.cancel()
        #expect(await failure { try await task.value } is CancellationError)
        kill(backend, SIGCONT)
        try await connection.open()
        #expect(await connection.backend != backend)
        #expect(try await connection.run("SELECT 1", [], "a test").rows == [["1"]])
        await connection.close()
    }

    @Test func aSessionThatTheServerEndsIsNoticed() async throws {
        let connection = PostgresConnection(try PostgresServer.shared.target())
        try await connection.open()
        try await PostgresServer.shared.execute("SELECT pg_terminate_backend(\(await connection.backend))")
        let error = await failure { try await connection.run("SELECT 1", [], "a test") }
        #expect((error as? PostgresFailure)?.code == .notConnected || (error as? ConnectorError)?.code == .notConnected)
        #expect(await !connection.isOpen)
        #expect(await connectorError { try await connection.run("SELECT 1", [], "a test") }?.code == .notConnected)
        try await connection.open()
        #expect(try await connection.run("SELECT 1", [], "a test").rows == [["1"]])
        await connection.close()
    }
}

// MARK: Copying

extension WithServer.ConnectionTests {
    @Test func rowsAreCopied() async throws {
        try await withConnection(PostgresServer.shared.newDatabase()) { connection in
            try await connection.run("CREATE TABLE t (n int, text text)", [], "a test")
            let lines = (0..<200_000).map { "\($0)\tline \($0)\n" }.joined()
            #expect(try await connection.copy("COPY t FROM STDIN", Array(lines.utf8), "a test") == 200_000)
            #expect(
                try await connection.run("SELECT count(*), sum(n) FROM t", [], "a test").rows == [
                    ["200000", "19999900000"]
                ]
            )
        }
    }

    @Test(arguments: ["1\n2\nx\n", "1\t2\n"]) func aBadCopyFailsWhole(data: String) async throws {
        try await withConnection(PostgresServer.shared.newDatabase()) { connection in
            try await connection.run("CREATE TABLE t (n int)", [], "a test")
            let error = await failure { try await connection.copy("COPY t FROM STDIN", Array(data.utf8), "a test") }
            #expect((error as? PostgresFailure)?.isInvalidData == true)
            #expect(try await connection.run("SELECT count(*) FROM t", [], "a test").rows == [["0"]])
        }
    }

    @Test func aCancelledCopyLeavesNothing() async throws {
        let target = try await PostgresServer.shared.newDatabase()
        try await withConnection(target) { connection in
            try await connection.run("CREATE TABLE t (n int)", [], "a test")
            try await withConnection(target) { other in
                try await other.run("BEGIN", [], "a test")
                try await other.run("LOCK TABLE t", [], "a test")
                let task = Task { try await connection.copy("COPY t FROM STDIN", Array("1\n".utf8), "a test") }
                let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                #expect(try await eventually { try await other.run(waiting, [], "a test").rows == [["1"]] })
                task.cancel()
                #expect(await failure { try await task.value } is CancellationError)
            }
            #expect(try await connection.run("SELECT count(*) FROM t", [], "a test").rows == [["0"]])
        }
    }
}
