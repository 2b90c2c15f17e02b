// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles
import Synchronization

/// Lines that several processes change, each change whole and one after the other.
struct SharedFile: Sendable {
    let path: String
    /// Held by this process while it changes a file, so that it is not frozen with a file locked.
    static let isChanging = Mutex(())

    /// Changes the lines; nothing is changed where the closure throws.
    func update<Result: Sendable>(_ body: (inout [String]) throws -> Result) throws -> Result {
        try Self.isChanging.withLock { _ in try change(body) }
    }

    private func change<Result>(_ body: (inout [String]) throws -> Result) throws -> Result {
        let lock = try FileDescriptor(path + ".lock", [.writing, .creating])
        while try !lock.lockExclusively() {}
        defer { lock.unlock() }
        var lines: [String] = []
        if try FileSystem.statusIfPresent(of: path) != nil {
            lines = String(decoding: try FileSystem.contents(of: path), as: UTF8.self).split(separator: "\n")
                .map(String.init)
        }
        let before = lines
        let result = try body(&lines)
        guard lines != before else { return result }
        let draft = try FileDescriptor(path + ".draft", [.writing, .creating, .truncating])
        try draft.write(Array(lines.map { $0 + "\n" }.joined().utf8))
        try draft.synchronizeBlocking()
        try FileSystem.rename(path + ".draft", to: path)
        return result
    }
}

/// An epoch and the place up to which rows were kept under it, as the first two lines of a file.
struct Header {
    var epoch: UInt64 = 0
    var position: StoredPosition?

    init(_ lines: [String]) {
        guard lines.count >= 2 else { return }
        epoch = UInt64(lines[0]) ?? 0
        let numbers = lines[1].split(separator: " ").compactMap { Int64($0) }
        guard numbers.count == 2 else { return }
        let place = RecordPosition(partition: .single, offset: RecordOffset(numbers[0]))
        position = StoredPosition(place, sequence: UInt64(numbers[1]))
    }

    var lines: [String] {
        ["\(epoch)", position.map { "\($0.position.offset.sequence ?? -1) \($0.sequence)" } ?? "none"]
    }
}
