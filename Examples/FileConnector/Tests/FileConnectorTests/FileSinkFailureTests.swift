// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles
import Synchronization
import Testing

@testable import FileConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite struct FileSinkFailureTests {
    struct Full: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Int32
        let words: String
    }

    static let full = [
        Full(testDescription: "no space", code: ENOSPC, words: "free space"),
        Full(testDescription: "file too large", code: EFBIG, words: "ulimit"),
        Full(testDescription: "broken disk", code: EIO, words: "check the disk"),
    ]

    @Test(arguments: full, [FileSink.Format.lines, .cloudEvents])
    func `a put that fails half way leaves nothing behind`(_ full: Full, _ format: FileSink.Format) async throws {
        let directory = try TemporaryDirectory()
        let rack = DeviceRack()
        let sink = try await rack.sink(directory["out"], format: format).ready()
        _ = try await sink.put(recordsOf(["first"]))
        let before = try directory.bytes(of: "out")
        let checkpoint = try await sink.checkpoint()
        let lines = (0..<3000).map { "line number \($0)" }.joined(separator: "\n")
        let more = recordsCut(from: lines) + recordsOf(["end"], from: 4000)
        rack.last?.faults.withLock {
            $0.limit = Int64(before.count) + 20_000
            $0.writeError = full.code
        }
        let error = await connectorError { _ = try await sink.put(more) }
        #expect(error?.message.contains(full.words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("nothing is lost") == true)
        #expect(try directory.bytes(of: "out") == before)
        #expect(try await sink.checkpoint() == checkpoint)
        // There is room again.
        rack.last?.faults.withLock { $0.limit = .max }
        try await sink.restore(checkpoint)
        #expect(try await sink.put(more).isDelivered)
        try await sink.flush()
        #expect(try directory.bytes(of: "out").dropFirst(before.count).split(separator: 0x0A).count == 3001)
        await sink.stop()
    }

    @Test func `what could not be cut off is cut off before the next put`() async throws {
        let directory = try TemporaryDirectory()
        let rack = DeviceRack()
        let sink = try await rack.sink(directory["out"]).ready()
        rack.last?.faults.withLock {
            $0.limit = 3
            $0.writeError = ENOSPC
            $0.truncateError = EIO
        }
        #expect(await connectorError { _ = try await sink.put(recordsOf(["abcdef"])) } != nil)
        #expect(try directory.text(of: "out") == "abc")
        rack.last?.faults.withLock { $0.limit = .max }
        #expect(await connectorError { _ = try await sink.put(recordsOf(["x"])) } != nil)
        rack.last?.faults.withLock { $0.truncateError = nil }
        #expect(try await sink.put(recordsOf(["x"])).isDelivered)
        #expect(try directory.text(of: "out") == "x\n")
        await sink.stop()
    }

    @Test func `after a failed synchronization nothing is written or synchronized again`() async throws {
        let directory = try TemporaryDirectory()
        let rack = DeviceRack()
        let sink = try await rack.sink(directory["out"]).ready()
        _ = try await sink.put(recordsOf(["a"]))
        let checkpoint = try await sink.checkpoint()
        let before = rack.last?.faults.withLock { faults in
            faults.synchronizeError = EIO
            return faults.synchronizations
        }
        for _ in 0..<3 {
            let error = await connectorError { try await sink.flush() }
            #expect(error?.code == .fatal)
            #expect(error?.message.contains("restarted") == true)
        }
        rack.last?.faults.withLock { $0.synchronizeError = nil }
        #expect(await connectorError { _ = try await sink.put(recordsOf(["b"])) }?.code == .fatal)
        #expect(await connectorError { try await sink.restore(checkpoint) }?.code == .fatal)
        #expect(rack.last?.faults.withLock(\.synchronizations) == before.map { $0 + 1 })
        await sink.stop()
        rack.clear()
        // A new sink has a new descriptor, and goes on from the checkpoint.
        let next = try await FileSink(path: directory["out"]).ready(checkpoint)
        #expect(try directory.text(of: "out") == "a\n")
        await next.stop()
    }

    @Test func `a newline that is added is durable before a checkpoint counts it`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("old", to: "out")
        let rack = DeviceRack()
        let sink = try await rack.sink(directory["out"], append: true).ready()
        #expect(rack.last?.faults.withLock(\.synchronizations) == 1)
        #expect(try directory.text(of: "out") == "old\n")
        await sink.stop()
    }

    @Test func `nothing is synchronized twice`() async throws {
        let directory = try TemporaryDirectory()
        let rack = DeviceRack()
        let sink = try await rack.sink(directory["out"]).ready()
        _ = try await sink.put(recordsOf(["a"]))
        for _ in 0..<3 { try await sink.flush() }
        #expect(rack.last?.faults.withLock(\.synchronizations) == 1)
        await sink.stop()
    }
}
