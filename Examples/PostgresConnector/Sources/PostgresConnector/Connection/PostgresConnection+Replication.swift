// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension PostgresConnection {
    /// Runs a command of the replication protocol, or statements without parameters.
    func command(_ text: String, _ task: String) async throws -> PostgresResult {
        try await turns.begin()
        defer { turns.end() }
        return try await exchange(task) {
            PQsendQuery($0, text) == 1
        } receive: { call in
            try await self.commandResult(&call)
        }
    }

    private func commandResult(_ call: inout Call) async throws -> PostgresResult {
        var last = PostgresResult()
        var failure: PostgresFailure?
        while let result = try await nextResult(&call) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: last = PostgresResult(result)
            // From here on messages go both ways, until the session ends.
            case PGRES_COPY_BOTH: return last
            default: failure = failure ?? PostgresFailure(result)
            }
        }
        guard PQstatus(try pointer()) == CONNECTION_OK else { throw ended(failure, call) }
        if let failure { throw failure }
        return last
    }

    /// The next message of a replication stream, if there is one already.
    ///
    /// - Throws: `notConnected` where the stream has ended; the session is given up then.
    func streamMessage(_ task: String) throws -> [UInt8]? {
        let connection = try pointer()
        var buffer: UnsafeMutablePointer<CChar>?
        var count = PQgetCopyData(connection, &buffer, 1)
        // Only then is more taken from the socket: libpq keeps all that it was made to take.
        if count == 0 {
            guard PQconsumeInput(connection) == 1 else { throw lost(task) }
            count = PQgetCopyData(connection, &buffer, 1)
        }
        guard count != 0 else { return nil }
        guard count > 0, let buffer else {
            // The reason of a stream that ended is in a result of its own.
            guard PQisBusy(connection) == 0, let result = PQgetResult(connection) else { throw lost(task) }
            let failure = PostgresFailure(result)
            PQclear(result)
            drop()
            if failure.state.isEmpty { throw ConnectorError(.notConnected, "\(task): the server ended the stream") }
            throw failure
        }
        defer { PQfreemem(buffer) }
        return Array(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
    }

    /// Suspends until the stream has more, or the task is cancelled.
    func streamReady(_ task: String) async throws {
        let socket = PQsocket(try pointer())
        guard socket >= 0 else { throw lost(task) }
        if await SocketPoller.shared.wait(for: .reading, of: socket) == .cancelled { throw CancellationError() }
    }

    /// Ends the session as a broken line does: whoever waits for it notices, and so does the server.
    func abandon() {
        guard let connection = try? pointer(), PQsocket(connection) >= 0 else { return }
        shutdown(PQsocket(connection), Int32(SHUT_RDWR))
    }

    /// Suspends until the server ends the session, in which nothing else happens.
    ///
    /// - Throws: `CancellationError`.
    func untilEnded() async throws {
        while isOpen {
            let connection = try pointer()
            let outcome = await SocketPoller.shared.wait(for: .reading, of: PQsocket(connection))
            if outcome == .cancelled { throw CancellationError() }
            guard PQconsumeInput(connection) == 1 else { return drop() }
            // Takes what the server says before it goes.
            _ = PQisBusy(connection)
        }
    }

    /// Sends a message into a replication stream.
    func streamSend(_ message: [UInt8], _ task: String) throws {
        let connection = try pointer()
        let isSent = message.withUnsafeBytes { bytes in
            PQputCopyData(connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count)) == 1
        }
        // What does not fit into the socket at once goes with the next message: these are a few bytes, now and then.
        guard isSent, PQflush(connection) >= 0 else { throw lost(task) }
    }
}
