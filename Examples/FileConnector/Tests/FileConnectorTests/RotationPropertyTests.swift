// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization
import Testing

@testable import FileConnector

/// Random writing and rotating, against a model that knows every line.
@Suite struct RotationPropertyTests {
    /// How a generation is finished, and by what path the log is read.
    enum Style: Sendable, CaseIterable {
        case copies, renames, copiesBehindLink, renamesBehindLink, movesLink

        /// The name of what is read.
        var input: String {
            switch self {
            case .copies, .renames: "log"
            case .copiesBehindLink, .renamesBehindLink, .movesLink: "input"
            }
        }

        /// The name of what is written after some rotations.
        func output(_ rotations: Int) -> String { self == .movesLink ? "log-\(rotations + 8).txt" : "log" }
    }

    /// Writes a log and rotates it, keeping all of its generations.
    final class Writer: Sendable {
        private struct State {
            var generator: SeededGenerator
            var finished: [[UInt8]] = []
            var current: [UInt8] = []
            var count = 0
        }

        private let directory: TemporaryDirectory
        private let style: Style
        private let state: Mutex<State>

        init(_ directory: TemporaryDirectory, seed: UInt64, _ style: Style) throws {
            self.directory = directory
            self.style = style
            state = Mutex(State(generator: SeededGenerator(seed: seed)))
            if style.input != "log" { try directory.makeSymbolicLink(style.input, to: style.output(0)) }
        }

        /// The lines of all generations. Unless it is final, the last generation that has content may still grow, and a
        /// line of it that is not complete does not count.
        func lines(isFinal: Bool) -> [String] {
            state.withLock { state in
                var generations = (state.finished + [state.current]).filter { !$0.isEmpty }
                if !isFinal, let last = generations.popLast() {
                    generations.append(Array(last[..<(last.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)]))
                }
                return generations.flatMap(linesOf).map { String(decoding: $0, as: UTF8.self) }
            }
        }

        /// Writes, and rotates up to three times.
        func step() throws {
            try state.withLock { state in
                for _ in 0..<max(0, Int.random(in: -3...3, using: &state.generator)) {
                    try rotate(&state)
                    for _ in 0..<Int.random(in: 0...2, using: &state.generator) { try write(&state) }
                }
                for _ in 0..<Int.random(in: 0...3, using: &state.generator) { try write(&state) }
            }
        }

        func write() throws { try state.withLock { try write(&$0) } }

        private func write(_ state: inout State) throws {
            state.count += 1
            let isLong = Int.random(in: 0..<4, using: &state.generator) == 0
            let isWhole = Int.random(in: 0..<4, using: &state.generator) != 0
            let text = "\(state.count)" + String(repeating: ".", count: isLong ? 200 : 3) + (isWhole ? "\n" : "")
            try directory.append(text, to: style.output(state.finished.count))
            state.current += text.utf8
        }

        private func rotate(_ state: inout State) throws {
            if style == .movesLink {
                try moveLink(state.finished.count + 1)
            } else {
                try renumber(state.finished.count)
            }
            state.finished.append(state.current)
            state.current = []
        }

        private func moveLink(_ rotations: Int) throws {
            try directory.write("", to: style.output(rotations))
            try directory.makeSymbolicLink("next", to: style.output(rotations))
            try directory.rename("next", to: style.input)
        }

        private func renumber(_ rotations: Int) throws {
            for number in stride(from: rotations, to: 0, by: -1) {
                try directory.rename("log.\(number)", to: "log.\(number + 1)")
            }
            switch style {
            case .copies, .copiesBehindLink: try directory.copyAndTruncate("log", to: "log.1")
            case .renames, .renamesBehindLink, .movesLink:
                try directory.rename("log", to: "log.1")
                try directory.write("", to: "log")
            }
        }
    }

    @Test(arguments: 1...30, Style.allCases)
    func `each line is read once, and behind each position follows exactly the rest`(
        seed: UInt64,
        _ style: Style
    ) async throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: style.output(0))
        let writer = try Writer(directory, seed: seed, style)
        let busy = Array<ScriptedClock.Step>(repeating: { try writer.step() }, count: 12)
        let reading = try await read(directory[style.input], Self.options(seed), while: busy + Self.rest)
        #expect(reading.lines == writer.lines(isFinal: false))
        let all = writer.lines(isFinal: true)
        for (index, position) in reading.positions.enumerated() {
            let following = try await read(directory[style.input], from: position)
            #expect(following.lines == Array(all[(index + 1)...]), "from line \(index): \(position)")
        }
        #expect(Set(reading.positions.map(\.offset)).count == reading.positions.count)
        for (index, position) in reading.marks {
            let following = try await read(directory[style.input], from: position)
            #expect(following.lines == Array(all[index...]), "from the mark before line \(index): \(position)")
        }
    }

    @Test(arguments: 1...30, Style.allCases)
    func `each line is read once by a source that is stopped and started again`(
        seed: UInt64,
        _ style: Style
    ) async throws {
        let directory = try TemporaryDirectory()
        let writer = try Writer(directory, seed: seed, style)
        // Of a file that was empty whenever it was looked at, nothing can be stored.
        try writer.write()
        var generator = SeededGenerator(seed: seed)
        var lines: [String] = []
        var stored: RecordPosition?
        for round in 0..<8 {
            let count = Int.random(in: 0...3, using: &generator)
            let busy = Array<ScriptedClock.Step>(repeating: { try writer.step() }, count: count)
            let rest = Self.rest.prefix(round == 7 ? .max : Int.random(in: 0...6, using: &generator))
            let reading = try await read(directory[style.input], Self.options(seed), from: stored, while: busy + rest)
            lines += reading.lines
            stored = reading.last ?? stored
            if round < 7 { try writer.step() }
        }
        #expect(lines == writer.lines(isFinal: false))
    }

    /// Time enough to go through all generations.
    private static let rest = Array<ScriptedClock.Step>(repeating: {}, count: 200)

    private static func options(_ seed: UInt64) -> FileSource.Options {
        FileSource.Options(follow: true, chunkSize: seed % 2 == 0 ? 64 : 4096)
    }
}
