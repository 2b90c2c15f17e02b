// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

/// The error that something throws, as the connector's error or the server's.
func failure<Value>(_ body: () async throws -> Value) async -> (any Error)? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// The connector's error that something throws.
func connectorError<Value>(_ body: () async throws -> Value) async -> ConnectorError? {
    await failure(body) as? ConnectorError
}

/// Asks until the answer is yes; gives up after two minutes.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(5))
    }
    return false
}

/// Opens a connection for as long as the closure runs.
func withConnection<Result>(
    _ target: ConnectionTarget,
    notices: @escaping @Sendable (PostgresFailure) -> Void = { _ in },
    _ body: (PostgresConnection) async throws -> Result
) async throws -> Result {
    let connection = PostgresConnection(target, notices: notices)
    try await connection.open()
    do {
        let result = try await body(connection)
        await connection.close()
        return result
    } catch {
        await connection.close()
        throw error
    }
}
