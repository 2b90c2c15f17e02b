// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
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

/// An output whose long writes go past the system's cache: what is put is gathered until a flush, and is never otherwise than
/// it would be without.
@Suite struct BypassCacheTests {
    let directory: TemporaryDirectory
    var output: String { directory["out"] }

    init() throws { directory = try TemporaryDirectory() }

    private func sink(append: Bool = false) -> FileSink { FileSink(path: output, append: append, bypassCache: true) }

    private func lines(_ texts: [String]) -> String { texts.map { $0 + "\n" }.joined() }

    /// Texts of very different lengths, so that blocks and boundaries are met at any place.
    private func someTexts(_ generator: inout SeededGenerator) -> [String] {
        let longest = [20, 2000, 70_000, 3_000_000].randomElement(using: &generator) ?? 20
        let count = longest > 100_000 ? 2 : Int.random(in: 1...60, using: &generator)
        return (0..<count).map { _ in
            String(
                repeating: ["a", "b", "c"].randomElement(using: &generator) ?? "d",
                count: .random(in: 0...longest, using: &generator)
            )
        }
    }

    @Test(arguments: 1...30)
    func `the output has what was put, behind any beginning and any flushes`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let old = lines(someTexts(&generator))
        try directory.write(old, to: "out")
        let sink = try await sink(append: true).ready()
        var expected = old
        var durable = (checkpoint: try await sink.checkpoint(), text: old)
        for _ in 0..<12 {
            let texts = someTexts(&generator)
            let isCut = Bool.random(using: &generator)
            #expect(
                try await sink.put(isCut ? recordsCut(from: texts.joined(separator: "\n")) : recordsOf(texts))
                    .isDelivered
            )
            expected += lines(texts)
            #expect(try await OutputCheckpoint(sink.checkpoint()).length == Int64(expected.utf8.count))
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                try await sink.flush()
                durable = (try await sink.checkpoint(), expected)
                try #require(try directory.text(of: "out") == expected)
            case 1:
                try await sink.restore(durable.checkpoint)
                expected = durable.text
            default: break
            }
        }
        try await sink.flush()
        try #require(try directory.text(of: "out") == expected)
        await sink.stop()
    }

    @Test func `what was not flushed is not there after a crash, and the next sink goes on at the checkpoint`()
        async throws
    {
        let first = try await sink().ready()
        #expect(try await first.put(recordsOf(["one", "two"])).isDelivered)
        #expect(try directory.text(of: "out") == "")
        try await first.flush()
        let checkpoint = try await first.checkpoint()
        #expect(try await first.put(recordsOf([String(repeating: "x", count: 2_000_000)])).isDelivered)
        #expect(try directory.bytes(of: "out").count > 1_000_000)
        await first.stop()
        let next = try await sink().ready(checkpoint)
        #expect(try await next.put(recordsOf(["three"])).isDelivered)
        try await next.flush()
        #expect(try directory.text(of: "out") == "one\ntwo\nthree\n")
        await next.stop()
    }

    /// The second put fails before or behind what the first has left gathered.
    @Test(arguments: [100, 1_500_000], [3, 5, 2_100_000])
    func `a put that fails takes back nothing that was put before`(_ size: Int, room: Int64) async throws {
        let rack = DeviceRack()
        let sink = try await rack.sink(output, bypassCache: true).ready()
        #expect(try await sink.put(recordsOf(["one"])).isDelivered)
        let checkpoint = try await sink.checkpoint()
        rack.last?.faults.withLock {
            $0.limit = room
            $0.writeError = ENOSPC
        }
        let texts = [String(repeating: "2", count: size), String(repeating: "3", count: size)]
        var hasFailed = false
        do {
            #expect(try await sink.put(recordsOf(texts)).isDelivered)
            try await sink.flush()
        } catch {
            hasFailed = true
            #expect((error as? ConnectorError)?.message.contains("free space") == true)
        }
        #expect(hasFailed == (Int64(2 * size + 6) > room))
        #expect(try !directory.bytes(of: "out").contains(0), "a reader sees nothing that nobody wrote")
        rack.last?.faults.withLock { $0.limit = .max }
        try await sink.restore(checkpoint)
        #expect(try await sink.put(recordsOf(["four"])).isDelivered)
        try await sink.flush()
        #expect(try directory.text(of: "out") == "one\nfour\n")
        await sink.stop()
    }

    @Test func `a flush that could not write is repeated, and loses nothing`() async throws {
        let rack = DeviceRack()
        let sink = try await rack.sink(output, bypassCache: true).ready()
        #expect(try await sink.put(recordsOf(["one", "two"])).isDelivered)
        rack.last?.faults.withLock {
            $0.limit = 3
            $0.writeError = ENOSPC
        }
        #expect(await connectorError { try await sink.flush() }?.message.contains("free space") == true)
        rack.last?.faults.withLock { $0.limit = .max }
        try await sink.flush()
        #expect(try directory.text(of: "out") == "one\ntwo\n")
        #expect(rack.last?.faults.withLock(\.synchronizations) == 1)
        await sink.stop()
    }

    @Test func `a region takes what there is room for, and nothing more before it is written`() {
        var region = OutputRegion()
        let length = OutputRegion.length
        region.begin(at: Int64(length + 4000))
        let text = Array(repeating: UInt8(ascii: "x"), count: length)
        let taken = text.withUnsafeBytes { [region.append($0), region.append($0)] }
        #expect(taken == [length - 4000, 0])
        #expect(region.isFull && region.end == Int64(2 * length) && region.bytes.allSatisfy { $0 == UInt8(ascii: "x") })
        #expect(region.wholeBlocks == 96..<length - 4000)
        region.cut(to: Int64(length + 4100))
        #expect(!region.isFull && region.count == 100 && region.wholeBlocks == 96..<96)
        region.cut(to: 10)
        #expect(region.count == 0 && region.start == 10)
    }

    /// The memory that `mincore` calls resident belongs to the cache.
    @Test func `long writes are not in the cache`() async throws {
        guard try canBypassCache() else { return }
        let records = recordsOf(Array(repeating: String(repeating: "x", count: 1000), count: 8000))
        let sink = try await sink().ready()
        #expect(try await sink.put(records).isDelivered)
        try await sink.flush()
        #expect(try residentPages(of: output) < 64)
        await sink.stop()
        let ordinary = try await FileSink(path: directory["ordinary"]).ready()
        #expect(try await ordinary.put(records).isDelivered)
        try await ordinary.flush()
        #expect(try residentPages(of: directory["ordinary"]) > 1000)
        await ordinary.stop()
    }

    /// A file system in memory has such writes too, but nothing besides the cache.
    private func canBypassCache() throws -> Bool {
        let file = try FileDescriptor(directory["probe"], [.readingAndWriting, .creating])
        guard let uncached = try file.reopenedPastCache() else { return false }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: OutputRegion.block)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 1)
        do {
            try uncached.write(UnsafeRawBufferPointer(memory), at: 0)
        } catch  where error.isUnsupported {
            return false
        }
        return try residentPages(of: directory["probe"]) == 0
    }

    private func residentPages(of path: String) throws -> Int {
        let file = try FileDescriptor(path, .reading)
        let size = Int(try file.status().size)
        let memory = try #require(mmap(nil, size, PROT_READ, MAP_SHARED, file.number, 0))
        defer { munmap(memory, size) }
        var pages = [UInt8](repeating: 0, count: (size + 4095) / 4096)
        try #require(mincore(memory, size, &pages) == 0)
        return pages.count { $0 & 1 == 1 }
    }
}
