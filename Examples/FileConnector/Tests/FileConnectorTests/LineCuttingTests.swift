// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import FileConnector

@Suite struct LineCuttingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let content: String
        let lines: [String]
        var testDescription: String { content.debugDescription }
    }

    static let cases = [
        Case(content: "", lines: []),
        Case(content: "\n", lines: [""]),
        Case(content: "\n\n", lines: ["", ""]),
        Case(content: "a\nb\n", lines: ["a", "b"]),
        Case(content: "a\nb", lines: ["a", "b"]),
        Case(content: "a", lines: ["a"]),
        Case(content: "a\r\nb\r\n", lines: ["a\r", "b\r"]),
        Case(content: "\nlonger than a chunk\n\nx", lines: ["", "longer than a chunk", "", "x"]),
        Case(content: "ä\u{2028}ö\n\t\0\n", lines: ["ä\u{2028}ö", "\t\0"]),
    ]

    @Test(arguments: cases, [1, 2, 3, 4, 7, 19, 20, 64])
    func `a newline ends a line, and nothing else does`(_ example: Case, chunkSize: Int) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(example.content, to: "in")
        let reading = try await read(directory["in"], .init(chunkSize: chunkSize))
        #expect(reading.lines == example.lines)
        #expect(reading.rejected.isEmpty)
    }

    @Test(arguments: 1...60)
    func `what is read is what was written, in any chunks and batches`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        let alphabet = Array("\n\n\r\"aä€".utf8) + [0xFF, 0]
        let content = (0..<Int.random(in: 0...4000, using: &generator)).map { _ in
            Bool.random(using: &generator) ? UInt8(ascii: "x") : alphabet.randomElement(using: &generator) ?? 0
        }
        try directory.write(content, to: "in")
        let options = FileSource.Options(chunkSize: Int.random(in: 1...600, using: &generator))
        let maxRecords = Int.random(in: 1...50, using: &generator)
        let maxBytes = Int.random(in: 1...300, using: &generator)
        let reading = try await read([directory["in"]], options, maxRecords: maxRecords, maxBytes: maxBytes)
        #expect(reading.records.map { Array($0.data.bytes) } == linesOf(content))
        for batch in reading.batches {
            #expect(batch.records.count <= maxRecords)
            #expect(batch.records.count <= 1 || batch.records.map(\.data.count).reduce(0, +) <= maxBytes)
        }
    }

    @Test(arguments: [1, 3, 4, 5, 6, 7, 8, 100], [3, 4, 5, 6, 12])
    func `a line over the limit is rejected, and reading goes on behind it`(chunkSize: Int, length: Int) async throws {
        let directory = try TemporaryDirectory()
        let long = String(repeating: "x", count: length)
        try directory.write("ab\n\(long)\ncd\n\(long)", to: "in")
        let reading = try await read(directory["in"], .init(maxLineBytes: 4, chunkSize: chunkSize))
        guard length > 4 else {
            #expect(reading.lines == ["ab", long, "cd", long])
            #expect(reading.rejected.isEmpty)
            return
        }
        #expect(reading.lines == ["ab", "cd"])
        #expect(reading.rejected.map(\.position.offset.sequence) == [Int64(4 + length), Int64(7 + 2 * length)])
        #expect(reading.rejected.map { String(decodingUTF8: $0.bytes) } == [long, long])
        #expect(reading.rejected.allSatisfy { $0.error.code == .invalidRecord })
        // Each rejection stands behind the records that were before it in the file.
        let order = reading.batches.flatMap { batch in
            (0...batch.records.count).flatMap { index in
                batch.rejected.filter { $0.index == index }.map(\.position.offset.sequence)
                    + batch.records.dropFirst(index).prefix(1).map(\.offset?.sequence)
            }
        }
        #expect(order == [3, Int64(4 + length), Int64(7 + length), Int64(7 + 2 * length)])
    }

    @Test func `only the beginning of a rejected line is kept`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(String(repeating: "y", count: 300_000) + "\nz\n", to: "in")
        let reading = try await read(directory["in"], .init(maxLineBytes: 200_000, chunkSize: 1000))
        #expect(reading.lines == ["z"])
        #expect(reading.rejected.first?.bytes.count == 1024)
        #expect(reading.rejected.first?.bytes.retainedCapacity == 1024)
    }

    @Test func `the context of a line says where it stands`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("one\n\nthree", to: "a %.log")
        let reading = try await read(directory["a %.log"])
        #expect(reading.records.map(\.subject) == ["0", "4", "5"])
        #expect(reading.records.map { $0.offset?.sequence } == [4, 5, 10])
        let first = try #require(reading.records.first)
        #expect(first.type == "org.openconnect.file.line")
        #expect(first.contentType == "text/plain")
        #expect(first.source?.string == "file://\(directory.path)/a%20%25.log")
        #expect(first.partition.name == directory["a %.log"])
        #expect(first.data.form == .bytes)
    }

    @Test func `files take turns, and each keeps its order`() async throws {
        let directory = try TemporaryDirectory()
        for name in ["a", "b", "c"] { try directory.write((1...6).map { "\(name)\($0)\n" }.joined(), to: name) }
        let paths = ["a", "b", "c"].map { directory[$0] }
        let reading = try await read(paths, maxRecords: 4)
        for name in ["a", "b", "c"] {
            #expect(reading.lines.filter { $0.hasPrefix(name) } == (1...6).map { "\(name)\($0)" })
        }
        #expect(reading.batches.dropFirst().prefix(3).compactMap { $0.records.first?.partition.name }.sorted() == paths)
    }

    @Test func `lines that were read before something failed are returned first`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("a1\na2\n", to: "a")
        try directory.write("b1\nb2\n", to: "b")
        let source = FileSource(paths: [directory["a"], directory["b"]], options: .init(chunkSize: 3))
        try await source.start(TestHost.context())
        let request = PollRequest(maxRecords: 10)
        #expect(try await source.poll(request).progress.count == 2)
        #expect(try await source.poll(request).records.map(\.data.text) == ["a1", "b1"])
        try directory.write("", to: "b")
        #expect(try await source.poll(request).records.map(\.data.text) == ["a2"])
        let error = await connectorError { _ = try await source.poll(request) }
        #expect(error?.message.contains("was cut to 0 bytes") == true)
        await source.stop()
    }

    @Test func `a partition that is held back waits while the others are read`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("a\n", to: "a")
        try directory.write("b\n", to: "b")
        let source = FileSource(paths: [directory["a"], directory["b"]])
        let held = RecordPartition(directory["a"])
        try await source.start(TestHost.context(clock: ConnectorClock(ScriptedClock([{}]))))
        #expect(try await source.poll(PollRequest(maxRecords: 10)).progress.count == 2)
        let first = try await source.poll(PollRequest(maxRecords: 10, heldBack: [held]))
        #expect(first.records.map(\.data) == [.bytes(SharedBytes(utf8: "b"))])
        let second = try await source.poll(PollRequest(maxRecords: 10, heldBack: [held]))
        #expect(second.records.isEmpty && !second.isEnd)
        let third = try await source.poll(PollRequest(maxRecords: 10))
        #expect(third.records.map(\.data) == [.bytes(SharedBytes(utf8: "a"))])
        #expect(try await source.poll(PollRequest(maxRecords: 10)).isEnd)
        await source.stop()
    }
}
