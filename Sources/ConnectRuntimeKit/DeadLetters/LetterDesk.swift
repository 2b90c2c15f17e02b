// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Does operations one after the other. All calls block their thread.
struct LetterDesk: Sendable {
    typealias Outcome = LetterClerk.Outcome

    /// Open from the first operation on.
    private(set) var file: LetterFile?
    let makePath: @Sendable () -> LetterPath
    let compactionThreshold: Int64
    let pageBytes: Int

    init(
        file: LetterFile?,
        makePath: @escaping @Sendable () -> LetterPath,
        compactionThreshold: Int64,
        pageBytes: Int
    ) {
        self.file = file
        self.makePath = makePath
        self.compactionThreshold = compactionThreshold
        self.pageBytes = pageBytes
    }

    /// Does operations in their order, appends that follow one another together.
    mutating func perform(_ operations: [LetterOperation]) -> [Outcome] {
        var outcomes: [Outcome] = []
        var rest = operations[...]
        while let operation = rest.first {
            var lists: [[DeadLetter]] = []
            while case .append(let letters)? = rest.first {
                lists.append(letters)
                rest = rest.dropFirst()
            }
            if lists.isEmpty {
                rest = rest.dropFirst()
                outcomes.append(Outcome { try perform(operation) })
            } else {
                outcomes += append(lists)
            }
        }
        file?.compact(threshold: compactionThreshold)
        return outcomes
    }

    private mutating func perform(_ operation: LetterOperation) throws -> LetterReply {
        if case .close = operation {
            file?.unlock()
            file = nil
            return .done
        }
        try open()
        switch operation {
        case .open, .close, .append: return .done
        case .count: return .count(file?.index.count ?? 0)
        case .replace(let letters):
            try replace(letters)
            return .done
        case .remove(let keys):
            try remove(keys)
            return .done
        case .read(let key, let count):
            guard let file else { return .letters([]) }
            let page = file.index.page(after: key?.number, atMost: count, bytes: pageBytes)
            return .letters(try file.letters(at: page))
        }
    }

    private mutating func open() throws {
        guard file == nil else { return }
        do {
            file = try LetterFile(opening: makePath())
        } catch let error as FileError {
            throw error.connectorError("the dead letter store")
        }
    }

    /// Letters that cannot be written fail alone; what becomes of the others is one.
    private mutating func append(_ lists: [[DeadLetter]]) -> [Outcome] {
        do { try open() } catch { return lists.map { _ in .failure(error) } }
        var number = file?.index.lastNumber ?? 0
        var lines: [LetterFile.Line] = []
        var failures: [Int: any Error] = [:]
        for (position, letters) in lists.enumerated() {
            do {
                let list = try letters.enumerated().map { index, letter in
                    try Self.line(of: letter, as: number + UInt64(index) + 1)
                }
                number += UInt64(list.count)
                lines += list
            } catch {
                failures[position] = error
            }
        }
        let written = Outcome {
            if !lines.isEmpty { try file?.append(lines) }
            return .done
        }
        return lists.indices.map { position in failures[position].map { .failure($0) } ?? written }
    }

    private static func line(of letter: DeadLetter, as number: UInt64) throws -> LetterFile.Line {
        LetterFile.Line(bytes: try LetterLine.encode(letter, as: number), change: .letter(number))
    }

    private mutating func replace(_ letters: [StoredDeadLetter]) throws {
        let lines = try letters.filter { file?.index.contains($0.key.number) == true }
            .map { try Self.line(of: $0.letter, as: $0.key.number) }
        if !lines.isEmpty { try file?.append(lines) }
    }

    private mutating func remove(_ keys: [DeadLetterKey]) throws {
        let numbers = Set(keys.map(\.number)).filter { file?.index.contains($0) == true }.sorted()
        if numbers.isEmpty { return }
        let ranges = numbers.ranges
        let bytes = LetterLine.encode(removed: ranges, last: file?.index.lastNumber ?? 0)
        try file?.append([LetterFile.Line(bytes: bytes, change: .removal(ranges))])
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () throws -> Success) {
        self.init(catching: body)
    }
}
