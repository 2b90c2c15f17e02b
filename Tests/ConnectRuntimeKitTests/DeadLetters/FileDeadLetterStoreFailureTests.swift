// SPDX-License-Identifier: Apache-2.0

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

@Suite("Dead letter store of files, when files fail")
struct FileDeadLetterStoreFailureTests {
    @Test("a failed fsync is not repeated on the same file: the next change begins a new one, with each letter once")
    func failedSynchronization() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path, faults: recorder.faults)
            try await store.append([.text("one")])
            try await store.append([.text("two")])
            let before = try FileSystem.status(of: path)
            recorder.start { _, step in step.isSynchronization ? .fails(EIO) : nil }
            let error = await connectorError { try await store.append([.text("three"), .text("four")]) }
            #expect(error?.code == .retryable && error?.message.contains("check the disk") == true)
            #expect(recorder.synchronizations == 1)
            #expect(try await store.texts() == ["one", "two"])
            recorder.start()
            try await store.append([.text("three"), .text("four")])
            #expect(recorder.steps.contains(.rename(path + ".new")) && recorder.synchronizations == 1)
            #expect(try !FileSystem.status(of: path).isSameFile(as: before))
            #expect(try await store.texts() == ["one", "two", "three", "four"])
            await store.close()
            #expect(try await reopenedLetters(path) == ["one", "two", "three", "four"])
        }
    }

    @Test(
        "S83 a full disk says so; what was not confirmed is neither half nor twice there",
        arguments: [0, 1, 300, 700]
    )
    func fullDisk(written: Int) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path, faults: recorder.faults)
            try await store.append([.text("one")])
            let size = try FileSystem.status(of: path).size
            recorder.start { _, step in step.isWrite ? .tears(after: written, ENOSPC) : nil }
            for _ in 0..<3 {
                let error = await connectorError { try await store.append([.text("two"), .text("three")]) }
                #expect(error?.code == .throttled)
                #expect(error?.message.contains("free space on this file system") == true)
                #expect(try FileSystem.status(of: path).size == size)
            }
            #expect(await code { try await store.remove([DeadLetterKey(1)]) } == .throttled)
            #expect(try await store.texts() == ["one"])
            recorder.start()
            try await store.append([.text("two"), .text("three")])
            // The same file goes on: there need not be room for a second one.
            #expect(!recorder.steps.contains(.rename(path + ".new")))
            await store.close()
            #expect(try await reopenedLetters(path) == ["one", "two", "three"])
        }
    }

    @Test("a compaction that fails costs nothing, and is not tried at each change")
    func failedCompaction() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let path = directory + "/dead.jsonl"
            let store = FileDeadLetterStore(path: path, compactionThreshold: 1000, faults: recorder.faults)
            try await store.append((0..<50).map { .text("\($0)") })
            recorder.start { _, step in
                if case .create = step { .fails(ENOSPC) } else { nil }
            }
            for number in 1...49 as ClosedRange<UInt64> { try await store.remove([DeadLetterKey(number)]) }
            let attempts = recorder.steps.count { step in
                if case .create = step { true } else { false }
            }
            #expect((1...5).contains(attempts))
            #expect(try await store.texts() == ["49"])
            recorder.start()
            await store.close()
            #expect(try await reopenedLetters(path) == ["49"])
        }
    }

    @Test(
        "S28 killed at any step of adding, replacing, removing and compacting, each change is there or not",
        arguments: [0, 7, 400]
    )
    func killedAtEveryStep(written: Int) async throws {
        var killedAt = 0
        var isOver = false
        while !isOver {
            try await withTemporaryDirectory { directory in
                let recorder = StepRecorder()
                let last = killedAt
                recorder.start { index, step in
                    if index < last { return nil }
                    return index == last && step.isWrite ? .tears(after: written, EIO) : .fails(EIO)
                }
                let path = directory + "/dead.jsonl"
                let (before, after, finished) = await changeUntilKilled(path, recorder)
                isOver = finished
                let found = try await reopenedLetters(path)
                #expect(found == before || found == after, "killed at step \(killedAt): \(found), \(before), \(after)")
                #expect(try FileSystem.list(directory).allSatisfy { ["dead.jsonl", "dead.jsonl.lock"].contains($0) })
            }
            killedAt += 1
        }
        #expect(killedAt > 30)
    }

    /// Changes a store until a step fails, as a process does that ends there: the letters before and after that change.
    private func changeUntilKilled(
        _ path: String,
        _ recorder: StepRecorder
    ) async -> (before: [String], after: [String], finished: Bool) {
        let store = FileDeadLetterStore(path: path, compactionThreshold: 1500, faults: recorder.faults)
        var before: [String] = []
        var after: [String] = []
        do {
            for round in 0..<6 {
                after = before + ["\(round)"]
                try await store.append([.text("\(round)")])
                before = after
                let all = try await store.all()
                if round % 2 == 1, let first = all.first {
                    after[0] += "'"
                    try await store.replace([StoredDeadLetter(key: first.key, letter: .text(after[0]))])
                    before = after
                }
                if round % 3 == 2 {
                    after = Array(before.dropFirst(2))
                    try await store.remove(all.prefix(2).map(\.key))
                    before = after
                }
            }
            await store.close()
            return (before, after, true)
        } catch {
            // A process that ends gives its lock back; nothing is written for it.
            await store.close()
            return (before, after, false)
        }
    }
}
