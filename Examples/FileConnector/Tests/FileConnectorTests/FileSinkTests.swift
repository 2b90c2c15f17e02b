// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles
import Synchronization
import Testing

@testable import FileConnector

@Suite struct FileSinkTests {
    let directory: TemporaryDirectory
    var output: String { directory["out"] }

    init() throws { directory = try TemporaryDirectory() }

    @Test func `each record is one line, however it lies in memory`() async throws {
        let big = String(repeating: "b", count: 10_000)
        var records = recordsCut(from: "one\n\nthree\n\(big)\n\n") + recordsOf(["four", "", big, "five"])
        records.append(ConnectorRecord(.absent, offset: RecordOffset(99)))
        records += recordsCut(from: "x\(big)\ny\(big)")
        records += recordsCut(from: "apart;from;each other", separatedBy: ";")
        let sink = try await FileSink(path: output).ready()
        #expect(try await sink.put(records).isDelivered)
        let lines = ["one", "", "three", big, "", ""] + ["four", "", big, "five", ""] + ["x\(big)", "y\(big)"]
        let expected = lines + ["apart", "from", "each other"]
        #expect(try directory.text(of: "out") == expected.map { $0 + "\n" }.joined())
        await sink.stop()
    }

    @Test(arguments: 1...40)
    func `any run of records is written as its lines`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var records: [ConnectorRecord] = []
        var lines: [String] = []
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            let texts = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                String(repeating: "l", count: Int.random(in: 0...900, using: &generator))
            }
            let isCut = Bool.random(using: &generator)
            records += isCut ? recordsCut(from: texts.joined(separator: "\n")) : recordsOf(texts)
            lines += texts
        }
        let sink = try await FileSink(path: output).ready()
        #expect(try await sink.put(records).isDelivered)
        #expect(try directory.text(of: "out") == lines.map { $0 + "\n" }.joined())
        #expect(try await OutputCheckpoint(sink.checkpoint()).length == Int64(directory.bytes(of: "out").count))
        await sink.stop()
    }

    @Test func `what a file source reads is what the sink writes`() async throws {
        let content = (0..<5000).map { "line \($0)\r\n" }.joined()
        try directory.write(content, to: "in")
        let rack = DeviceRack()
        let sink = try await rack.sink(output).ready()
        let source = FileSource(paths: [directory["in"]], options: .init(chunkSize: 16 << 10))
        try await source.start(TestHost.context())
        var batches = 0
        while case let batch = try await source.poll(PollRequest(maxRecords: 10_000)), !batch.isEnd {
            #expect(try await sink.put(batch.records).isDelivered)
            batches += 1
        }
        #expect(try directory.text(of: "out") == content)
        // A run goes out as it lies, and its last newline with it.
        let writes = rack.last?.faults.withLock(\.writes) ?? .max
        #expect(writes <= batches)
        await source.stop()
        await sink.stop()
    }

    @Test func `a record with a newline is rejected, and what is before it is written`() async throws {
        let sink = try await FileSink(path: output).ready()
        let result = try await sink.put(recordsOf(["a", "b\nc", "d"]))
        #expect(result.exceptions.map(\.index) == [1, 2])
        #expect(result.exceptions.first?.verdict.error?.code == .invalidRecord)
        #expect(try directory.text(of: "out") == "a\n")
        // A piece of a buffer is no line only because a newline stands behind it.
        let buffer = SharedBytes(utf8: "x\ny\nz")
        let pieces = [buffer.slice(0..<3), buffer.slice(4..<5)].map { ConnectorRecord(.bytes($0)) }
        #expect(try await sink.put(pieces).exceptions.map(\.index) == [0, 1])
        #expect(try await sink.put(Array(recordsCut(from: "p\nq")) + pieces).exceptions.map(\.index) == [2, 3])
        #expect(try directory.text(of: "out") == "a\np\nq\n")
        // Also where the lines in front of it lie in the same buffer.
        let mixed = SharedBytes(utf8: "one\n\nt\no\nend")
        let lines = [0..<3, 4..<4, 5..<8, 9..<12].map { ConnectorRecord(.bytes(mixed.slice($0))) }
        #expect(try await sink.put(lines).exceptions.map(\.index) == [2, 3])
        #expect(try directory.text(of: "out") == "a\np\nq\none\n\n")
        await sink.stop()
    }

    @Test(arguments: [FileSink.Format.lines, .cloudEvents])
    func `the output is cut back to each checkpoint`(_ format: FileSink.Format) async throws {
        var sink = try await FileSink(path: output, format: format).ready()
        var moments: [(SinkCheckpoint, [UInt8])] = [(try await sink.checkpoint(), [])]
        for index in 0..<5 {
            _ = try await sink.put(recordsOf(["line \(index)", "more"], from: Int64(index * 2 + 1)))
            if index == 2 { try await sink.flush() }
            moments.append((try await sink.checkpoint(), try directory.bytes(of: "out")))
        }
        for (checkpoint, bytes) in moments.reversed() {
            // In the running sink after a failure, and in a new one after a crash.
            try await sink.restore(checkpoint)
            #expect(try directory.bytes(of: "out") == bytes)
            try directory.append("half a li", to: "out")
            await sink.stop()
            sink = try await FileSink(path: output, format: format).ready(checkpoint)
            #expect(try directory.bytes(of: "out") == bytes)
            #expect(try await sink.checkpoint() == checkpoint)
        }
        await sink.stop()
    }

    struct BadRestore: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: ConnectorError.Code
        let words: [String]
        var name = "out"
        var format = FileSink.Format.lines
        var foreign = false
        var prepare: @Sendable (TemporaryDirectory) throws -> Void = { _ in }
    }

    @Test(arguments: [
        BadRestore(
            testDescription: "another path",
            code: .invalidConfiguration,
            words: ["/out'", "/other'"],
            name: "other"
        ),
        BadRestore(
            testDescription: "another format",
            code: .invalidConfiguration,
            words: ["--format lines"],
            format: .cloudEvents
        ),
        BadRestore(
            testDescription: "missing",
            code: .invalidConfiguration,
            words: ["does not exist", "4 bytes"],
            prepare: { try $0.remove("out") }
        ),
        BadRestore(
            testDescription: "too short",
            code: .corruptOffsets,
            words: ["3 bytes", "4 that were committed"],
            prepare: { try $0.write("abc", to: "out") }
        ),
        BadRestore(testDescription: "foreign", code: .corruptOffsets, words: ["another sink"], foreign: true),
    ])
    func `a checkpoint that does not fit is refused with the reason`(_ bad: BadRestore) async throws {
        let sink = try await FileSink(path: output).ready()
        _ = try await sink.put(recordsOf(["a", "b"]))
        let checkpoint = try await bad.foreign ? SinkCheckpoint(SharedBytes(utf8: "{}")) : sink.checkpoint()
        await sink.stop()
        try bad.prepare(directory)
        let other = FileSink(path: directory[bad.name], format: bad.format, append: true)
        let error = await connectorError { _ = try await other.ready(checkpoint) }
        #expect(error?.code == bad.code)
        for word in bad.words { #expect(error?.message.contains(word) == true, "\(error?.message ?? "")") }
        await other.stop()
    }

    @Test func `content without a checkpoint is refused, or appended to`() async throws {
        try directory.write("old", to: "out")
        let error = await connectorError { _ = try await FileSink(path: output).ready() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("--append") == true)
        let sink = try await FileSink(path: output, append: true).ready()
        _ = try await sink.put(recordsOf(["new"]))
        #expect(try directory.text(of: "out") == "old\nnew\n")
        // A put that failed before the first checkpoint takes back what it wrote, not what was there.
        try await sink.restore(nil)
        #expect(try directory.text(of: "out") == "old\n")
        await sink.stop()
    }

    struct BadOutput: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
    }

    @Test(arguments: [
        BadOutput(testDescription: "dir", words: "is a directory"),
        BadOutput(testDescription: "dir/", words: "is a directory"),
        BadOutput(testDescription: "missing/out", words: "does not exist"),
        BadOutput(testDescription: "file/out", words: "file"),
        BadOutput(testDescription: "pipe", words: "is a pipe"),
        BadOutput(testDescription: "/dev/stdout", words: "is a stream"),
        BadOutput(testDescription: "/dev/null", words: "not a regular file"),
        BadOutput(testDescription: "", words: "empty path"),
    ])
    func `an output that cannot be one is refused with the reason`(_ bad: BadOutput) async throws {
        try directory.makeDirectory("dir")
        try directory.write("x", to: "file")
        directory.makePipe("pipe")
        let name = bad.testDescription
        let path = name.hasPrefix("/") || name.isEmpty ? name : directory[name]
        let error = await connectorError { _ = try await FileSink(path: path).ready() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(bad.words) == true, "\(error?.message ?? "")")
    }

    @Test func `two sinks do not write one file`() async throws {
        let first = try await FileSink(path: output).ready()
        let error = await connectorError { _ = try await FileSink(path: output).ready() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("another pipeline") == true)
        await first.stop()
        _ = try await FileSink(path: output).ready()
    }

    @Test func `a sink that was not restored appends`() async throws {
        try directory.write("a\n", to: "out")
        let sink = FileSink(path: output)
        try await sink.start(TestHost.context())
        _ = try await sink.put(recordsOf(["b"]))
        #expect(try directory.text(of: "out") == "a\nb\n")
        await sink.stop()
    }
}
