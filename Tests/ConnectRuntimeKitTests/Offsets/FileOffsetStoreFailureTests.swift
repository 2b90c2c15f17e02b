// SPDX-License-Identifier: Apache-2.0

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

@Suite("Offset store of files, when files fail")
struct FileOffsetStoreFailureTests {
    @Test("a failed fsync is not repeated on the same file: the next save begins a new one")
    func failedSynchronization() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let log = directory + "/offsets.log"
            let draft = log + ".new"
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            let claim = try await store.claim(.of("orders"))
            try await store.save(.at(1), under: claim.token)
            let before = try FileSystem.status(of: log)
            recorder.start { _, step in step.isSynchronization ? .fails(EIO) : nil }
            let error = await connectorError { try await store.save(.at(2, in: "b"), under: claim.token) }
            #expect(error?.code == .retryable && error?.message.contains("check the disk") == true)
            recorder.start()
            try await store.save(.at(3), under: claim.token)
            let name = FileFaults.Step.rename(draft)
            #expect(recorder.steps.contains(name) && recorder.synchronizations == 1)
            #expect(try !FileSystem.status(of: log).isSameFile(as: before))
            try await store.release(claim.token)
            #expect(try await reopened(directory) == [.at(3)])
        }
    }

    @Test(
        "S22: a full disk says so; the failed changes may be saved again, and newer ones win",
        arguments: [0, 1, 19, 30]
    )
    func fullDisk(written: Int) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            let claim = try await store.claim(.of("orders"))
            try await store.save(.at(1), under: claim.token)
            recorder.start { _, step in step.isWrite ? .tears(after: written, ENOSPC) : nil }
            for _ in 0..<3 {
                let error = await connectorError { try await store.save(.at(2), under: claim.token) }
                #expect(error?.code == .throttled)
                #expect(error?.message.contains("free space on this file system") == true)
            }
            #expect(try FileSystem.list(directory) == ["lock", "offsets.log"])
            recorder.start()
            try await store.save(OffsetChanges(positions: [.at(2), .at(5, in: "b")]), under: claim.token)
            try await store.release(claim.token)
            #expect(try await reopened(directory) == [.at(2), .at(5, in: "b")])
        }
    }

    @Test("a failed save leaves claims as they were, and a release gives the directory back all the same")
    func claimsAfterFailure() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            let claim = try await store.claim(.of("orders"))
            recorder.start { _, step in step.isWrite ? .fails(ENOSPC) : nil }
            #expect(await code { _ = try await store.claim(.of("orders", nil, .takeOver)) } == .throttled)
            #expect(await code { _ = try await store.claim(.of("returns")) } == .throttled)
            try await store.renew(claim.token)
            try await store.release(claim.token)
            #expect(await code { try await store.save(.at(1), under: claim.token) } == .fenced)
            recorder.start()
            #expect(try await reopened(directory).isEmpty)
        }
    }

    @Test("a long log is followed by a short one with the same content")
    func compaction() async throws {
        try await withTemporaryDirectory { directory in
            let log = directory + "/offsets.log"
            let store = FileOffsetStore(directory: directory, compactionThreshold: 2_000, faults: .none)
            let claim = try await store.claim(.of("orders"))
            let other = try await store.claim(.of("returns", "x"))
            try await store.save(.at(77, in: "x"), under: other.token)
            for offset in 1...300 {
                let partition = "partition \(offset % 7)"
                try await store.save(.at(Int64(offset), in: partition), under: claim.token)
                #expect(try FileSystem.status(of: log).size < 3_000)
            }
            try await store.release(claim.token)
            try await store.release(other.token)
            #expect(Set(try await reopened(directory).map(\.sequence)) == Set(294...300))
            #expect(try await reopened(directory, "returns") == [.at(77, in: "x")])
        }
    }

    @Test("a compaction that fails costs no save")
    func failedCompaction() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let store = FileOffsetStore(directory: directory, compactionThreshold: 200, faults: recorder.faults)
            let claim = try await store.claim(.of("orders"))
            recorder.start { _, step in
                if case .create = step { .fails(ENOSPC) } else { nil }
            }
            for offset in 1...100 { try await store.save(.at(Int64(offset)), under: claim.token) }
            let attempts = recorder.steps.count { step in
                if case .create = step { true } else { false }
            }
            #expect((2...10).contains(attempts))
            recorder.start()
            try await store.save(.at(101), under: claim.token)
            try await store.release(claim.token)
            #expect(try await reopened(directory) == [.at(101)])
        }
    }

    @Test("S28: killed at any step, of creation, append and compaction, it is old or new", arguments: [0, 7, 30, 90])
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
                let (durable, tried) = await saveUntilKilled(directory, recorder)
                isOver = durable == 40
                let positions = try await reopened(directory)
                let found = positions.first.map(\.sequence) ?? 0
                #expect(found == durable || found == tried, "killed at step \(killedAt)")
                #expect(positions == (found == 0 ? [] : [.at(Int64(found), in: "a"), .at(Int64(found), in: "b")]))
                #expect(try FileSystem.list(directory) == ["lock", "offsets.log"])
            }
            killedAt += 1
        }
        #expect(killedAt > 90)
    }

    /// Saves until a step fails, as a process does that ends there.
    private func saveUntilKilled(
        _ directory: String,
        _ recorder: StepRecorder
    ) async -> (durable: UInt64, tried: UInt64) {
        let store = FileOffsetStore(directory: directory, compactionThreshold: 500, faults: recorder.faults)
        var durable: UInt64 = 0
        do {
            let claim = try await store.claim(.of("orders"))
            for offset in 1...40 as ClosedRange<Int64> {
                let changes = OffsetChanges(positions: [.at(offset, in: "a"), .at(offset, in: "b")])
                try await store.save(changes, under: claim.token)
                durable = UInt64(offset)
            }
        } catch {}
        return (durable, durable + 1)
    }

    @Test("when the directory's fsync fails, nothing counts as saved until a new file has its name for good")
    func failedDirectorySynchronization() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let store = FileOffsetStore(directory: directory, compactionThreshold: 100, faults: recorder.faults)
            let claim = try await store.claim(.of("orders"))
            recorder.start { _, step in
                if case .synchronizeDirectory = step { .fails(EIO) } else { nil }
            }
            var failures = 0
            for offset in 1...20 {
                if await code(of: { try await store.save(.at(Int64(offset)), under: claim.token) }) != nil {
                    failures += 1
                }
            }
            // Some saves were appended before the log was long enough; none after the new file's name was in doubt.
            #expect(failures > 10)
            recorder.start()
            try await store.save(.at(21), under: claim.token)
            let names = recorder.steps.filter { $0 == .synchronizeDirectory(directory) }
            #expect(names.count == 1)
        }
    }
}
