// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnectFiles
import Synchronization

/// How a log file is exchanged for a new one.
enum Rotation: Sendable, Hashable {
    case none, rename, copyAndTruncate
}

/// Writes a log file bit by bit, cutting lines anywhere, and rotates it as logrotate does: `app.log.1`, `app.log.2`, ….
final class RotatingFeed: Sendable {
    private struct State {
        var generator = SeededGenerator(seed: CrashSettings.seed)
        var offset = 0
        var nextRotation = 0
        var generations = 0
        var rotations = 0
    }

    let path: String
    /// A file with everything that is written in the course of a round.
    let wholePath: String
    private let directory: TemporaryDirectory
    private let rotation: Rotation
    private let bytes: [UInt8]
    private let state = Mutex(State())

    init(_ directory: TemporaryDirectory, _ rotation: Rotation, lines: Int) throws {
        self.directory = directory
        self.rotation = rotation
        path = directory["app.log"]
        wholePath = directory["whole"]
        bytes = numberedLines(lines, of: "app")
        try directory.write(bytes, to: "whole")
    }

    var size: Int64 { Int64(bytes.count) }
    var isDone: Bool { state.withLock { $0.offset == bytes.count } }
    /// How often the file was rotated in all rounds.
    var rotations: Int { state.withLock { $0.rotations } }

    /// Begins a round with a file of a few lines.
    func restart() throws {
        try state.withLock { state in
            try remove((0...state.generations).map { name($0) }.map { directory[$0] })
            state.offset = (bytes[(bytes.count / 200)...].firstIndex(of: 0x0A) ?? 0) + 1
            try directory.write(bytes[..<state.offset], to: name(0))
            state.generations = 0
            state.nextRotation = state.offset + Int.random(in: 1...bytes.count / 8, using: &state.generator)
        }
    }

    /// Writes a little more, or rotates: what happens while the reader lives.
    func add() throws {
        try state.withLock { state in
            guard state.offset < bytes.count else { return }
            if rotation != .none, state.offset >= state.nextRotation {
                try rotate(&state)
            } else {
                try write(upTo: state.offset + Int.random(in: 1...bytes.count / 400, using: &state.generator), &state)
            }
        }
    }

    /// What happens while the reader is dead: more is written, and every other time the file is rotated too.
    func addWhileNobodyReads() throws {
        try add()
        state.withLock { state in
            if Bool.random(using: &state.generator) { state.nextRotation = state.offset }
        }
        try add()
    }

    private func write(upTo end: Int, _ state: inout State) throws {
        let end = min(end, bytes.count)
        let file = try FileDescriptor(path, [.writing, .creating, .appending])
        try file.write(Array(bytes[state.offset..<end]))
        state.offset = end
    }

    private func rotate(_ state: inout State) throws {
        // What is rotated away is whole.
        let end = bytes[(state.offset - 1)...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
        try write(upTo: end, &state)
        for number in stride(from: state.generations, to: 0, by: -1) {
            try directory.rename(name(number), to: name(number + 1))
        }
        switch rotation {
        case .none: break
        case .rename: try directory.rename(name(0), to: name(1))
        case .copyAndTruncate: try directory.copyAndTruncate(name(0), to: name(1))
        }
        state.generations += 1
        state.rotations += 1
        state.nextRotation = state.offset + Int.random(in: 1...bytes.count / 8, using: &state.generator)
    }

    private func name(_ number: Int) -> String { number == 0 ? "app.log" : "app.log.\(number)" }
}
