// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles
import Testing

@testable import FileConnector

/// What happens when more than one rotation lies between two looks of the source, and when it looks in the middle of one.
@Suite struct LateLookTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func follow(
        from stored: RecordPosition? = nil,
        _ steps: [ScriptedClock.Step]
    ) async throws -> Reading {
        try await read(directory["log"], .init(follow: true), from: stored, while: steps + Self.rest)
    }

    private static let rest = Array<ScriptedClock.Step>(repeating: {}, count: 12)

    /// How a file is exchanged for a new one, which is empty.
    enum Style: Sendable, CaseIterable {
        case copies, renames

        /// Rotates `log` as logrotate does, keeping some generations.
        func rotate(_ directory: TemporaryDirectory, keeping kept: Int = 9) throws {
            var number = 1
            while number < kept, (try? directory.bytes(of: "log.\(number)")) != nil { number += 1 }
            for older in stride(from: number - 1, to: 0, by: -1) {
                try directory.rename("log.\(older)", to: "log.\(older + 1)")
            }
            switch self {
            case .copies: try directory.copyAndTruncate("log", to: "log.1")
            case .renames:
                try directory.rename("log", to: "log.1")
                try directory.write("", to: "log")
            }
        }
    }

    /// Writes generations, and rotates each but the last.
    private func generations(_ texts: String..., style: Style, keeping kept: Int = 9) -> ScriptedClock.Step {
        { [directory] in
            for (index, text) in texts.enumerated() {
                if index > 0 { try style.rotate(directory, keeping: kept) }
                try directory.append(text, to: "log")
            }
        }
    }

    @Test(arguments: Style.allCases)
    func `rotations after the file was seen empty behind a generation that was read`(_ style: Style) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: style), {}, {}, {}, {},
            generations("c\n", "d\n", "e\n", "", style: style), {}, {}, {}, {}, {}, {},
            generations("f\n", style: style),
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e", "f"])
    }

    @Test(arguments: Style.allCases, 0..<5)
    func `rotations while a generation is left for the empty file`(_ style: Style, _ pause: Int) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow(
            [generations("b\n", "", style: style)] + Array(repeating: {}, count: pause)
                + [generations("c\n", "d\n", "e\n", style: style)]
        )
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
    }

    @Test(arguments: Style.allCases, 0..<5)
    func `rotations while a generation is left for the file with content`(_ style: Style, _ pause: Int) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow(
            [generations("b\n", "c", style: style)] + Array(repeating: {}, count: pause)
                + [generations("c\n", "d\n", "", "e", "f\n", style: style)]
        )
        #expect(reading.lines == ["a", "b", "cc", "d", "e", "f"])
    }

    @Test(arguments: Style.allCases)
    func `rotations of a file of which one byte was seen`(_ style: Style) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "c", style: style), generations("1\n", "c2\n", "c3\n", style: style),
        ])
        #expect(reading.lines == ["a", "b", "c1", "c2", "c3"])
    }

    @Test(arguments: Style.allCases)
    func `rotations of a file that was empty at the start`(_ style: Style) async throws {
        try directory.write("ancient\n", to: "log.1")
        try directory.write("", to: "log")
        let reading = try await follow([generations("a\n", "b\n", "c\n", style: style)])
        #expect(reading.lines == ["a", "b", "c"])
    }

    @Test(arguments: Style.allCases)
    func `rotations of a file that was not there at the start`(_ style: Style) async throws {
        let reading = try await follow([{}, generations("a\n", "b\n", "c\n", style: style)])
        #expect(reading.lines == ["a", "b", "c"])
    }

    @Test(arguments: Style.allCases)
    func `a rotation that has ended in an empty file`(_ style: Style) async throws {
        try directory.write("", to: "log")
        let reading = try await follow([
            generations("a\n", "", style: style), {}, {}, {}, generations("b\n", style: style),
        ])
        #expect(reading.lines == ["a", "b"])
    }

    @Test(arguments: Style.allCases)
    func `generations behind which the file is empty are read at once`(_ style: Style) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: style), {}, {}, {}, {}, {}, generations("c\n", "d\n", "", style: style),
        ])
        #expect(reading.lines == ["a", "b", "c", "d"])
    }

    @Test(arguments: Style.allCases)
    func `a generation with which the next one begins`(_ style: Style) async throws {
        let directory = directory
        let rotate = generations("# header\n", "# header\nc\n", style: style)
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: style), {}, {}, {}, {}, {},
            {
                try rotate()
                // Beside a file that was changed later it is no copy of that.
                try directory.makeOld("log.1")
            },
        ])
        #expect(reading.lines == ["a", "b", "# header", "# header", "c"])
    }

    @Test(arguments: Style.allCases)
    func `generations that begin alike`(_ style: Style) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: style), {}, {}, {}, {},
            generations("# header\nc\n", "# header\nd\n", "# header\n", style: style), {}, {}, {}, {}, {}, {},
            generations("e\n", style: style),
        ])
        #expect(reading.lines == ["a", "b", "# header", "c", "# header", "d", "# header", "e"])
    }

    @Test(arguments: Style.allCases)
    func `a generation that was removed after it was read`(_ style: Style) async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: style, keeping: 2), {}, {}, {}, {},
            generations("c\n", "d\n", "e\n", style: style, keeping: 2),
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
    }

    @Test func `generations that were found can be removed before their turn`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "c\n", "d\n", "e\n", style: .renames),
            {
                for name in ["log.2", "log.1"] { try directory.remove(name) }
                // What is older was written earlier.
                try directory.makeOld("log.3")
            },
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
    }

    @Test func `a copy that is written over the last one`() async throws {
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: .copies, keeping: 1), {}, {}, {}, {},
            generations("c\n", "d\n", style: .copies, keeping: 1), {}, {}, {}, {},
            generations("e\n", "f\n", style: .copies, keeping: 1),
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e", "f"])
    }

    @Test func `a copy whose name tells no order is written over the last one`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            {
                try directory.append("b\n", to: "log")
                try directory.copyAndTruncate("log", to: "log.old")
            }, {}, {}, {}, {},
            {
                try directory.append("c\n", to: "log")
                try directory.copyAndTruncate("log", to: "log.old")
                try directory.append("d\n", to: "log")
            },
        ])
        #expect(reading.lines == ["a", "b", "c", "d"])
    }

    @Test(arguments: ["c\n", "c\nd", "c\nd\n"])
    func `a copy that is not complete yet is not read beside the file`(_ part: String) async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "c\nd\n", style: .copies),
            {
                try directory.rename("log.1", to: "log.2")
                try directory.write(part, to: "log.1")
            }, {}, {}, {}, {},
            {
                try directory.copyAndTruncate("log", to: "log.1")
                try directory.append("e\n", to: "log")
            },
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
    }

    @Test func `a compressed generation is passed over`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let reading = try await follow([
            generations("b\n", "", style: .copies), {}, {}, {}, {},
            generations("c\n", "d\n", "", style: .copies),
            {
                try directory.rename("log.3", to: "log.3.gz")
                try directory.append("e\n", to: "log")
            },
        ])
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
    }

    @Test func `a file that was rewritten, and rotated, at a larger size than was read`() async throws {
        try directory.write("a\nb\n", to: "log")
        let reading = try await follow([
            generations("c\n", "something longer\n", "something that is longer still\n", style: .copies)
        ])
        #expect(reading.lines == ["a", "b", "c", "something longer", "something that is longer still"])
    }

    @Test func `a file without a copy behind others, truncated twice`() async throws {
        let directory = directory
        try directory.write("ancient\n", to: "log.1")
        try directory.makeOld("log.1")
        try directory.write("a\nb\n", to: "log")
        let reading = try await follow([
            { try directory.write("", to: "log") }, {}, {},
            { try directory.write("a\n", to: "log") }, {}, {},
            { try directory.write("", to: "log") },
            generations("c\n", "d\n", style: .copies),
        ])
        #expect(reading.lines == ["a", "b", "a", "c", "d"])
    }

    @Test func `a file that was renamed while it was looked for has its place among the others`() throws {
        for name in ["log.3", "log.2", "log.1"] { try directory.write(name, to: name) }
        // As it is seen by who has opened the file before two rotations, and lists the others after them.
        try directory.makeLink("log", to: "log.2")
        let log = try FileLocation(directory["log"], purpose: "input")
        let oldest = try Generation(FileDescriptor(directory["log.3"], [.reading]), in: log)
        let followers = try InputSearch(log).followers(behind: LineReader(oldest, chunkSize: 64, isWatched: true))
        #expect(followers.map(\.file.path) == [directory["log.2"], directory["log.1"]])
    }

    @Test(arguments: Style.allCases, [false, true])
    func `rotations before a restart, the file having been empty`(_ style: Style, follows: Bool) async throws {
        try directory.write("a\n", to: "log")
        let before = try await follow([generations("b\n", "", style: style)])
        #expect(before.lines == ["a", "b"])
        try generations("c\n", "d\n", "e\n", style: style)()
        let after = try await read(
            directory["log"],
            .init(follow: follows),
            from: before.last,
            while: follows ? Self.rest : []
        )
        #expect(after.lines == ["c", "d", "e"])
    }

    @Test(arguments: Style.allCases)
    func `rotations before and after a restart with an empty file`(_ style: Style) async throws {
        try directory.write("a\n", to: "log")
        let before = try await follow([generations("b\n", "", style: style)])
        try generations("c\n", "", style: style)()
        let after = try await follow(
            from: before.last,
            [{}, {}, {}, {}, generations("d\n", "e\n", "f\n", style: style)]
        )
        #expect(after.lines == ["c", "d", "e", "f"])
    }

    @Test(arguments: Style.allCases, [false, true])
    func `rotations before a restart, nothing but the beginning being stored`(
        _ style: Style,
        isLong: Bool
    ) async throws {
        let first = isLong ? ResumeTests.text(ResumeTests.long) : "a\n"
        try directory.write(first, to: "log")
        let mark = try #require(try await read(directory["log"]).progress.first)
        #expect(mark.offset.sequence == 0)
        try generations("b\n", "c\n", "d\n", style: style)()
        let after = try await read(directory["log"], from: mark)
        #expect(after.lines == (isLong ? ResumeTests.long : ["a"]) + ["b", "c", "d"])
    }

    @Test func `a generation without a copy, of which nothing but the beginning is stored, is missed`() async throws {
        try directory.write("a\n", to: "log")
        let mark = try #require(try await read(directory["log"]).progress.first)
        try directory.write("other\n", to: "log")
        let error = await connectorError { _ = try await read(directory["log"], from: mark) }
        #expect(error?.code == .corruptOffsets)
    }
}
