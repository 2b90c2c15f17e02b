// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("The redis offset store keeps the contract of an offset store", .serialized, .timeLimit(.minutes(20)))
struct StoreConformanceTests {
    @Test("It passes the suite, also when it is opened again by another instance")
    func conforms() async throws {
        let limits = ConformanceLimits(call: .seconds(30), cancellation: .seconds(20))
        let report = await OffsetStoreConformance("RedisOffsetStore", limits: limits) {
            let server = try await RedisServer()
            var options = RedisOffsetStoreOptions()
            options.standbyInterval = .milliseconds(10)
            let chosen = options
            var subject = OffsetStoreSubject { RedisOffsetStore(server.address, options: chosen) }
            subject.reopen = { RedisOffsetStore(server.address, options: chosen) }
            subject.close = { await server.kill() }
            return subject
        }.run()
        try report.check()
        #expect(report.results.allSatisfy { $0.verdict == .passed }, "\(report)")
    }
}
