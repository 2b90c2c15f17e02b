// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import FileConnector

@Suite struct ResumeTests {
    /// Lines whose first 256 bytes end in the middle of one.
    static let long = (1...30).map { "line \($0) of a file that is long enough to have a whole fingerprint" }
    static let short = ["a", "", "b", "c"]

    static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    @Test(arguments: [short, long])
    func `reading goes on behind each committed line`(_ lines: [String]) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.text(lines), to: "in")
        let all = try await read(directory["in"])
        for (index, position) in all.positions.enumerated() {
            let rest = try await read(directory["in"], from: position)
            #expect(rest.lines == Array(lines[(index + 1)...]))
            #expect(rest.positions == Array(all.positions[(index + 1)...]))
        }
    }

    @Test(arguments: [short, long], [false, true])
    func `a file that was renamed meanwhile is read to its end, then its followers`(
        _ lines: [String],
        isDated: Bool
    ) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.text(lines), to: "in")
        let all = try await read(directory["in"])
        try directory.rename("in", to: isDated ? "in-20260101" : "in.3")
        try directory.write("second\n", to: isDated ? "in-20260102" : "in.2")
        try directory.write("third", to: isDated ? "in-20260103" : "in.1")
        try directory.write("now\n", to: "in")
        // Older generations, and names that are no rotation, do not count.
        try directory.write("ancient\n", to: isDated ? "in-20250101" : "in.4")
        try directory.write("other\n", to: "in.bak")
        for (index, position) in all.positions.enumerated() {
            let rest = try await read(directory["in"], from: position)
            #expect(rest.lines == Array(lines[(index + 1)...]) + ["second", "third", "now"])
        }
    }

    @Test(arguments: [short, long])
    func `a copy that was made before a truncation is read to its end`(_ lines: [String]) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.text(lines), to: "in")
        let all = try await read(directory["in"])
        try directory.append("unread\n", to: "in")
        try directory.copyAndTruncate("in", to: "in.1")
        try directory.append("X\n", to: "in")
        for (index, position) in all.positions.enumerated() {
            let rest = try await read(directory["in"], from: position)
            #expect(rest.lines == Array(lines[(index + 1)...]) + ["unread", "X"])
        }
    }

    @Test func `each position within the rotated files is one to go on from`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("one\ntwo\n", to: "in")
        let first = try #require(try await read(directory["in"]).positions.first)
        try directory.rename("in", to: "in.1")
        try directory.write("three\nfour\n", to: "in")
        let rest = try await read(directory["in"], from: first)
        #expect(rest.lines == ["two", "three", "four"])
        for (index, position) in rest.positions.enumerated() {
            #expect(try await read(directory["in"], from: position).lines == Array(rest.lines[(index + 1)...]))
        }
        // The beginning of the new file is a position too.
        let mark = try #require(rest.progress.first)
        #expect(mark.offset.sequence == 0)
        #expect(try await read(directory["in"], from: mark).lines == ["three", "four"])
    }

    @Test func `a newline that ends the last line later makes no line of its own`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("a\nb", to: "in")
        let all = try await read(directory["in"])
        #expect(all.lines == ["a", "b"])
        try directory.append("\nc\n", to: "in")
        #expect(try await read(directory["in"], from: all.positions.last).lines == ["c"])
    }

    struct Loss: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (TemporaryDirectory) throws -> Void
        let words: [String]
    }

    static let losses = [
        Loss(
            testDescription: "shorter",
            change: { try $0.write("li", to: "in") },
            words: ["only 2 bytes", "begin anew with another state directory"]
        ),
        Loss(
            testDescription: "another beginning",
            change: { try $0.write(String(repeating: "z", count: 5000), to: "in") },
            words: ["begins otherwise", "begin anew with another state directory"]
        ),
        Loss(
            testDescription: "gone",
            change: { try $0.remove("in") },
            words: ["there is no file now", "begin anew with another state directory"]
        ),
        Loss(
            testDescription: "another file with the same header",
            change: {
                let header = try $0.bytes(of: "in").prefix(256)
                try $0.rename("in", to: "in.1.gz")
                try $0.write(Array(header) + Array(String(repeating: "z", count: 9000).utf8), to: "in")
            },
            words: ["begins alike, but no line ends at that byte", "in.1.gz"]
        ),
        Loss(
            testDescription: "compressed",
            change: {
                try $0.rename("in", to: "in.1.gz")
                try $0.write("new\n", to: "in")
            },
            words: ["unpack", "in.1.gz"]
        ),
        Loss(
            testDescription: "two copies",
            change: {
                let bytes = try $0.bytes(of: "in")
                try $0.write(bytes, to: "in.1")
                try $0.write(bytes, to: "in.bak")
                try $0.write("new\n", to: "in")
            },
            words: ["several files", "in.1", "in.bak"]
        ),
    ]

    @Test(arguments: losses, [false, true])
    func `where nothing holds what follows, nothing is read silently`(_ loss: Loss, follows: Bool) async throws {
        let directory = try TemporaryDirectory()
        try directory.write(Self.text(Self.long), to: "in")
        let all = try await read(directory["in"])
        try loss.change(directory)
        let error = await connectorError {
            _ = try await read(directory["in"], .init(follow: follows), from: all.positions[20])
        }
        #expect(error?.code == .corruptOffsets)
        for word in loss.words { #expect(error?.message.contains(word) == true, "\(error?.message ?? "")") }
    }

    @Test func `stored positions of a file that is not given are an error that names it`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("a\n", to: "a")
        try directory.write("b\n", to: "b")
        let both = try await read([directory["a"], directory["b"]])
        let error = await connectorError { _ = try await read([directory["a"]], from: both.positions) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("--from \(directory["b"])") == true)
        try directory.write("c\n", to: "c")
        let more = try await read([directory["a"], directory["b"], directory["c"]], from: both.positions)
        #expect(more.lines == ["c"])
    }

    @Test func `an offset of another source is refused`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("a\n", to: "a")
        let foreign = RecordPosition(partition: RecordPartition(directory["a"]), offset: RecordOffset("token"))
        let error = await connectorError { _ = try await read(directory["a"], from: foreign) }
        #expect(error?.code == .corruptOffsets)
    }

    struct BadInput: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let names: [String]
        let words: String
    }

    @Test(arguments: [
        BadInput(testDescription: "missing", names: ["none"], words: "does not exist"),
        BadInput(testDescription: "missing directory", names: ["no/such"], words: "directory"),
        BadInput(testDescription: "directory", names: ["dir"], words: "is a directory"),
        BadInput(testDescription: "directory with slash", names: ["dir/"], words: "is a directory"),
        BadInput(testDescription: "pipe", names: ["pipe"], words: "is a pipe"),
        BadInput(testDescription: "device", names: ["/dev/null"], words: "not a regular file"),
        BadInput(testDescription: "twice", names: ["in", "dir/../in"], words: "same input"),
        BadInput(testDescription: "nothing", names: [], words: "no input"),
        BadInput(testDescription: "empty", names: [""], words: "empty path"),
    ])
    func `an input that cannot be one is refused with the reason`(_ bad: BadInput) async throws {
        let directory = try TemporaryDirectory()
        try directory.makeDirectory("dir")
        directory.makePipe("pipe")
        try directory.write("x\n", to: "in")
        let paths = bad.names.map { $0.hasPrefix("/") || $0.isEmpty ? $0 : directory[$0] }
        let error = await connectorError { _ = try await read(paths) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(bad.words) == true, "\(error?.message ?? "")")
    }

    @Test func `where an input begins is told before its first line`() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("a\nb\n", to: "in")
        try directory.write("", to: "empty")
        let reading = try await read([directory["in"], directory["empty"]])
        let told = try #require(reading.batches.first)
        #expect(told.records.isEmpty && told.quiet != nil)
        #expect(told.progress.map(\.partition.name) == [directory["in"]])
        try directory.rename("in", to: "in.1")
        try directory.write("c\n", to: "in")
        let rest = try await read(directory["in"], from: told.progress.first)
        #expect(rest.lines == ["a", "b", "c"])
        #expect(rest.batches.first?.records.isEmpty == false)
    }
}
