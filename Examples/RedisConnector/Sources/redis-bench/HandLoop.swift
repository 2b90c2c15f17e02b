// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import RedisConnector

/// What somebody would write by hand: each round trip adds what was read, acknowledges it, and reads the next entries.
struct HandLoop {
    private let address: RedisAddress
    private let count: String

    init(_ address: RedisAddress, count: Int) {
        self.address = address
        self.count = String(count)
    }

    func move() async throws {
        let connection = try await RedisConnection.open(address, named: "bench")
        var commands = RedisCommands()
        addReading(to: &commands)
        while true {
            let replies = try await connection.run(commands)
            if let error = replies.firstError { throw error }
            let reading = replies[replies.count - 1]
            guard !reading.isNull else { break }
            commands = RedisCommands()
            addMoving(reading, to: &commands)
            addReading(to: &commands)
        }
        await connection.close()
    }

    private func addReading(to commands: inout RedisCommands) {
        commands.add(["XREADGROUP", "GROUP", "g", "c", "COUNT", count, "STREAMS", "in", ">"])
    }

    /// The reply is one stream, which is its name and its entries, each of which is its ID and its fields.
    private func addMoving(_ reading: RedisReply, to commands: inout RedisCommands) {
        let replies = reading.replies
        let list = reading.index + 3
        var ids: [SharedBytes] = []
        ids.reserveCapacity(replies.nodes[list].count)
        var entry = list + 1
        while entry < replies.nodes[list].end {
            if let id = replies.bytes(at: entry + 1) { ids.append(id) }
            let fields = entry + 2
            commands.begin(3 + replies.nodes[fields].count)
            commands.add("XADD")
            commands.add("out")
            commands.add("*")
            for index in fields + 1..<replies.nodes[fields].end {
                if let word = replies.bytes(at: index) { commands.add(word) }
            }
            entry = replies.nodes[entry].end
        }
        commands.begin(3 + ids.count)
        for word in ["XACK", "in", "g"] { commands.add(word) }
        for id in ids { commands.add(id) }
    }
}
