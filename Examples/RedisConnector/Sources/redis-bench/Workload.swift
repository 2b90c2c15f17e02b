// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import RedisConnector

/// A stream of entries with one field, and the group that reads it.
struct Workload: Sendable {
    let entries: Int
    let bytes: Int

    /// Makes the stream anew.
    func prepare(_ address: RedisAddress) async throws {
        let connection = try await RedisConnection.open(address, named: "bench")
        _ = try await connection.run(["FLUSHALL"], "emptying the server")
        let payload = SharedBytes(Array(repeating: UInt8(ascii: "x"), count: bytes))
        var left = entries
        while left > 0 {
            var commands = RedisCommands()
            for _ in 0..<min(left, 5000) {
                commands.begin(5)
                for word in ["XADD", "in", "*", "data"] { commands.add(word) }
                commands.add(payload)
            }
            left -= commands.count
            _ = try await connection.run(commands)
        }
        _ = try await connection.run(["XGROUP", "CREATE", "in", "g", "0"], "making the group")
        await connection.close()
    }

    /// Whether everything was moved and acknowledged.
    func verify(_ address: RedisAddress) async throws {
        let connection = try await RedisConnection.open(address, named: "bench")
        let length = try await connection.run(["XLEN", "out"], "looking").integer
        let pending = try await connection.run(["XPENDING", "in", "g"], "looking").elements.first?.integer
        await connection.close()
        guard length == entries, pending == 0 else {
            throw ConnectorError(.fatal, "\(length ?? 0) of \(entries) entries were moved, \(pending ?? 0) are pending")
        }
    }
}
