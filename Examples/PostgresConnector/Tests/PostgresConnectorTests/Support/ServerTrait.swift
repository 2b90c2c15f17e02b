// SPDX-License-Identifier: Apache-2.0

import Testing

/// All tests that share one server, each with a database of its own in it.
@Suite(.server) struct WithServer {}

/// Runs a server as long as the tests of a suite.
struct ServerTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let server = try await PostgresServer.initialize(in: directory.path)
        try await server.running { _ in
            try await PostgresServer.$current.withValue(server) { try await function() }
        }
        withExtendedLifetime(directory) {}
    }
}

extension Trait where Self == ServerTrait {
    static var server: ServerTrait { ServerTrait() }
}

extension PostgresServer {
    /// The server of the suite.
    static var shared: PostgresServer {
        get throws {
            guard let current else { throw Missing("the test is not in a suite with a server") }
            return current
        }
    }
}
