// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles

/// A file of dead letters in use: what is known to be durable, and where it is. All calls block their thread.
struct LetterFile: Sendable {
    let path: LetterPath
    /// Held until it is given back, or this value and what was done with it are gone.
    private let lock: FileDescriptor
    /// What the index speaks of; `nil` as long as there is no file.
    private var file: FileDescriptor?
    private(set) var index = LetterIndex()
    /// The size of what is known to be durable, in bytes.
    private(set) var size: Int64 = 0
    /// Whether lines are appended to the file. Otherwise the next ones begin a new one: after the start, so that what is
    /// read is not trusted to pages that an earlier process may have failed to write, and after a failure.
    private var isTrusted = false
    /// The size at which the next compaction is worth a try.
    private var compactionSize: Int64 = 0

    /// A line to append, and the letter in it.
    struct Line: Sendable {
        let bytes: [UInt8]
        let change: Change

        enum Change: Sendable {
            case letter(UInt64)
            case removal([ClosedRange<UInt64>])
        }
    }

    /// Locks the path, and reads the file, if there is one.
    init(opening path: LetterPath) throws {
        self.path = path
        lock = try path.lock()
        guard let file = try path.open() else { return }
        let scanner = try LetterScanner(file, path)
        self.file = file
        index = scanner.index
        size = scanner.size
    }

    /// Lets others have the path at once, whoever still holds the descriptor.
    func unlock() { lock.unlock() }

    // MARK: Writing

    /// Appends lines. On an error nothing is known to have happened, and the next call goes on from what was known before.
    mutating func append(_ lines: [Line]) throws {
        guard path.isLocked(by: lock) else { throw path.lockLost }
        do {
            if let file, isTrusted, path.isUnchanged(file, size: size) {
                try append(lines, to: file)
            } else {
                try begin(with: lines)
            }
        } catch let error as FileError {
            throw error.letterError
        }
    }

    private mutating func append(_ lines: [Line], to file: FileDescriptor) throws(FileError) {
        let bytes = lines.flatMap(\.bytes)
        isTrusted = false
        do throws(FileError) {
            try path.faults.write(bytes, at: size, in: file)
        } catch {
            // Nothing of it was to become durable yet: without it the file is as it was.
            isTrusted = (try? file.truncate(to: size)) != nil
            throw error
        }
        try path.synchronize(file)
        isTrusted = true
        size = Self.enter(lines, at: size, in: &index)
    }

    /// Enters lines that lie behind one another, and gives the place behind them.
    private static func enter(_ lines: [Line], at start: Int64, in index: inout LetterIndex) -> Int64 {
        var offset = start
        for line in lines {
            switch line.change {
            case .letter(let number):
                index.put(LetterIndex.Place(number: number, offset: offset, length: line.bytes.count))
            case .removal(let ranges):
                for range in ranges { index.remove(range) }
            }
            offset += Int64(line.bytes.count)
        }
        return offset
    }

    /// Goes on in a new file, with the letters that are there, and some more lines.
    private mutating func begin(with lines: [Line]) throws {
        var next = self
        var letters: [Line] = []
        // What goes away with this change is not copied.
        for line in lines {
            switch line.change {
            case .letter(let number):
                next.index.remove(number...number)
                letters.append(line)
            case .removal(let ranges):
                for range in ranges { next.index.remove(range) }
            }
        }
        do {
            try next.copy(letters)
        } catch {
            try? path.removeDraft()
            throw error
        }
        // Once the names may have changed, a crash could bring back either file: only a success makes it usable.
        isTrusted = false
        try path.adopt()
        self = next
    }

    private mutating func copy(_ lines: [Line]) throws {
        let draft = try path.draft()
        var copy = LetterIndex()
        var end: Int64 = 0
        var buffer: [UInt8] = []
        if let file {
            var last: UInt64?
            while true {
                let page = index.page(after: last, atMost: 1000, bytes: LetterScanner.pieceSize)
                guard let lastPlace = page.last else { break }
                for place in page {
                    copy.put(
                        LetterIndex.Place(number: place.number, offset: end + Int64(buffer.count), length: place.length)
                    )
                    buffer += try line(at: place, in: file)
                }
                last = lastPlace.number
                try path.faults.write(buffer, at: end, in: draft)
                end += Int64(buffer.count)
                buffer = []
            }
        }
        if index.lastNumber > index.lastLiveNumber ?? 0 {
            buffer += LetterLine.encode(removed: [], last: index.lastNumber)
            copy.noteNumber(index.lastNumber)
        }
        let start = end + Int64(buffer.count)
        try path.faults.write(buffer + lines.flatMap(\.bytes), at: end, in: draft)
        try path.synchronize(draft)
        file = draft
        index = copy
        size = Self.enter(lines, at: start, in: &index)
        isTrusted = true
        compactionSize = 0
    }

    /// Goes on in a new file when most of this one is about letters that are there no more.
    mutating func compact(threshold: Int64) {
        let isWorthwhile = index.count == 0 ? size > Self.emptySize : size > threshold && index.liveBytes * 2 < size
        guard isWorthwhile, size >= compactionSize, path.isLocked(by: lock) else { return }
        do {
            try begin(with: [])
        } catch {
            // Nothing is lost by this: there is another attempt when the file has doubled.
            compactionSize = size * 2
        }
    }

    /// More than a file without letters takes.
    private static let emptySize: Int64 = 512

    // MARK: Reading

    /// Reads letters.
    func letters(at places: [LetterIndex.Place]) throws -> [StoredDeadLetter] {
        guard let file else { return [] }
        do {
            return try places.map { place in
                let letter = try LetterLine.letter(in: SharedBytes(line(at: place, in: file).dropLast()))
                return StoredDeadLetter(key: DeadLetterKey(place.number), letter: letter)
            }
        } catch let error as FileError {
            throw error.letterError
        }
    }

    /// The line of a letter, with its end.
    private func line(at place: LetterIndex.Place, in file: FileDescriptor) throws -> [UInt8] {
        let line = try [UInt8](capacity: place.length) { buffer throws(FileError) in
            try file.read(into: buffer, at: place.offset)
        }
        let content = line.dropLast().withUnsafeBytes { try? LetterLine.content(of: $0) }
        guard line.count == place.length, content == .letter(place.number) else {
            throw path.damage(line: nil, offset: place.offset, "it was changed while in use")
        }
        return line
    }
}

extension FileError {
    /// The error of a call of the store. Trying again may help, as it begins a new file, unless the place itself is wrong.
    var letterError: ConnectorError {
        let error = connectorError("the dead letter store")
        return error.code == .fatal ? connectorError("the dead letter store", code: .retryable) : error
    }
}
