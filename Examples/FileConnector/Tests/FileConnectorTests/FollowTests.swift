// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import FileConnector

@Suite struct FollowTests {
    let directory: TemporaryDirectory
    let follow = FileSource.Options(follow: true)

    init() throws { directory = try TemporaryDirectory() }

    private func follow(_ steps: [ScriptedClock.Step]) async throws -> Reading {
        try await read(directory["log"], follow, while: steps)
    }

    @Test func `a line waits for its newline`() async throws {
        let directory = directory
        try directory.write("a\nb", to: "log")
        let reading = try await follow([
            {}, { try directory.append("b", to: "log") }, {}, { try directory.append("b\nc\n", to: "log") }, {},
        ])
        #expect(reading.lines == ["a", "bbb", "c"])
        #expect(reading.batches.allSatisfy { $0.quiet != nil && !$0.isEnd })
    }

    @Test func `a long line that grows waits for its newline too`() async throws {
        let directory = directory
        let piece = String(repeating: "p", count: 700)
        let grow: ScriptedClock.Step = { try directory.append(piece, to: "log") }
        try directory.write("", to: "log")
        let options = FileSource.Options(follow: true, chunkSize: 512)
        let steps: [ScriptedClock.Step] = [grow, grow, grow, { try directory.append("\nx\n", to: "log") }]
        let reading = try await read(directory["log"], options, while: steps)
        #expect(reading.lines == [piece + piece + piece, "x"])
    }

    @Test func `a file that does not exist yet is waited for`() async throws {
        let directory = directory
        let reading = try await follow([{}, { try directory.write("a\n", to: "log") }, {}])
        #expect(reading.lines == ["a"])
    }

    @Test func `after a rename the old file is read to its end, then the new one`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            { try directory.append("b\n", to: "log") },
            { try directory.rename("log", to: "log.1") },
            // The writer goes on with the old file, and nothing is at the path.
            { try directory.append("c\n", to: "log.1") },
            { try directory.write("", to: "log") },
            { try directory.append("d\ne", to: "log.1") },
            { try directory.append("f\n", to: "log") },
            // Even now a second writer may not have changed over.
            { try directory.append("e\n", to: "log.1") },
            {}, {},
            { try directory.append("g\n", to: "log") },
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "ee", "f", "g"])
    }

    @Test func `a directory that is away is an outage`() async throws {
        try directory.makeDirectory("d")
        try directory.write("a\n", to: "d/log")
        let source = FileSource(paths: [directory["d/log"]], options: follow)
        let clock = ConnectorClock(ScriptedClock([ScriptedClock.Step](repeating: {}, count: 50)))
        try await source.start(TestHost.context(clock: clock))
        var reading = Reading()
        while reading.lines.isEmpty { reading.add(try await source.poll(PollRequest(maxRecords: 10))) }
        try directory.rename("d", to: "elsewhere")
        let error = await connectorError { while true { _ = try await source.poll(PollRequest(maxRecords: 10)) } }
        #expect(error?.code == .retryable, "\(error as Any)")
        try directory.rename("elsewhere", to: "d")
        try directory.append("b\n", to: "d/log")
        while reading.lines.count < 2 { reading.add(try await source.poll(PollRequest(maxRecords: 10))) }
        #expect(reading.lines == ["a", "b"])
        await source.stop()
        try directory.remove("d/log")
    }

    @Test func `a renamed file is not left while another input keeps the source busy`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        try directory.write((1...9).map { "\($0)\n" }.joined(), to: "busy")
        let clock = ConnectorClock(ScriptedClock([{}, {}]))
        let paths = [directory["log"], directory["busy"]]
        let source = FileSource(paths: paths, options: .init(follow: true, chunkSize: 2))
        try await source.start(TestHost.context(clock: clock))
        var reading = Reading()
        for count in 0..<12 {
            if count == 2 {
                try directory.rename("log", to: "log.1")
                try directory.write("c\n", to: "log")
            }
            // No time has passed yet, however often the source was asked.
            if count == 8 { try directory.append("b\n", to: "log.1") }
            reading.add(try await source.poll(PollRequest(maxRecords: 10)))
        }
        await source.stop()
        #expect(reading.lines.filter { "abc".contains($0) } == ["a", "b", "c"])
    }

    @Test func `the last line of a renamed file needs no newline`() async throws {
        let directory = directory
        try directory.write("a\nb", to: "log")
        let reading = try await follow([
            {
                try directory.rename("log", to: "log.1")
                try directory.write("c\n", to: "log")
            }, {}, {}, {},
        ])
        #expect(reading.lines == ["a", "b", "c"])
        #expect(reading.records.map(\.subject) == ["0", "2", "0"])
        #expect(Set(reading.positions.map(\.offset)).count == 3)
        // A crash behind any of them repeats nothing and loses nothing.
        for (index, position) in reading.positions.enumerated() {
            #expect(try await read(directory["log"], from: position).lines == Array(reading.lines[(index + 1)...]))
        }
    }

    @Test func `all files of several rotations between two looks are read`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            {
                try directory.append("b\n", to: "log")
                try directory.rename("log", to: "log.3")
                try directory.write("c\n", to: "log.2")
                try directory.write("d\n", to: "log.1")
                try directory.write("e\n", to: "log")
            }, {}, {}, {}, {}, {}, {},
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
    }

    @Test func `a file that is removed and made anew is read from its beginning`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            { try directory.remove("log") }, {}, { try directory.write("a\n", to: "log") }, {}, {}, {},
        ])
        #expect(reading.lines == ["a", "a"])
        #expect(Set(reading.positions.map(\.offset)).count == 2)
        #expect(reading.progress.map(\.offset.sequence) == [0, 0])
    }

    @Test func `what was copied before a truncation is read from the copy`() async throws {
        let directory = directory
        try directory.write("first\nsecond\n", to: "log")
        let reading = try await follow([
            {
                try directory.append("third\nfou", to: "log")
                try directory.copyAndTruncate("log", to: "log.1")
                try directory.append("fifth\n", to: "log")
            }, {}, {}, {}, {},
        ])
        #expect(reading.lines == ["first", "second", "third", "fou", "fifth"])
    }

    @Test func `a copy is read to its end although the file was written and looked at after it was made`() async throws
    {
        let text = (10..<40).map { "line \($0) of the file\n" }.joined()
        try directory.write(text, to: "log")
        try directory.makeOld("log")
        var options = follow
        options.chunkSize = 64
        let source = FileSource(paths: [directory["log"]], options: options)
        try await source.start(
            TestHost.context([], clock: ConnectorClock(ScriptedClock([{}, {}, {}, {}, {}, {}, {}, {}])))
        )
        var reading = Reading()
        reading.add(try await source.poll(PollRequest(maxRecords: 1)))
        try directory.write(text, to: "log.1")
        try directory.makeOld("log.1")
        try directory.append("too late for the copy\n", to: "log")
        while reading.lines.count < 10 { reading.add(try await source.poll(PollRequest(maxRecords: 1))) }
        try directory.write("new\n", to: "log")
        do {
            while true { reading.add(try await source.poll(PollRequest(maxRecords: 9))) }
        } catch is ScriptedClock.End {}
        await source.stop()
        #expect(reading.lines == (10..<40).map { "line \($0) of the file" } + ["new"])
    }

    @Test func `a truncated file without a copy is read from its beginning`() async throws {
        let directory = directory
        try directory.write("first\nsecond\n", to: "log")
        let reading = try await follow([{ try directory.write("x\n", to: "log") }, {}])
        #expect(reading.lines == ["first", "second", "x"])
        #expect(Set(reading.positions.map(\.offset.incarnation)).count == 3)
    }

    @Test func `a file that was truncated and grew beyond the place that was read begins otherwise`() async throws {
        let directory = directory
        try directory.write("first\nsecond\n", to: "log")
        let reading = try await follow([{ try directory.write("something much longer\nx\n", to: "log") }, {}])
        #expect(reading.lines == ["first", "second", "something much longer", "x"])
    }

    @Test func `an older generation with the same header is not taken for the copy`() async throws {
        let directory = directory
        try directory.write("# header\nold\n", to: "log.1")
        try directory.makeOld("log.1")
        try directory.write("# header\n", to: "log")
        let reading = try await follow([
            { try directory.write("", to: "log") }, { try directory.write("x\n", to: "log") }, {},
        ])
        #expect(reading.lines == ["# header", "x"])
    }

    @Test func `lag counts what was not polled, rotated files included`() async throws {
        try directory.write("a\nb\nccc\n", to: "log")
        let source = FileSource(paths: [directory["log"]], options: follow)
        try await source.start(TestHost.context())
        #expect(try await source.lag().values.map(\.self) == [8])
        for _ in 0..<2 { _ = try await source.poll(PollRequest(maxRecords: 1)) }
        #expect(try await source.lag().values.map(\.self) == [6])
        await source.stop()
    }

    @Test func `a cancelled poll throws`() async throws {
        try directory.write("", to: "log")
        let source = FileSource(paths: [directory["log"]], options: follow)
        try await source.start(TestHost.context())
        let polling = Task { try await source.poll(PollRequest(maxRecords: 1)) }
        polling.cancel()
        await #expect(throws: CancellationError.self) { try await polling.value }
        await source.stop()
    }
}
