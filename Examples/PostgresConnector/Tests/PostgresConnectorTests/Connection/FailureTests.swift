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
            ("3D000", .invalidConfiguration), ("42501", .invalidConfiguration), ("57014", .deadlineExceeded),
            ("XX000", .fatal),
        ] as [(String, ConnectorError.Code)]
    )
    func theStateDecidesWhatTheRunnerDoes(state: String, code: ConnectorError.Code) {
        let failure = PostgresFailure(state: state, message: "something")
        #expect(failure.code == code)
        #expect(failure.error("a test").message.hasPrefix("a test failed: something"))
        #expect((failure.error("a test").retryAfter != nil) == (code == .throttled))
    }
}
