// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import RedisConnector

/// The same by a pipeline of the source and the sink.
struct RunnerCopy {
    private let address: RedisAddress
    private let count: Int

    init(_ address: RedisAddress, count: Int) {
        self.address = address
        self.count = count
    }

    func move(_ entries: Int) async throws {
        var reading = RedisStreamSourceOptions()
        reading.format = .raw
        reading.count = count
        reading.consumer = "c"
        var writing = RedisStreamSinkOptions()
        writing.format = .raw
        let (from, to) = (reading, writing)
        let address = address
        let pipeline = Pipeline(
            "bench",
            from: try RedisStreamSource(streams: ["in"], group: "g", of: address, options: from),
            to: RedisStreamSink(stream: try StreamName("out"), of: address, options: to),
            offsets: InMemoryOffsetStore()
        )
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await pipeline.run()
                } catch let error as ConnectorError where error.code == .cancelled {
                    // It ends no other way.
                }
                return false
            }
            group.addTask { try await isMoved(entries) }
            while let isDone = try await group.next() {
                if isDone { group.cancelAll() }
            }
        }
    }

    /// Looks a hundred times a second, which costs the server next to nothing.
    private func isMoved(_ entries: Int) async throws -> Bool {
        let connection = try await RedisConnection.open(address, named: "bench")
        while true {
            try await Task.sleep(for: .milliseconds(10))
            guard try await connection.run(["XLEN", "out"], "looking").integer == entries else { continue }
            let pending = try await connection.run(["XPENDING", "in", "g"], "looking").elements.first?.integer
            if pending == 0 { break }
        }
        await connection.close()
        return true
    }
}
