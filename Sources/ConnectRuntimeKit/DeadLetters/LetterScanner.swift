// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Reads a file of dead letters from its beginning, with at most one line in memory besides the present piece, and finds
/// where it stops being whole.
///
/// An append that was cut short leaves less than a line at the end: one without its end that begins as a line does, or
/// zero bytes, where the size of the file had grown and the pages had not been written. That alone is rolled back.
/// Everything else is damage. The first line cannot be torn: a file gets its name when it is durable.
struct LetterScanner {
    private let path: LetterPath
    private(set) var index = LetterIndex()
    /// How many bytes are whole.
    private(set) var size: Int64 = 0
    private var line = 0
    /// What was read behind the whole lines.
    private var rest: [UInt8] = []

    static let pieceSize = 1 << 20

    /// Reads a whole file.
    init(_ file: FileDescriptor, _ path: LetterPath) throws {
        self.path = path
        var end: Int64 = 0
        while true {
            let piece = try [UInt8](capacity: Self.pieceSize) { buffer throws(FileError) in
                try file.read(into: buffer, at: end)
            }
            if piece.isEmpty { break }
            end += Int64(piece.count)
            try take(piece)
        }
        try checkTail()
    }

    private mutating func take(_ piece: [UInt8]) throws {
        var start = 0
        while let end = Self.lineEnd(in: piece, from: start) {
            if rest.isEmpty {
                try piece.withUnsafeBytes { try take(line: UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            } else {
                rest += piece[start..<end]
                let whole = rest
                rest = []
                try whole.withUnsafeBytes { try take(line: $0) }
            }
            start = end + 1
        }
        rest += piece[start...]
    }

    private static func lineEnd(in piece: [UInt8], from start: Int) -> Int? {
        piece.withUnsafeBytes { bytes in
            guard start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, 0x0A, bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private mutating func take(line bytes: UnsafeRawBufferPointer) throws {
        line += 1
        let length = bytes.count + 1
        do throws(LetterLine.Defect) {
            switch try LetterLine.content(of: bytes) {
            case .letter(let number): index.put(LetterIndex.Place(number: number, offset: size, length: length))
            case .removal(let ranges, let last):
                for range in ranges { index.remove(range) }
                index.noteNumber(last)
            }
        } catch {
            throw damage(error)
        }
        size += Int64(length)
    }

    private func damage(_ defect: LetterLine.Defect) -> ConnectorError {
        switch (defect, line) {
        case (.damaged, _): path.damage(line: line, offset: size, "it does not match its checksum")
        case (.foreign, 1): path.damage(line: 1, offset: 0, "it is no dead letter of this version", isForeign: true)
        case (.foreign, _): path.damage(line: line, offset: size, "it is no dead letter of this version")
        }
    }

    private func checkTail() throws {
        let written = rest.reversed().drop { $0 == 0 }
        if written.isEmpty && (line > 0 || rest.isEmpty) { return }
        if line > 0, LetterLine.isBeginning(rest.prefix(written.count)) { return }
        let reason = line == 0 ? "it is no whole dead letter" : "it is cut off, and does not begin as a dead letter"
        throw path.damage(line: line + 1, offset: size, reason, isForeign: line == 0)
    }
}
