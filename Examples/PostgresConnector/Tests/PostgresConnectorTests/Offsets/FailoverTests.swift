// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct FailoverTests {
        private func instance(of target: ConnectionTarget, lease: Duration) throws -> ProcessCommand {
            let port = target.keywords["port"] ?? ""
            let database = target.keywords["dbname"] ?? ""
            let url = "postgresql://postgres@127.0.0.1:\(port)/\(database)?sslmode=disable"
            return try ProcessCommand(built: "standby-fixture", [url, "\(Int(lease / .milliseconds(1)))"])
        }

        private func numbers(_ process: ChildProcess) -> [Int] {
            process.standardOutput.split(separator: "\n").filter { $0.hasPrefix("put ") }.compactMap {
                Int($0.dropFirst(4))
            }
        }

        private func untilActive(_ process: ChildProcess) async throws {
            #expect(
                try await eventually { numbers(process).count > 30 },
                "\(process.standardOutput)\(process.standardError)"
            )
        }

        private func untilWaiting(_ process: ChildProcess) async throws {
            #expect(try await eventually { process.standardOutput.contains("waits\n") }, "\(process.standardOutput)")
        }

        /// What the successor has put goes on where the predecessor had committed: nothing is left out.
        private func expectGoesOn(_ successor: ChildProcess, after predecessor: ChildProcess) throws {
            let (before, after) = (numbers(predecessor), numbers(successor))
            let (first, last) = (try #require(after.first), try #require(before.last))
            #expect(first <= last + 1 && first > 0)
            #expect(after == Array(first..<(first + after.count)))
        }

        @Test func aStandbyGoesOnWhenTheOwnerIsKilled() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            // Far longer than the test: it is not the lease that ends here.
            let command = try instance(of: target, lease: .seconds(600))
            try await withChildProcess(command) { owner in
                try await untilActive(owner)
                try await withChildProcess(command) { standby in
                    try await untilWaiting(standby)
                    #expect(numbers(standby).isEmpty)
                    let begin = ContinuousClock.now
                    owner.send(SIGKILL)
                    #expect(try await eventually { !numbers(standby).isEmpty })
                    print("failover after kill -9: \(begin.duration(to: .now))")
                    try await untilActive(standby)
                    try expectGoesOn(standby, after: owner)
                }
            }
        }

        @Test func aFrozenOwnerIsReplacedAndFencedWhenItWakesUp() async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let command = try instance(of: target, lease: .seconds(1))
            try await withChildProcess(command) { owner in
                try await untilActive(owner)
                try await withChildProcess(command) { standby in
                    try await untilWaiting(standby)
                    let begin = ContinuousClock.now
                    owner.send(SIGSTOP)
                    try await untilActive(standby)
                    print("failover after SIGSTOP, lease 1 s: \(begin.duration(to: .now))")
                    owner.send(SIGCONT)
                    #expect(try await owner.wait(atMost: .seconds(30)) == .exited(3))
                    #expect(owner.standardOutput.contains("ended fenced: the claim of the offsets of counting"))
                    let count = numbers(standby).count
                    #expect(try await eventually { numbers(standby).count > count })
                }
            }
        }
    }
}
