// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

@Suite struct FailureTests {
    @Test(
        arguments: [
            ("08006", .notConnected), ("57P01", .notConnected), ("57P03", .notConnected), ("25P03", .notConnected),
            ("", .notConnected), ("40001", .retryable), ("40P01", .retryable), ("55P03", .retryable),
            ("53300", .throttled), ("53100", .throttled), ("22P02", .invalidRecord), ("23505", .invalidRecord),
            ("23514", .invalidRecord), ("42P01", .invalidConfiguration), ("28P01", .invalidConfiguration),
            ("3D000", .invalidConfiguration), ("42501", .invalidConfiguration), ("57014", .retryable),
            ("XX000", .fatal),
        ] as [(String, ConnectorError.Code)]
    )
    func theStateDecidesWhatTheRunnerDoes(state: String, code: ConnectorError.Code) {
        let failure = PostgresFailure(state: state, message: "something")
        #expect(failure.code == code)
        #expect(failure.error("a test").message.hasPrefix("a test failed: something"))
        #expect((failure.error("a test").retryAfter != nil) == (code == .throttled))
    }

    @Test(
        arguments: [
            (#"connection to server at "h" (::1), port 5432 failed: FATAL:  role "nobody" does not exist"#, true),
            (#"connection to server at "h", port 1 failed: FATAL:  password authentication failed for user "u""#, true),
            (#"connection to server at "h", port 5432 failed: FATAL:  too many connections for role "u""#, false),
            (
                "connection to server at \"h\", port 5432 failed: FATAL:  remaining connection slots are reserved for "
                    + "roles with the SUPERUSER attribute",
                false
            ),
            (#"connection to server at "certificate.test" (10.0.0.1), port 5432 failed: No route to host"#, false),
            (#"connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory"#, false),
            (
                #"connection to server at "h", port 5432 failed: could not open certificate file "c": "#
                    + "No such file or directory",
                true
            ),
        ]
    )
    func aServerThatIsFullIsNoWrongSetting(message: String, isWrong: Bool) {
        #expect(PostgresConnection.isWrong(message) == isWrong)
    }
}
