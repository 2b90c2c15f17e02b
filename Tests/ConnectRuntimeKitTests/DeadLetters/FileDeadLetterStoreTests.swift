// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import OpenConnectFiles
import Testing

@testable import ConnectRuntimeKit

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("Dead letter store of files", .timeLimit(.minutes(10)))
struct FileDeadLetterStoreTests {
    private func lines(of path: String) throws -> [ArraySlice<UInt8>] {
        try FileSystem.contents(of: path).split(separator: 0x0A)
    }

    @Test("S82 each line is a CloudEvent in JSON; nothing of the letter is lost on the way through the file")
    func events() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            var letter = DeadLetter.text("first\nsecond \u{0}")
            letter.record.key = .bytes([0, 255])
            letter.record.headers = [RecordHeader("a", "b")]
            letter.record[extension: "deadletterkey"] = "mine"
            letter.record[extension: "deadletterremoved"] = "1"
            try await store.append([letter, .text("plain")])
            for line in try lines(of: path) {
                let event = try JSONEventFormat().decode(Array(line))
                _ = try DeadLetter(event: event)
                #expect(event.extensions["deadletterstage"] == "put")
            }
            await store.close()
            let read = try await FileDeadLetterStore(path: path).all()
            #expect(read[0].letter.record == letter.record && read[1].letter.text == "plain")
            let keys = try lines(of: path).map { try JSONEventFormat().decode(Array($0)).extensions["deadletterkey"] }
            #expect(keys == ["1", "2"])
        }
    }

    @Test("removal is durable, and the file shrinks when most of it is gone; keys are not given twice")
    func compaction() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path, compactionThreshold: 5000, faults: .none)
            try await store.append((0..<100).map { .text("\($0)") })
            let keys = try await store.all().map(\.key)
            let whole = try FileSystem.status(of: path).size
            for key in keys.dropLast(10) {
                try await store.remove([key])
                let size = try FileSystem.status(of: path).size
                #expect(size < whole * 2)
            }
            #expect(try FileSystem.status(of: path).size < whole / 2)
            #expect(try await store.texts() == (90..<100).map { "\($0)" })
            try await store.remove(keys)
            #expect(try FileSystem.status(of: path).size < 512 && lines(of: path).count == 1)
            await store.close()
            #expect(
                try JSONEventFormat().decode(Array(lines(of: path)[0])).type == "org.openconnect.deadletters.removed"
            )
            let again = FileDeadLetterStore(path: path)
            try await again.append([.text("next")])
            #expect(try await again.all().map(\.key) == [DeadLetterKey(101)])
            #expect(try FileSystem.list(directory) == ["dead.jsonl", "dead.jsonl.lock"])
        }
    }

    @Test("S29 a torn tail of any length is rolled back, also one of zero bytes, and the letters before it are there")
    func tornTail() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append([.text("one")])
            try await store.append([.text("two")])
            await store.close()
            let whole = try FileSystem.contents(of: path)
            let first = try #require(whole.firstIndex(of: 0x0A)) + 1
            for end in first..<whole.count {
                for zeros in end % 13 == 0 ? [0, 1, 700] : [0] {
                    try write(whole[..<end] + [UInt8](repeating: 0, count: zeros), to: path)
                    #expect(try await reopenedLetters(path) == ["one"], "cut at \(end)")
                }
                guard end % 37 == 0 else { continue }
                let cut = FileDeadLetterStore(path: path)
                try await cut.append([.text("three")])
                #expect(try await cut.texts() == ["one", "three"])
                await cut.close()
                #expect(try await reopenedLetters(path) == ["one", "three"])
            }
        }
    }

    @Test("S29 damage anywhere else is refused with the line and what to do, and the file is left as it is")
    func damage() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append((0..<3).map { .text("\($0)") })
            try await store.remove([DeadLetterKey(2)])
            await store.close()
            let whole = try FileSystem.contents(of: path)
            #expect(try await reopenedLetters(path) == ["0", "2"])
            for place in whole.indices where whole[place] != 0x0A && (place % 3 == 0 || place > whole.count - 60) {
                var damaged = whole
                damaged[place] ^= 1
                try write(damaged, to: path)
                let error = await connectorError { _ = try await reopenedLetters(path) }
                #expect(error?.code == .fatal || error?.code == .invalidConfiguration, "byte \(place)")
                #expect(error?.message.contains("line") == true)
                #expect(try FileSystem.contents(of: path) == damaged)
            }
            try write(whole.dropFirst(500), to: path)
            #expect(await code { _ = try await reopenedLetters(path) } != nil)
        }
    }

    @Test(
        "S29 a rest that no append can have left is damage",
        arguments: ["x", "{\"specversion\":\"1.0\"", "\u{0}\u{0}x"]
    )
    func foreignTail(rest: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append([.text("one")])
            await store.close()
            let bytes = try FileSystem.contents(of: path) + Array(rest.utf8)
            try write(bytes, to: path)
            let error = await connectorError { _ = try await reopenedLetters(path) }
            #expect(error?.code == .fatal && error?.message.contains("in line 2") == true)
            #expect(try FileSystem.contents(of: path) == bytes)
        }
    }

    @Test("the first change after a start begins a new file, so that it rests on nothing that was not written")
    func newFileAfterStart() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append([.text("one")])
            await store.close()
            let before = try FileDescriptor(path, .reading)
            #expect(try await store.texts() == ["one"])
            #expect(try before.status().isSameFile(as: FileSystem.status(of: path)))
            try await store.append([.text("two")])
            let first = try FileSystem.status(of: path)
            #expect(try !before.status().isSameFile(as: first))
            try await store.append([.text("three")])
            #expect(try first.isSameFile(as: FileSystem.status(of: path)))
            #expect(try await store.texts() == ["one", "two", "three"])
        }
    }

    @Test("a line may be taken out by hand")
    func takenOut() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append((0..<3).map { .text("\($0)") })
            await store.close()
            var all = try lines(of: path)
            all.remove(at: 1)
            try write(all.flatMap { $0 + [0x0A] }, to: path)
            #expect(try await reopenedLetters(path) == ["0", "2"])
        }
    }

    @Test(
        "a file that is something else is not touched",
        arguments: ["a log line\n", "{\"specversion\":\"1.0\"}\n", "no end", "\u{0}\u{0}", "{\"deadletterkey\":\"1"]
    )
    func foreign(content: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/data.jsonl"
            try write(Array(content.utf8), to: path)
            let error = await connectorError { try await FileDeadLetterStore(path: path).append([.text("x")]) }
            #expect(error?.code == .invalidConfiguration || content.hasPrefix("{\"dead"))
            #expect(error?.message.contains("choose another path") == true || content.hasPrefix("{\"dead"))
            #expect(try FileSystem.contents(of: path) == Array(content.utf8))
        }
    }

    @Test("another version is told from damage")
    func otherVersion() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append([.text("x")])
            await store.close()
            let text = String(decoding: try FileSystem.contents(of: path), as: UTF8.self)
            try write(Array(text.replacing("\"1-", with: "\"2-", maxReplacements: 1).utf8), to: path)
            let error = await connectorError { _ = try await reopenedLetters(path) }
            #expect(error?.message.contains("of this version") == true)
        }
    }

    @Test("S29 a missing directory is made; one that cannot be used is an error when the store is opened")
    func directories() async throws {
        try await withTemporaryDirectory { directory in
            let store = FileDeadLetterStore(path: directory + "/a/b/dead.jsonl")
            try await store.open()
            #expect(try FileSystem.list(directory + "/a/b") == ["dead.jsonl.lock"])
            #expect(try await store.count == 0)
            try write([1], to: directory + "/file")
            let error = await connectorError { try await FileDeadLetterStore(path: directory + "/file/dead").open() }
            #expect(error?.code == .invalidConfiguration)
        }
    }

    @Test("G8 a second store on the path, also by a link, is refused and told who has it; closing gives it back")
    func rivals() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let first = FileDeadLetterStore(path: path)
            try await first.append([.text("x")])
            #expect(symlink(path, directory + "/link") == 0)
            for other in [
                path, directory + "/../" + directory.split(separator: "/").last! + "/dead.jsonl", directory + "/link",
            ] {
                let error = await connectorError { try await FileDeadLetterStore(path: other).append([.text("y")]) }
                #expect(error?.code == .retryable)
                #expect(error?.message.contains("another store of this process (\(getpid()))") == true)
            }
            await first.close()
            let linked = FileDeadLetterStore(path: directory + "/link")
            try await linked.append([.text("y")])
            await linked.close()
            #expect(try await reopenedLetters(path) == ["x", "y"])
        }
    }

    @Test(
        "another process that has the lock is named",
        .enabled(if: access("/usr/bin/flock", X_OK) == 0)
    )
    func otherProcess() async throws {
        try await withTemporaryDirectory { directory in
            let lock = try FileDescriptor(directory + "/dead.jsonl.lock", [.readingAndWriting, .creating])
            #expect(try lock.lockExclusively())
            try lock.write(Array("4711\n".utf8))
            let error = await connectorError { try await FileDeadLetterStore(path: directory + "/dead.jsonl").open() }
            #expect(error?.message.contains("in use by process 4711; stop it first") == true)
        }
    }

    @Test(
        "G12 without its lock a store changes nothing, and a file that was removed or replaced in use is written again"
    )
    func removedFiles() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path)
            try await store.append([.text("one")])
            try FileSystem.remove(path)
            try await store.append([.text("two")])
            try FileSystem.rename(path, to: directory + "/copy")
            try await store.append([.text("three")])
            #expect(try await store.texts() == ["one", "two", "three"])
            let whole = try FileSystem.contents(of: path)
            try write(whole.prefix(100), to: path)
            let error = await connectorError { try await store.append([.text("four")]) }
            #expect(error?.message.contains("it was changed while in use") == true)
            #expect(try FileSystem.contents(of: path) == Array(whole.prefix(100)))
            try write(whole, to: path)
            try await store.append([.text("four")])
            #expect(try await store.texts() == ["one", "two", "three", "four"])
            try FileSystem.remove(path + ".lock")
            #expect(await code { try await store.append([.text("five")]) } == .fenced)
        }
    }

    @Test("a letter of 1 MB, and pages that are bounded by bytes")
    func largeLetters() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path, pageBytes: 3 << 20, faults: .none)
            for number in 0..<5 {
                var letter = DeadLetter.text("")
                letter.record.data = .bytes([UInt8](repeating: UInt8(200 + number), count: 1 << 20))
                try await store.append([letter])
            }
            let pages = try await store.read(after: nil, atMost: 100)
            #expect(pages.count == 2)
            await store.close()
            let read = try await FileDeadLetterStore(path: path).all()
            #expect(read.map(\.letter.record.data.bytes.first) == (0..<5).map { UInt8(200 + $0) })
            #expect(read.allSatisfy { $0.letter.record.data.count == 1 << 20 })
        }
    }

    @Test("100 000 letters: kept, found again, read by page, removed; in memory there is an index of them")
    func manyLetters() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/dead.jsonl"
            // Whole letters only where they are read, as the checksums of all take long without the optimizer.
            let letter = try JSONEventFormat().encode(DeadLetter.text("x").event())
            let short = SharedBytes(utf8: "{\"short\":1}")
            var bytes: [UInt8] = []
            for number in 1...99_000 as ClosedRange<UInt64> {
                bytes += LetterLine.encode(number % 1000 == 0 ? letter : short, as: number)
            }
            try write(bytes, to: path)
            let store = FileDeadLetterStore(path: path)
            try await store.append((0..<1000).map { .text("\($0)") })
            #expect(try await store.count == 100_000)
            let page = try await store.read(after: DeadLetterKey(98_999), atMost: 3)
            #expect(page.map(\.key.number) == [99_000, 99_001, 99_002])
            #expect(page.map(\.letter.text) == ["x", "0", "1"])
            try await store.remove((1...99_999).map { DeadLetterKey($0) })
            #expect(try await store.texts() == ["999"])
            #expect(try FileSystem.status(of: path).size < 2000)
            #expect(MemoryLayout<LetterIndex.Place>.stride == 24)
        }
    }
}
