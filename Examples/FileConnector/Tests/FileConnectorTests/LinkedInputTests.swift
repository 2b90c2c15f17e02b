// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import FileConnector

/// Inputs that are symbolic links, as those of container logs are.
@Suite struct LinkedInputTests {
    let links: TemporaryDirectory
    let files: TemporaryDirectory

    init() throws {
        links = try TemporaryDirectory()
        files = try TemporaryDirectory()
    }

    private var input: String { links["app.log"] }

    private func lead(to name: String) throws {
        try links.makeSymbolicLink("next", to: files[name])
        try links.rename("next", to: "app.log")
    }

    private func follow(from stored: RecordPosition? = nil, _ steps: ScriptedClock.Step...) async throws -> Reading {
        try await read(input, .init(follow: true), from: stored, while: steps + Array(repeating: {}, count: 12))
    }

    /// Finishes the file behind the link, and begins another one.
    private func rotate(_ number: Int, then text: String) throws {
        try files.rename("0.log", to: "0.log.2026010\(number)-120000")
        try files.write(text, to: "0.log")
    }

    @Test func `files are rotated beside the file that the link leads to`() async throws {
        try files.write("a\n", to: "0.log")
        try lead(to: "0.log")
        // What stands beside the link under its name is something else.
        try links.write("other\n", to: "app.log.1")
        let reading = try await follow({
            try rotate(1, then: "b\n")
            try rotate(2, then: "c\n")
        })
        #expect(reading.lines == ["a", "b", "c"])
        #expect(Set(reading.positions.map(\.partition.name)) == [input])
    }

    @Test func `files are rotated while the link is not followed`() async throws {
        try files.write("a\nb\n", to: "0.log")
        try lead(to: "0.log")
        let first = try #require(try await read(input).positions.first)
        try rotate(1, then: "c\n")
        try rotate(2, then: "d\n")
        #expect(try await follow(from: first).lines == ["b", "c", "d"])
    }

    @Test func `the file behind the link is away for a while`() async throws {
        let files = files
        try lead(to: "0.log")
        let reading = try await follow(
            { try files.write("a\n", to: "0.log") },
            {},
            { try files.rename("0.log", to: "0.log.20260101-120000") },
            {},
            {},
            {
                try files.write("b\n", to: "0.log")
                try rotate(2, then: "c\n")
            }
        )
        #expect(reading.lines == ["a", "b", "c"])
    }

    @Test func `the link is moved on to files whose names count up`() async throws {
        for number in 8...11 { try files.write("\(number)\n", to: "app-\(number).log") }
        // Neither between the two, nor of the same kind.
        try files.write("old\n", to: "app-7.log")
        try files.write("other\n", to: "app-9.txt")
        try lead(to: "app-8.log")
        let stored = try await read(input).last
        let reading = try await follow({ try lead(to: "app-11.log") })
        #expect(reading.lines == ["8", "9", "10", "11"])
        #expect(try await follow(from: stored).lines == ["9", "10", "11"])
    }

    @Test func `the link is moved on to another directory`() async throws {
        let (links, files) = (links, files)
        try links.write("a\nb\n", to: "first")
        try links.makeSymbolicLink("app.log", to: "first")
        let stored = try await read(input).last
        let reading = try await follow({
            try links.append("c\n", to: "first")
            try links.rename("first", to: "first.1")
            try links.write("d\n", to: "first")
            try files.write("e\n", to: "second")
            // Of another log, which this one was not.
            try files.write("other\n", to: "second.1")
            try lead(to: "second")
        })
        #expect(reading.lines == ["a", "b", "c", "d", "e"])
        // A new run has no way to know where the link led.
        let error = await connectorError { _ = try await follow(from: stored) }
        #expect(error?.code == .corruptOffsets)
        #expect(error?.message.contains("'second…' in '\(files.path)'") == true, "\(error?.message ?? "")")
    }

    @Test func `the link is moved on, and the directory of its target is removed`() async throws {
        let (links, files) = (links, files)
        try links.makeDirectory("old")
        try links.write("a\n", to: "old/log")
        try links.makeSymbolicLink("app.log", to: "old/log")
        let reading = try await follow({
            try links.append("b\n", to: "old/log")
            try files.write("c\n", to: "log")
            try lead(to: "log")
            try links.remove("old/log")
            try links.removeDirectory("old")
        })
        #expect(reading.lines == ["a", "b", "c"])
    }

    @Test func `a target whose name begins with that of the link is copied and truncated between two runs`()
        async throws
    {
        try links.write("a\nb\n", to: "app.log.current")
        try links.makeSymbolicLink("app.log", to: "app.log.current")
        let first = try #require(try await read(input).positions.first)
        try links.copyAndTruncate("app.log.current", to: "app.log.current.1")
        try links.append("c\n", to: "app.log.current")
        #expect(try await follow(from: first).lines == ["b", "c"])
    }

    @Test func `a link in a circle, and one to nowhere`() async throws {
        try links.makeSymbolicLink("app.log", to: "app.log")
        let circle = await connectorError { _ = try await read(input) }
        #expect(circle?.message.contains("symbolic links") == true, "\(circle?.message ?? "")")
        try links.remove("app.log")
        try links.makeSymbolicLink("app.log", to: "away/0.log")
        let missing = await connectorError { _ = try await read(input) }
        #expect(missing?.code == .invalidConfiguration)
        #expect(missing?.message.contains("does not exist") == true, "\(missing?.message ?? "")")
        #expect(try await follow().lines.isEmpty)
    }
}

@Suite struct SequenceNameTests {
    @Test(arguments: [
        ("9.log", "10.log"), ("app-2026-01-31.log", "app-2026-02-01.log"), ("a1", "a2"), ("1", "2"), ("a09", "a10"),
        ("99999999999999999998", "99999999999999999999"),
    ])
    func `numbers that are less come first`(_ first: String, _ second: String) {
        #expect(SequenceName(first).precedes(SequenceName(second)))
        #expect(!SequenceName(second).precedes(SequenceName(first)))
    }

    @Test(arguments: [("a1", "b2"), ("a1", "a2b"), ("a1", "a"), ("a1.1", "a2"), ("a", "a"), ("a1", "a01"), ("", "1")])
    func `names that differ otherwise have no order`(_ first: String, _ second: String) {
        #expect(!SequenceName(first).precedes(SequenceName(second)))
        #expect(!SequenceName(second).precedes(SequenceName(first)))
    }
}
